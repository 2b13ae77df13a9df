"""Prompts as callers write them: a text, or a conversation as a list of messages; one of them or many.

A mistake of the program (a number as a prompt, two params for three prompts) is a UsageError; one of the data (roles
that do not alternate) is a RequestError, which becomes that prompt's own result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from llmproc.config import SamplingParams
from llmproc.errors import RequestError, UsageError
from llmproc.session.conversation import Conversation
from llmproc.text.templates.messages import ChatMessage, as_exchanges
from llmproc.text.templates.system import check_system
from llmproc.text.templates.template import TurnTemplate

Message = Mapping[str, str]  # "role": system, user or assistant; "content": text
Prompt = str | Sequence[Message]


def as_prompts(given: Prompt | Iterable[Prompt]) -> list[Prompt]:
    """Return one prompt or many as a list; a list of messages is one prompt."""
    if isinstance(given, str):
        return [given]
    if isinstance(given, (bytes, Mapping)) or not isinstance(given, Iterable):
        raise UsageError(f"prompts is of type {type(given).__name__}: must be a text, a list of texts or of messages")
    items = list(given)
    if items and all(isinstance(item, Mapping) for item in items):
        return [items]  # type: ignore[list-item]
    return [as_prompt(item, index) for index, item in enumerate(items)]


def as_prompt(given: object, index: int = 0) -> Prompt:
    """Return `given` if it can be one prompt. UsageError if not."""
    if isinstance(given, str):
        return given
    if isinstance(given, Sequence) and not isinstance(given, bytes) and all(isinstance(m, Mapping) for m in given):
        return given
    raise UsageError(f"prompt {index} is of type {type(given).__name__}: must be a text or a list of messages")


def as_params(given: SamplingParams | Sequence[SamplingParams] | None, count: int) -> list[SamplingParams]:
    """Return sampling options for each of `count` prompts."""
    if given is None:
        given = SamplingParams()
    if isinstance(given, SamplingParams):
        return [given] * count
    found = list(given)
    if len(found) != count or not all(isinstance(params, SamplingParams) for params in found):
        raise UsageError(
            f"params has {len(found)} items: must be one SamplingParams, or one for each of {count} prompts"
        )
    return found


def place_prompt(conversation: Conversation, prompt: Prompt) -> str:
    """Put everything before the last question into a new conversation; return that question.

    Raises RequestError for messages that are not a conversation, or that the template has no place for.
    """
    if isinstance(prompt, str):
        return prompt
    if not conversation.template.takes_messages:
        raise RequestError("messages need a chat template: here prompts are plain text")
    messages = [_message(index, message) for index, message in enumerate(prompt)]
    if not isinstance(conversation.template, TurnTemplate):
        return conversation.place_messages(messages)
    system, exchanges = as_exchanges(messages, True)
    if system is not None:
        check_system(conversation.template, system)
        conversation.system = str(system)
    *placed, last = exchanges
    for question, answer in placed:
        conversation.place(str(question), str(answer))
    return str(last.question)


def _message(index: int, message: Message) -> ChatMessage:
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str) or not isinstance(content, str) or len(message) != 2:
        raise RequestError(f"message {index}: must have a role and a content, both text, and nothing else")
    return ChatMessage(role, content)
