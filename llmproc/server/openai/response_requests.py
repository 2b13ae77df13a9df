"""What OpenAI's clients may send to /v1/responses, as types that validate. The published document is made from them.

Source of the fields: OpenAI's API reference (Responses), and the types of its official client (openai 2.54 and 3.57).
How tokens are chosen has the names of `requests`: OpenAI's own interface has only temperature and top_p of them. Used
by `response_reading` and the document. Never in it: what a field does.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from llmproc.server.openai.requests import (
    LIMIT,
    ChoosingFields,
    Empty,
    Logprobs,
    OnlyFalse,
    ResponseFormat,
    Tokens,
    no_effect,
)

OnlyNull = Meta(extra_json_schema={"const": None})
_NOT_STORED = "No response is stored: send the whole conversation as `input`."


class ResponsePart(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A part of a message (input_text, or output_text of an earlier answer) or of its reasoning."""

    type: Literal["input_text", "output_text", "reasoning_text"]
    text: str
    annotations: Annotated[list[Any] | None, no_effect("models are not shown them")] = None
    logprobs: Annotated[list[Any] | None, no_effect("models are not shown them")] = None


class InputItem(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One message, or the reasoning before an earlier answer. Items of an answer can be sent back as they came."""

    type: Annotated[Literal["message", "reasoning"] | None, Meta(description="Absent: message.")] = None
    role: Annotated[
        Literal["system", "developer", "user", "assistant"] | None,
        Meta(description="Of a message. developer is the same as system."),
    ] = None
    content: Annotated[
        str | Annotated[list[ResponsePart], Meta(min_length=1)] | None,
        Meta(description="Of a message. Parts are joined as they stand."),
    ] = None
    summary: Annotated[list[Any] | None, no_effect("models are not shown the reasoning of earlier answers")] = None
    encrypted_content: Annotated[str | None, no_effect("reasoning is not encrypted here")] = None
    id: Annotated[str | None, no_effect("no item is stored")] = None
    status: Annotated[str | None, no_effect("an item is taken as it is")] = None
    phase: Annotated[str | None, no_effect("chat templates have no place for it")] = None


class ReasoningOptions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Switches of a model's reasoning."""

    effort: Annotated[
        Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None,
        Meta(
            description="none: without reasoning, where the model's chat template can switch it off. Others: no effect."
        ),
    ] = None
    summary: Annotated[Literal["auto", "concise", "detailed"] | None, no_effect("reasoning is told as it is")] = None
    generate_summary: Annotated[
        Literal["auto", "concise", "detailed"] | None, no_effect("reasoning is told as it is")
    ] = None


class TextOptions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The form of the answer."""

    format: ResponseFormat | None = None
    verbosity: Annotated[Literal["low", "medium", "high"] | None, no_effect("models here have no such switch")] = None


class ResponseStreamOptions(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Things that a stream tells beside the answer."""

    include_obfuscation: Annotated[bool | None, no_effect("events are sent as they are")] = None


class ResponseRequest(ChoosingFields, kw_only=True):
    """A text or a conversation that the model is to answer."""

    input: Annotated[
        str | Annotated[list[InputItem], Meta(min_length=1)], Meta(description="A text of the user, or a conversation.")
    ]
    instructions: Annotated[str | None, Meta(description="A system message before the input.")] = None
    max_output_tokens: Annotated[Tokens | None, Meta(description=LIMIT)] = None
    reasoning: ReasoningOptions | None = None
    text: TextOptions | None = None
    stream_options: ResponseStreamOptions | None = None
    include: Annotated[
        list[Literal["message.output_text.logprobs", "reasoning.encrypted_content"]] | None,
        Meta(description="message.output_text.logprobs: tell each token's log probability. The other: no effect."),
    ] = None
    top_logprobs: Annotated[
        Logprobs | None, Meta(description="Tell each token's log probability, and those of as many of the likeliest.")
    ] = None
    truncation: Annotated[
        Literal["disabled"] | None, Meta(description="A conversation that is too long for the context is refused.")
    ] = None
    chat_template_kwargs: Annotated[
        dict[str, Any] | None, Meta(description="Variables of the model's chat template, such as enable_thinking.")
    ] = None
    tools: Empty | None = None
    tool_choice: Annotated[Literal["none", "auto"] | None, no_effect("there are no tools")] = None
    parallel_tool_calls: Annotated[bool | None, no_effect("there are no tools")] = None
    max_tool_calls: Annotated[int | None, no_effect("there are no tools")] = None
    prompt_cache_options: Annotated[
        dict[str, Any] | None, no_effect("keys and values are kept while memory allows")
    ] = None
    background: Annotated[OnlyFalse | None, Meta(description="An answer is waited for.")] = None
    previous_response_id: Annotated[str | None, OnlyNull, Meta(description=_NOT_STORED)] = None
    conversation: Annotated[str | dict[str, Any] | None, OnlyNull, Meta(description=_NOT_STORED)] = None
    prompt: Annotated[dict[str, Any] | None, OnlyNull, Meta(description="No prompt template is stored.")] = None
