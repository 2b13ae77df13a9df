"""An answer of OpenAI's interface as it comes: chat or completions, streamed or whole. Pure: moments are given.

Source of the fields: OpenAI's API reference (chat completions, completions), and for reasoning `reasoning_content`
(DeepSeek, vLLM, llama.cpp, ours) and `reasoning` (OpenRouter, Ollama). Errors come in two forms: `event: error`, and a
data line that has a field `error`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from llmproc.client.sse import SseEvent

DONE = "[DONE]"
_SHOWN = 200  # characters of a message
CountedBy: TypeAlias = Literal["usage", "chunks", "unknown"]


class _CachedCount(msgspec.Struct, frozen=True):
    cached_tokens: int | None = None


class _UsageBlock(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _CachedCount | None = None


class _ReadMessage(msgspec.Struct, frozen=True):
    """A message or a part of one."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[Any] | None = None


class _ReadChoice(msgspec.Struct, frozen=True):
    index: int = 0
    delta: _ReadMessage | None = None
    message: _ReadMessage | None = None
    text: str | None = None  # of a completion
    finish_reason: str | None = None


class _ReadDocument(msgspec.Struct, frozen=True):
    """A chunk of a stream or a whole answer."""

    choices: list[_ReadChoice] | None = None
    usage: _UsageBlock | None = None
    model: str | None = None
    error: Any = None


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens of prompt and answer. `counted_by`: "usage": the server told them; "chunks": one for each with output."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    counted_by: CountedBy = "unknown"


class AnswerReader:
    """Collects one answer: `take` for each event of a stream, or `take_whole` once."""

    def __init__(self) -> None:
        self.finish_reason: str | None = None
        self.model: str | None = None
        self.error: str | None = None  # what the server said
        self.invalid: str | None = None  # what could not be read
        self.moments: list[float] = []  # of each chunk that brought output
        self.first_content: float | None = None  # of the answer's own text, after any reasoning
        self.has_tool_calls = False
        self.done = False  # [DONE] came
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._usage: _UsageBlock | None = None
        self._decoder = _DECODER

    @property
    def text(self) -> str:
        """Return the answer's text as far as it came."""
        return "".join(self._text)

    @property
    def reasoning(self) -> str:
        """Return the reasoning before it."""
        return "".join(self._reasoning)

    @property
    def has_output(self) -> bool:
        """Return whether anything came that a user would call an answer."""
        return bool(self._text or self._reasoning or self.has_tool_calls)

    def take(self, event: SseEvent, at: float) -> None:
        """Read one event of a stream, complete at the moment `at`."""
        if event.data == DONE:
            self.done = True
        elif event.name == "error":
            self.error = self.error or error_message(event.data) or "an error without words"
        elif (document := self._decoded(event.data)) is not None and self._read(document):
            self.moments.append(at)
            if self.first_content is None and self._text:
                self.first_content = at

    def take_whole(self, body: bytes) -> None:
        """Read a whole answer; no moment of it is known but its end."""
        document = self._decoded(body)
        if document is not None:
            self._read(document)

    def tokens(self) -> TokenCounts:
        """Return the counts: by usage where the server tells it, else by chunks of the stream."""
        usage = self._usage
        if usage is not None and usage.completion_tokens is not None:
            cached = usage.prompt_tokens_details.cached_tokens if usage.prompt_tokens_details else None
            return TokenCounts(usage.prompt_tokens, usage.completion_tokens, cached, "usage")
        if self.moments:
            return TokenCounts(None, len(self.moments), None, "chunks")
        return TokenCounts()

    def _decoded(self, data: bytes | str) -> _ReadDocument | None:
        try:
            return self._decoder.decode(data)
        except msgspec.ValidationError as error:
            self._refuse(f"not of this interface: {error}")
        except (msgspec.MsgspecError, ValueError, RecursionError):
            shown = data if isinstance(data, str) else data[:_SHOWN].decode("utf-8", "replace")
            self._refuse(f"not JSON: {shown[:60]!r}")
        return None

    def _refuse(self, words: str) -> None:
        self.invalid = self.invalid or words[:_SHOWN]

    def _read(self, document: _ReadDocument) -> bool:
        """Take what a chunk or a document says; return whether it brought output."""
        if document.error is not None:
            self.error = self.error or _words_of(document.error) or "an error without words"
        self._usage = document.usage or self._usage
        self.model = document.model or self.model
        brought = False
        for choice in document.choices or ():
            if choice.index == 0:
                self.finish_reason = choice.finish_reason or self.finish_reason
                brought |= self._read_message(choice.delta or choice.message, choice.text)
        return brought

    def _read_message(self, message: _ReadMessage | None, text: str | None) -> bool:
        reasoning, calls = None, None
        if message is not None:
            text = text or message.content
            reasoning, calls = message.reasoning_content or message.reasoning, message.tool_calls
        if text:
            self._text.append(text)
        if reasoning:
            self._reasoning.append(reasoning)
        self.has_tool_calls |= bool(calls)
        return bool(text or reasoning or calls)


_DECODER = msgspec.json.Decoder(_ReadDocument)


def error_message(body: bytes | str) -> str:
    """Return what the body of a refusal says: of {"error": {"message"}}, {"error": "text"}, or the text itself."""
    text = body if isinstance(body, str) else body[: 1 << 16].decode("utf-8", "replace")
    try:
        found = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text.strip()[:_SHOWN]
    if isinstance(found, dict):
        told = found.get("error", found.get("detail", found.get("message")))
        return _words_of(found if told is None else told)
    return _words_of(found)


def _words_of(error: Any) -> str:
    if isinstance(error, dict) and isinstance(error.get("message"), str):
        error = error["message"]
    return str(error).strip()[:_SHOWN]
