"""What OpenAI's clients get: answers and the chunks of streams as types. The published document is made from them.

Source of the fields: OpenAI's API reference (Chat Completions, Completions), DeepSeek's for reasoning_content. Our own
are `seed` of an answer, and `timings` and `resources` of a choice: official clients keep fields they do not know.
Used by `answers` and the document; chunks are written by `chunks`, part by part, and are of these types.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from llmproc.server.asking import Bill
from llmproc.session.result import Timings

FinishWord = Literal["stop", "length", "tool_calls"]


class CachedTokens(msgspec.Struct):
    """Tokens of the prompts that no choice had to compute."""

    cached_tokens: int


class ReasoningTokens(msgspec.Struct):
    """Tokens of the answers between <think> and </think>."""

    reasoning_tokens: int


class Usage(msgspec.Struct, omit_defaults=True):
    """Tokens of a request: each prompt counts once, whatever n is; an end token counts as completion.

    Details come at the end; chunks before it that have running totals are without them.
    """

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: CachedTokens | None = None
    completion_tokens_details: ReasoningTokens | None = None


class TopLogprob(msgspec.Struct):
    """One of the likeliest tokens. `token` is text, or `bytes:` and its bytes where they are not UTF-8."""

    token: str
    logprob: float
    bytes: list[int]


class ChatTokenLogprob(msgspec.Struct):
    """A token of the answer, as the model itself saw it: before bias, penalties and temperature."""

    token: str
    logprob: float
    bytes: list[int]
    top_logprobs: list[TopLogprob]


class ChatLogprobs(msgspec.Struct):
    """The tokens of an answer, or of a chunk."""

    content: list[ChatTokenLogprob]
    refusal: None = None


class TextLogprobs(msgspec.Struct):
    """The same in columns, one entry a token; `text_offset` counts characters from the beginning of the text."""

    tokens: list[str]
    token_logprobs: list[float]
    top_logprobs: list[dict[str, float]]
    text_offset: list[int]


class AnsweredFunction(msgspec.Struct):
    """The function that is called; `arguments` is a JSON object as text."""

    name: str
    arguments: str


class AnsweredCall(msgspec.Struct):
    """One call that the client is asked to make."""

    id: str
    type: Literal["function"]
    function: AnsweredFunction


class AnswerMessage(msgspec.Struct, omit_defaults=True):
    """An answer. Beside calls, `content` is null if nothing was said."""

    role: Literal["assistant"]
    content: str | None
    reasoning_content: str | None = None
    tool_calls: list[AnsweredCall] | None = None


class ChatChoice(msgspec.Struct):
    """One of n answers. `timings` and `resources`: what it took, in seconds and bytes."""

    index: int
    message: AnswerMessage
    logprobs: ChatLogprobs | None
    finish_reason: FinishWord
    timings: Timings
    resources: Bill


class ChatCompletion(msgspec.Struct):
    """A complete answer to a conversation. Choice i is what `seed` + i gives."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[ChatChoice]
    usage: Usage
    seed: int


class TextChoice(msgspec.Struct):
    """One continuation; those of the first prompt come first."""

    index: int
    text: str
    logprobs: TextLogprobs | None
    finish_reason: FinishWord
    timings: Timings
    resources: Bill


class TextCompletion(msgspec.Struct):
    """Complete continuations of one prompt or several. Choice i of each prompt is what `seed` + i gives."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[TextChoice]
    usage: Usage
    seed: int


class FunctionPart(msgspec.Struct, omit_defaults=True):
    """A part of a call: its name comes first, its arguments in pieces."""

    name: str | None = None
    arguments: str | None = None


class CallPart(msgspec.Struct, omit_defaults=True):
    """A part of the call number `index`; the first one has the id."""

    index: int
    id: str | None = None
    type: Literal["function"] | None = None
    function: FunctionPart | None = None


class Delta(msgspec.Struct, omit_defaults=True):
    """The part of a message that a chunk adds; the first one of a choice has the role."""

    role: Literal["assistant"] | None = None
    reasoning_content: str | None = None
    content: str | None = None
    tool_calls: list[CallPart] | None = None


class ChunkChoice(msgspec.Struct, omit_defaults=True):
    """A part of one answer; `timings` and `resources` come with the finish reason."""

    index: int
    delta: Delta
    logprobs: ChatLogprobs | None
    finish_reason: FinishWord | None
    timings: Timings | None = None
    resources: Bill | None = None


class ChatChunk(msgspec.Struct, omit_defaults=True):
    """One event of a streamed answer; `usage` alone comes last, if it was asked for."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[ChunkChoice]
    usage: Usage | None = None
    seed: int | None = None


class TextChunkChoice(msgspec.Struct, omit_defaults=True):
    """A part of one continuation; `timings` and `resources` come with the finish reason."""

    index: int
    text: str
    logprobs: TextLogprobs | None
    finish_reason: FinishWord | None
    timings: Timings | None = None
    resources: Bill | None = None


class TextChunk(msgspec.Struct, omit_defaults=True):
    """One event of streamed continuations; `usage` alone comes last, if it was asked for."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    system_fingerprint: str
    choices: list[TextChunkChoice]
    usage: Usage | None = None
    seed: int | None = None
