"""/set and /show: the settings of a conversation, one table of them, and how they are changed by hand."""

from __future__ import annotations

import os

from llmproc.apps.chat.command import Loop
from llmproc.errors import UsageError
from llmproc.session.option_texts import option_text, value_of
from llmproc.text.templates.system import check_system
from llmproc.text.templates.template import ChatTemplate, TurnTemplate

SETTINGS = {
    "temperature": "0: always the likeliest token; higher: more surprises",
    "top_p": "only the likeliest tokens whose probabilities add up to this",
    "max_tokens": "length of an answer at most",
    "seed": "start the random stream over from here; 0: at a place chosen at random",
    "system": 'message before the conversation; "" for none',
    "verbose": "on: say more about each answer",
    "top_k": "only the k likeliest tokens; 0: all",
    "min_p": "only tokens with at least this share of the likeliest one's probability",
    "presence_penalty": "subtracted from the logits of tokens that the answer has; -2 to 2",
    "frequency_penalty": "the same, once for every time the answer has them",
    "repetition_penalty": "divides the logits of tokens that prompt or answer have; 1: none",
    "logit_bias": "added to the logits of tokens, such as 15=-100,7=2.5; without a value: none",
    "stop": 'text before which an answer ends; "\\n", ["a", "b"]: as in JSON; without a value: none',
    "logprobs": "show how likely each token was, beside this number of the likeliest; off: do not",
    "ignore_eos": "on: go on to max_tokens",
    "min_tokens": "length of an answer at least",
    "json_schema": "a JSON schema that answers keep; without a value: none",
    "n": "answers to each prompt, with seeds one after the other; the conversation goes on with the first",
}
_WIDTH = max(map(len, SETTINGS))


def change_setting(loop: Loop, argument: str) -> None:
    """Change the setting that `argument` begins with; without one list them. UsageError."""
    name, _, value = argument.partition(" ")
    value = value.strip()
    conversation = loop.conversation
    if not name:
        for known, meaning in SETTINGS.items():
            loop.screen.line(f"  {known:<{_WIDTH}}  {_now(loop, known):<8}  {meaning}")
    elif name not in SETTINGS:
        raise UsageError(f"/set {name}: must be one of {', '.join(SETTINGS)}")
    elif name == "seed":
        seed = value_of(name, value)
        conversation.reseed(int.from_bytes(os.urandom(4), "little") + 1 if seed <= 0 else seed)
        loop.screen.notice(f"seed {conversation.sampling.seed}: the random stream starts over")
    elif name == "system":
        _set_system(loop, value)
    elif name == "verbose":
        if value not in ("on", "off"):
            raise UsageError(f"verbose is {value or 'empty'}: must be on or off")
        loop.view.verbose = value == "on"
        loop.screen.notice(f"verbose {value}")
    else:
        conversation.sampling = conversation.sampling.changed(**{name: value_of(name, value)})
        loop.screen.notice(f"{name} {_now(loop, name)}")


def _now(loop: Loop, name: str) -> str:
    """Return the value of a setting on one line."""
    if name == "verbose":
        return option_text(name, loop.view.verbose)
    value = loop.conversation.system or () if name == "system" else getattr(loop.conversation.sampling, name)
    return "none" if value in ((), "") else option_text(name, value)


def _set_system(loop: Loop, value: str) -> None:
    """Set the system message, `""` for none; without a value say what it is, and leave the conversation alone."""
    conversation = loop.conversation
    if not value:
        loop.screen.notice(f'the system message is {conversation.system or "empty"}; /set system "" removes it')
        return
    value = "" if value == '""' else value
    check_system(conversation.template, value, "/set system")
    conversation.system = value or None
    if conversation.ids:
        conversation.clear()
        loop.screen.notice(f"a new conversation begins, {'with the new' if value else 'without a'} system message")


def show_settings(loop: Loop, argument: str) -> None:
    """Show the settings and the state of the conversation; options at their defaults only if every run has them."""
    files = loop.files
    facts = {
        "model": files.model.path,
        "tokenizer": files.tokenizer_path,
        **loop.conversation.facts(),
        "template": _template(loop.conversation.template),
        "verbose": loop.view.verbose,
    }
    width = max(12, *map(len, facts))
    for name, value in facts.items():
        loop.screen.line(f"  {name:<{width}} {value}")


def _template(template: ChatTemplate) -> str:
    return template.name if isinstance(template, TurnTemplate) else f"{template.name}, the model's own"
