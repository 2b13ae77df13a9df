"""The fields of Ollama's requests, as types that check themselves: what may be sent, and how a value must look.

The published document is made from these types. null stands for a field that was not sent, as Go reads it. A field that
they lack is refused, but for names inside `options`. What this version cannot do must be empty, and says why. Never in
it: what a value means here (`asking`, `options`).
Source of the fields: Ollama's api/types.go (August 2026), and what its clients were seen to send.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from llmproc.config import MAX_LOGPROBS, MAX_STOP_LENGTH, MAX_STOPS
from llmproc.server.ollama.durations import PATTERN

MOST_TOKENS = 1 << 20
MAX_TOOLS = 128


def must(rule: str) -> Meta:
    """Return the mark of a field whose type does not say by itself what is wrong with a value."""
    return Meta(description=f"Must {rule}.", extra={"rule": f"must {rule}"})


NO_IMAGES = must("be empty: images cannot be read")

FunctionName = Annotated[
    str,
    Meta(pattern="^[a-zA-Z0-9_-]{1,64}$", extra={"rule": "must have 1 to 64 letters, digits, underscores and dashes"}),
]
Nothing = Annotated[list[Any], Meta(max_length=0)]
Text = Annotated[str, Meta(min_length=1, max_length=MAX_STOP_LENGTH)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Bonus = Annotated[float, Meta(ge=-2, le=2)]
# Whole numbers: languages without integers of their own write 128.0.
Whole = int | Annotated[float, Meta(multiple_of=1)]
Limit = Annotated[int, Meta(ge=-2, le=MOST_TOKENS)] | Annotated[float, Meta(multiple_of=1, ge=-2, le=MOST_TOKENS)]
Count = Annotated[int, Meta(ge=-1, le=MOST_TOKENS)] | Annotated[float, Meta(multiple_of=1, ge=-1, le=MOST_TOKENS)]
Positions = Annotated[int, Meta(ge=1)] | Annotated[float, Meta(multiple_of=1, ge=1)]


class OllamaOptions(Struct, frozen=True):
    """The names inside `options` that have an effect. Any others may stand beside them, and change nothing."""

    temperature: Annotated[float, Meta(ge=0, le=100)] | None = None
    top_k: Count | None = None
    top_p: Fraction | None = None
    min_p: Fraction | None = None
    seed: Whole | None = None
    num_predict: Limit | None = None
    stop: Text | Annotated[list[Text], Meta(max_length=MAX_STOPS)] | None = None
    repeat_penalty: Annotated[float, Meta(gt=0, le=100)] | None = None
    presence_penalty: Bonus | None = None
    frequency_penalty: Bonus | None = None
    num_ctx: Positions | None = None
    repeat_last_n: Count | None = None


class OllamaFunction(Struct, frozen=True, forbid_unknown_fields=True):
    """A function that the model may call. `parameters`: a JSON schema of an object; absent: none."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Any] | None = None


class OllamaTool(Struct, frozen=True, forbid_unknown_fields=True):
    """A tool. Functions are all that this version knows."""

    function: OllamaFunction
    type: Literal["function"] = "function"


class OllamaCalledFunction(Struct, frozen=True, forbid_unknown_fields=True):
    """The function that an earlier answer called, and with what."""

    name: FunctionName
    arguments: dict[str, Any] | None = None
    index: int | None = None


class OllamaToolCall(Struct, frozen=True, forbid_unknown_fields=True):
    """One call in an earlier answer, as it came."""

    function: OllamaCalledFunction
    id: str | None = None


class OllamaMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """One message of a chat. An answer's `message` can be sent back as it came; tool: what a call gave."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | None = None
    thinking: Annotated[str | None, Meta(description="No effect: models are not shown earlier reasoning.")] = None
    images: Annotated[Nothing | None, NO_IMAGES] = None
    tool_calls: list[OllamaToolCall] | None = None
    tool_name: Annotated[str | None, Meta(description="No effect: results are shown in their order.")] = None
    tool_call_id: Annotated[str | None, Meta(description="No effect: results are shown in their order.")] = None


class OllamaRequest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The fields that both endpoints take."""

    model: str | None = None
    stream: Annotated[bool | None, Meta(description="Absent: true.")] = None
    format: Annotated[Literal["", "json"] | dict[str, Any] | None, must('be "json" or a JSON schema, an object')] = None
    keep_alive: Annotated[
        float | Annotated[str, Meta(pattern=PATTERN, max_length=64)] | None,
        must("be a number of seconds, or a text with a unit such as 5m, 30s or -1s"),
    ] = None
    options: OllamaOptions | None = None
    think: Annotated[
        bool | Literal["low", "medium", "high", "max"] | None, must("be true, false, low, medium, high or max")
    ] = None
    truncate: bool | None = None
    shift: bool | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=MAX_LOGPROBS)] | None = None


class OllamaChatRequest(OllamaRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A conversation that the model is to answer; without messages it is to be loaded, or unloaded."""

    messages: list[OllamaMessage] | None = None
    tools: Annotated[
        Annotated[list[OllamaTool], Meta(max_length=MAX_TOOLS)] | None,
        Meta(description="Functions that the model may call in place of an answer."),
    ] = None


class OllamaGenerateRequest(OllamaRequest, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A prompt that the model is to answer, or to continue if `raw`; without one it is to be loaded, or unloaded."""

    prompt: str | None = None
    suffix: Annotated[Literal[""] | None, must("be empty: a gap in a text cannot be filled in by this version")] = None
    system: str | None = None
    template: Annotated[Literal[""] | None, must("be empty: the model's own template is used")] = None
    context: Annotated[
        Nothing | None, must("be empty: ids of earlier answers are not continued; /api/chat takes their messages")
    ] = None
    raw: Annotated[bool | None, Meta(description="The prompt is continued as it stands.")] = None
    images: Annotated[Nothing | None, NO_IMAGES] = None


class OllamaShowRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The model to tell of; `name` is an older word for `model`. The other fields change nothing of what is told."""

    model: str | None = None
    name: str | None = None
    verbose: bool | None = None
    system: str | None = None
    template: str | None = None
    options: dict[str, Any] | None = None
