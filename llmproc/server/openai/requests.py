"""What OpenAI's clients may send: the bodies of /v1/chat/completions and /v1/completions as types that validate.

The published document is made from these types, so a rule that stands here is a rule there. null means absent wherever
None is a default. Source of the fields: OpenAI's API reference (Chat Completions, Completions), and for those beyond it
(top_k, min_p, repetition_penalty, ignore_eos, min_tokens, continuous_usage_stats, chat_template_kwargs,
add_generation_prompt, continue_final_message) vLLM's OpenAI-compatible server. Used by `reading` and the document.
Never in it: what a field does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from llmproc.config import MAX_BIASES, MAX_CHOICES, MAX_LOGPROBS, MAX_STOP_LENGTH, MAX_STOPS
from llmproc.server.asking import DEFAULT_MAX_TOKENS

_LIMIT = f"Tokens of an answer at most. Absent: what is left of the context, and {DEFAULT_MAX_TOKENS} at most."
Tokens = Annotated[int, Meta(ge=1, le=1 << 20)]
Logprobs = Annotated[int, Meta(ge=0, le=MAX_LOGPROBS)]
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Share = Annotated[float, Meta(ge=0, le=1)]
Stop = Annotated[str, Meta(min_length=1, max_length=MAX_STOP_LENGTH)]
TokenName = Annotated[str, Meta(pattern="^(0|[1-9][0-9]{0,9})$")]  # an id, as JSON's names are texts
TokenId = Annotated[int, Meta(ge=0, le=(1 << 31) - 1)]
NAME_RULE = "must have 1 to 64 letters, digits, underscores and dashes"
FunctionName = Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,64}$", extra={"rule": NAME_RULE})]
MAX_TOOLS = 128
Empty = Annotated[list[Any], Meta(max_length=0)]
OnlyTrue = Annotated[bool, Meta(extra_json_schema={"const": True})]
OnlyFalse = Annotated[bool, Meta(extra_json_schema={"const": False})]


def no_effect(reason: str) -> Meta:
    """Return the mark of a field that is accepted and changes nothing."""
    return Meta(description=f"No effect: {reason}.", extra={"no_effect": reason})


class WithoutEffect(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Fields that clients send and that change nothing here, each with the reason. Other unknown ones are refused."""

    user: Annotated[str | None, no_effect("there are no accounts")] = None
    metadata: Annotated[dict[str, Any] | None, no_effect("no answer is stored")] = None
    store: Annotated[bool | None, no_effect("no answer is stored")] = None
    service_tier: Annotated[str | None, no_effect("all requests wait in one queue")] = None
    safety_identifier: Annotated[str | None, no_effect("there are no accounts")] = None
    prompt_cache_key: Annotated[
        str | None, no_effect("what a prompt shares with earlier ones is found by its tokens")
    ] = None
    prompt_cache_retention: Annotated[str | None, no_effect("keys and values are kept while memory allows")] = None


class StreamOptions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Things that a stream tells beside the answer."""

    include_usage: Annotated[bool | None, Meta(description="A last chunk, without choices, has `usage`.")] = None
    continuous_usage_stats: Annotated[bool | None, Meta(description="Every chunk has `usage` so far.")] = None


class SamplingFields(WithoutEffect, kw_only=True):
    """Fields that chats and completions have in common: how tokens are chosen, how the answer is sent."""

    model: Annotated[str | None, Meta(description="The answer's `model` names the one that answered.")] = None
    stream: bool | None = None
    stream_options: Annotated[StreamOptions | None, Meta(description="Only with `stream`.")] = None
    temperature: Annotated[
        Annotated[float, Meta(ge=0, le=100)] | None, Meta(description="0: always the likeliest token. Absent: 1.")
    ] = None
    top_p: Annotated[Share | None, Meta(description="Absent: 1.")] = None
    max_tokens: Annotated[Tokens | None, Meta(description=_LIMIT)] = None
    max_completion_tokens: Annotated[
        Tokens | None, Meta(description="The newer name of max_tokens; it counts if both are given.")
    ] = None
    seed: Annotated[
        Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)] | None,
        Meta(description="Same seed, same answer; choice i has seed + i. Absent: drawn, and told in the answer."),
    ] = None
    n: Annotated[
        Annotated[int, Meta(ge=1, le=MAX_CHOICES)] | None, Meta(description="Answers to each prompt. Absent: 1.")
    ] = None
    stop: Annotated[
        Stop | Annotated[list[Stop], Meta(max_length=MAX_STOPS)] | None,
        Meta(description="Texts that end the answer and are not part of it."),
    ] = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    repetition_penalty: Annotated[
        Annotated[float, Meta(gt=0, le=100)] | None, Meta(description="1 or absent: none.")
    ] = None
    logit_bias: Annotated[
        Annotated[dict[TokenName, Annotated[float, Meta(ge=-100, le=100)]], Meta(max_length=MAX_BIASES)] | None,
        Meta(description="Token id to what is added to its logit."),
    ] = None
    top_k: Annotated[
        Annotated[int, Meta(ge=-1, le=1 << 20)] | None,
        Meta(description="Only the k likeliest tokens; 0, -1 or absent: all."),
    ] = None
    min_p: Annotated[
        Share | None, Meta(description="Only tokens with this share of the likeliest one's probability.")
    ] = None
    ignore_eos: Annotated[bool | None, Meta(description="Go on to max_tokens.")] = None
    min_tokens: Annotated[
        Annotated[int, Meta(ge=0, le=1 << 20)] | None, Meta(description="Before the model may end; max_tokens at most.")
    ] = None


class ContentPart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A part of a message. Text is all that this version reads."""

    type: Literal["text"]
    text: str


class CalledFunction(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The function that an earlier answer called."""

    name: FunctionName
    arguments: Annotated[str, Meta(description="A JSON object, as text.")]


class ToolCall(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One call in an earlier answer, as it came."""

    id: str
    function: CalledFunction
    type: Literal["function"] = "function"
    index: Annotated[int | None, no_effect("calls stand in their order")] = None


class RequestMessage(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One message. An answer's `message` can be sent back as it came, also one that OpenAI's own server gave."""

    role: Annotated[
        Literal["system", "developer", "user", "assistant", "tool"],
        Meta(description="developer is the same as system; tool: what a call gave."),
    ]
    content: Annotated[
        str | Annotated[list[ContentPart], Meta(min_length=1)] | None,
        Meta(description="Parts are joined as they stand. It may be absent beside tool_calls."),
    ] = None
    name: Annotated[str | None, no_effect("chat templates have no place for it")] = None
    reasoning_content: Annotated[str | None, no_effect("models are not shown the reasoning of earlier answers")] = None
    refusal: Annotated[str | None, no_effect("chat templates have no place for it")] = None
    annotations: Empty | None = None
    tool_calls: Annotated[list[ToolCall] | None, Meta(description="Only of an assistant.")] = None
    tool_call_id: Annotated[str | None, no_effect("results are shown in their order")] = None
    function_call: None = None
    audio: None = None


class NamedSchema(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A JSON schema that an answer keeps."""

    name: FunctionName
    schema: Annotated[dict[str, Any] | None, Meta(description="JSON Schema 2020-12. Absent: any object.")] = None
    description: Annotated[str | None, no_effect("the model is not shown the schema")] = None
    strict: Annotated[bool | None, no_effect("every schema is kept to the letter")] = None


class ResponseFormat(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The form of an answer: text, a JSON object, or JSON that a schema describes."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: Annotated[NamedSchema | None, Meta(description="Of the type json_schema.")] = None


class FunctionDefinition(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A function that the model may call."""

    name: FunctionName
    description: str | None = None
    parameters: Annotated[dict[str, Any] | None, Meta(description="A JSON schema of an object. Absent: none.")] = None
    strict: Annotated[bool | None, no_effect("every schema is kept to the letter")] = None


class Tool(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A tool. Functions are all that this version knows."""

    type: Literal["function"]
    function: FunctionDefinition


class ChosenFunction(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The name of a function."""

    name: FunctionName


class NamedToolChoice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The one function that is to be called."""

    type: Literal["function"]
    function: ChosenFunction


class ChatRequest(SamplingFields, kw_only=True):
    """A conversation that the model is to answer."""

    messages: Annotated[list[RequestMessage], Meta(min_length=1)]
    logprobs: Annotated[bool | None, Meta(description="Tell each token's log probability.")] = None
    top_logprobs: Annotated[
        Logprobs | None, Meta(description="And those of as many of the likeliest tokens; only with logprobs.")
    ] = None
    response_format: ResponseFormat | None = None
    tools: Annotated[
        Annotated[list[Tool], Meta(max_length=MAX_TOOLS)] | None, Meta(description="Functions that may be called.")
    ] = None
    tool_choice: Annotated[
        Literal["none", "auto", "required"] | NamedToolChoice | None,
        Meta(description="auto: text or calls; required: at least one call. Absent: auto."),
    ] = None
    parallel_tool_calls: Annotated[bool | None, Meta(description="Several calls in one answer. Absent: true.")] = None
    chat_template_kwargs: Annotated[
        dict[str, Any] | None, Meta(description="Variables of the model's chat template, such as enable_thinking.")
    ] = None
    add_generation_prompt: OnlyTrue | None = None
    continue_final_message: OnlyFalse | None = None
    modalities: Annotated[list[Literal["text"]] | None, no_effect("answers are text")] = None


class CompletionRequest(SamplingFields, kw_only=True):
    """Texts, or token ids, that the model is to continue as they stand."""

    prompt: Annotated[
        str | Annotated[list[str | TokenId | Annotated[list[TokenId], Meta(min_length=1)]], Meta(min_length=1)],
        Meta(description="One text, a list of texts, a list of token ids, or a list of such lists."),
    ]
    logprobs: Annotated[
        Logprobs | None, Meta(description="Tell each token's log probability, and those of as many of the likeliest.")
    ] = None
    echo: Annotated[bool | None, Meta(description="The text begins with the prompt; not with logprobs.")] = None
    best_of: Annotated[int, Meta(ge=1, le=1)] | None = None
    suffix: Annotated[str, Meta(max_length=0)] | None = None


def without_effect(kind: type[msgspec.Struct]) -> dict[str, str]:
    """Return the fields of a type that change nothing, each with the reason."""
    found = {}
    for field in msgspec.structs.fields(kind):
        for mark in getattr(field.type, "__metadata__", ()):
            if mark.extra and "no_effect" in mark.extra:
                found[field.name] = mark.extra["no_effect"]
    return found
