"""The fields of Ollama's requests, as types that check themselves: what may be sent, and how a value must look.

Used by `reading`, and by the published document. null stands for a field that was not sent, as Go reads it. A field
that these types lack is refused, but for names inside `options`. What this version cannot do must be empty. Never in
it: what a value means here (`asking`, `options`).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from llmproc.config import MAX_LOGPROBS, MAX_STOP_LENGTH, MAX_STOPS
from llmproc.server.ollama.durations import PATTERN

MOST_TOKENS = 1 << 20

Empty = Literal[""]
Nothing = Annotated[list[Any], Meta(max_length=0)]
Texts = Annotated[str, Meta(min_length=1, max_length=MAX_STOP_LENGTH)]
KeepAlive = float | Annotated[str, Meta(pattern=PATTERN, max_length=64)]
Think = bool | Literal["low", "medium", "high", "max"]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
# Whole numbers: languages without integers of their own write 128.0.
Whole = int | Annotated[float, Meta(multiple_of=1)]
Limit = Annotated[int, Meta(ge=-2, le=MOST_TOKENS)] | Annotated[float, Meta(multiple_of=1, ge=-2, le=MOST_TOKENS)]
Kept = Annotated[int, Meta(ge=-1, le=MOST_TOKENS)] | Annotated[float, Meta(multiple_of=1, ge=-1, le=MOST_TOKENS)]
Positions = Annotated[int, Meta(ge=1)] | Annotated[float, Meta(multiple_of=1, ge=1)]


class OllamaOptions(Struct, frozen=True):
    """The names inside `options` that have an effect. Others may stand beside them."""

    temperature: Annotated[float, Meta(ge=0, le=100)] | None = None
    top_k: Kept | None = None
    top_p: Fraction | None = None
    min_p: Fraction | None = None
    seed: Whole | None = None
    num_predict: Limit | None = None
    stop: Texts | Annotated[list[Texts], Meta(max_length=MAX_STOPS)] | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=100)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    num_ctx: Positions | None = None
    repeat_last_n: Kept | None = None


class OllamaMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """One message of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str | None = None
    thinking: str | None = None
    images: Nothing | None = None
    tool_calls: Nothing | None = None
    tool_name: Empty | None = None
    tool_call_id: Empty | None = None


class OllamaRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What both endpoints take."""

    model: str | None = None
    stream: bool | None = None
    format: Empty | None = None
    keep_alive: KeepAlive | None = None
    options: OllamaOptions | None = None
    think: Think | None = None
    truncate: bool | None = None
    shift: bool | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=MAX_LOGPROBS)] | None = None


class OllamaChatRequest(OllamaRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /api/chat."""

    messages: list[OllamaMessage] | None = None
    tools: Nothing | None = None


class OllamaGenerateRequest(OllamaRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The body of POST /api/generate."""

    prompt: str | None = None
    suffix: Empty | None = None
    system: str | None = None
    template: Empty | None = None
    context: Nothing | None = None
    raw: bool | None = None
    images: Nothing | None = None


class OllamaShowRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of POST /api/show; `name` is an older word for `model`. The others change nothing of what is told."""

    model: str | None = None
    name: str | None = None
    verbose: bool | None = None
    system: str | None = None
    template: str | None = None
    options: dict[str, Any] | None = None
