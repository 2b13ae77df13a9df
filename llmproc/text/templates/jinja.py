"""Chat templates that a model brings: Jinja text, rendered exactly as transformers' apply_chat_template renders it.

    messages --mark--> template --render--> text --split--> pieces --encode_rendered--> ids

A user's text never becomes a special token (`marks.py`), and no BOS is added to what the template wrote. Every turn
renders the whole conversation, since templates change what stands before: Llama 3 trims answers, Qwen3 drops their
reasoning. What a template makes of short conversations tells what it can do.
Used by `registry.py`; imported when a model brings a template.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from jinja2 import TemplateError

from llmproc.errors import RequestError
from llmproc.text.reasoning import CLOSING, OPENING, opens_reasoning
from llmproc.text.templates.jinja_environment import compile_template, one_line
from llmproc.text.templates.marks import Marker, unmarked
from llmproc.text.templates.messages import ChatMessage
from llmproc.text.tokenizers.contract import TextTokenizer
from llmproc.text.tokenizers.units import to_bytes

_ANSWER = "q7Zx"  # an answer that no template changes and that stands nowhere in one
_QUESTION, _REASON = "k3Wv", "r5Jt"


class JinjaTemplate:
    """A chat template over one tokenizer's special tokens, with the variables that a user chose."""

    takes_messages = True

    def __init__(
        self,
        source: str,
        special: Mapping[str, str],
        control: Sequence[str],
        options: Mapping[str, Any] | None = None,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        """Compile `source`. `special`: bos_token and the like; `control`: names that users must not be able to write.

        UsageError for what is not a Jinja template.
        """
        self._template = compile_template(source, now)
        self._variables = {**special, **(options or {})}
        self._marker = Marker(control)
        chosen = json.dumps([source, sorted((options or {}).items())], default=str)
        self.name = f"jinja-{hashlib.sha256(chosen.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"

    def text(self, messages: Sequence[ChatMessage], add_generation_prompt: bool = True) -> str:
        """Return the rendered text. RequestError for messages that the template refuses, in its own words."""
        return unmarked(self._rendered(messages, add_generation_prompt))

    def render(
        self, tokenizer: TextTokenizer, messages: Sequence[ChatMessage], add_generation_prompt: bool = True
    ) -> list[int]:
        return tokenizer.encode_rendered(self._marker.split(self._rendered(messages, add_generation_prompt)))

    def end_tokens(self, tokenizer: TextTokenizer) -> frozenset[int]:
        """Return the tokenizer's end ids and the special token that the template itself puts behind an answer."""
        name = self._end_marker.encode()
        own = (tokenizer.special[name],) if name in tokenizer.special else ()
        return frozenset((*tokenizer.eos, *own))

    @cached_property
    def takes_system(self) -> bool:
        """Return whether a system message is written somewhere; some templates refuse one, some drop it."""
        return _ANSWER in self._tried(ChatMessage("system", _ANSWER), ChatMessage("user", _QUESTION))

    @cached_property
    def opens_reasoning(self) -> bool:
        """Return whether an answer begins inside <think>, which the template itself wrote."""
        return opens_reasoning(self._tried(ChatMessage("user", _QUESTION)))

    @cached_property
    def takes_reasoning(self) -> bool:
        """Return whether it writes reasoning that is given apart, and would leave <think> in an answer as it is."""
        whole, question = f"{OPENING}{_REASON}{CLOSING}{_ANSWER}", ChatMessage("user", _QUESTION)
        if whole not in self._tried(question, ChatMessage("assistant", whole), question):
            return False  # it takes answers apart itself
        return _REASON in self._tried(question, ChatMessage("assistant", _ANSWER, _REASON), question)

    @cached_property
    def _end_marker(self) -> str:
        """Return the special token that stands behind an answer; "" when none does."""
        asked, answer = ChatMessage("user", _QUESTION), ChatMessage("assistant", _ANSWER)
        try:
            _, found, behind = self._rendered([asked, answer], False).rpartition(_ANSWER)
        except RequestError:
            return ""
        return self._marker.first_name(behind).strip() if found else ""

    def _tried(self, *messages: ChatMessage) -> str:
        """Return what the template makes of a short conversation; "" when it refuses it."""
        try:
            return self.text(messages)
        except RequestError:
            return ""

    def _rendered(self, messages: Sequence[ChatMessage], add_generation_prompt: bool) -> str:
        """Return the rendered text with marks."""
        given = [self._message(message) for message in messages]
        try:
            return self._template.render(
                self._variables, messages=given, tools=None, documents=None, add_generation_prompt=add_generation_prompt
            )
        except TemplateError as error:
            raise RequestError(f"the chat template refuses the messages: {one_line(error)}") from None
        except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
            raise RequestError(f"the chat template fails: {one_line(error)}") from None

    def _message(self, message: ChatMessage) -> dict[str, Any]:
        """Return a message as templates read it; its reasoning under each of the names that they use."""
        answer = message.role == "assistant"
        fields: dict[str, Any] = {"role": message.role, "content": self._content(message.content, answer)}
        if message.reasoning is not None:
            reasoning = self._content(message.reasoning, True)
            fields |= {"reasoning": reasoning, "reasoning_content": reasoning, "thinking": reasoning}
        return fields

    def _content(self, text: str | bytes, answer: bool) -> str:
        return self._marker.mark(to_bytes(text).decode("utf-8", "surrogateescape"), answer)
