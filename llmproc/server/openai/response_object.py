"""What OpenAI's clients get from /v1/responses: the response, its items and the events of a stream, as types.

Source of the fields: OpenAI's API reference (Responses, Streaming events), and the types of its official client. Our
own are `system_fingerprint`, `seed`, `timings` and `resources` of a response, and `error` of the event that ends a
broken stream. Used by `response_output`, `response_events` and the document.
"""

from __future__ import annotations

from typing import Any, Literal, get_args

import msgspec

from llmproc.server.asking import Bill
from llmproc.server.openai.errors import ErrorDetail
from llmproc.server.openai.requests import Empty, OnlyFalse
from llmproc.server.openai.responses import ChatTokenLogprob, ReasoningTokens
from llmproc.session.result import Timings

ResponseStatus = Literal["in_progress", "completed", "incomplete", "failed"]
ItemStatus = Literal["in_progress", "completed", "incomplete"]


class OutputText(msgspec.Struct, tag_field="type", tag="output_text"):
    """The text of an answer. `logprobs`: of its tokens, if they were asked for."""

    text: str
    annotations: Empty
    logprobs: list[ChatTokenLogprob]


class ReasoningText(msgspec.Struct, tag_field="type", tag="reasoning_text"):
    """The text between <think> and </think>."""

    text: str


class MessageItem(msgspec.Struct, tag_field="type", tag="message"):
    """An answer; without content while it has just begun."""

    id: str
    status: ItemStatus
    role: Literal["assistant"]
    content: list[OutputText]


class ReasoningItem(msgspec.Struct, tag_field="type", tag="reasoning"):
    """The reasoning before an answer, as it is: `summary` is empty."""

    id: str
    status: ItemStatus
    summary: Empty
    content: list[ReasoningText]


OutputItem = MessageItem | ReasoningItem


class InputTokens(msgspec.Struct):
    """Tokens of the prompt that were found computed; none is written to a cache that costs."""

    cached_tokens: int
    cache_write_tokens: int = 0


class ResponseUsage(msgspec.Struct):
    """Tokens of a response; an end token counts as output."""

    input_tokens: int
    input_tokens_details: InputTokens
    output_tokens: int
    output_tokens_details: ReasoningTokens
    total_tokens: int


class IncompleteDetails(msgspec.Struct):
    """Why an answer did not come to its end: max_output_tokens, or the context was full."""

    reason: Literal["max_output_tokens"]


class ResponseFailure(msgspec.Struct):
    """Why a response has no answer."""

    code: Literal["server_error"]
    message: str


class ResponseObject(msgspec.Struct, kw_only=True):
    """A response. Fields of the request are repeated with what they mean where they are absent."""

    id: str
    object: Literal["response"] = "response"
    created_at: int
    completed_at: int | None = None
    status: ResponseStatus
    error: ResponseFailure | None = None
    incomplete_details: IncompleteDetails | None = None
    model: str
    system_fingerprint: str
    output: list[OutputItem]
    usage: ResponseUsage | None = None
    seed: int
    timings: Timings | None = None
    resources: Bill | None = None
    instructions: str | None
    metadata: dict[str, Any]
    max_output_tokens: int | None
    temperature: float
    top_p: float
    top_logprobs: int
    reasoning: dict[str, str | None]
    text: dict[str, Any]
    tools: Empty
    tool_choice: str
    parallel_tool_calls: bool = True
    truncation: Literal["disabled"] = "disabled"
    background: OnlyFalse = False
    store: OnlyFalse = False
    previous_response_id: None = None
    user: str | None


class _ResponseEvent(msgspec.Struct, tag_field="type", kw_only=True):
    """An event of a stream, numbered from 0."""

    sequence_number: int


class ResponseCreated(_ResponseEvent, tag="response.created"):
    """The first event."""

    response: ResponseObject


class ResponseInProgress(_ResponseEvent, tag="response.in_progress"):
    """The second event."""

    response: ResponseObject


class ResponseCompleted(_ResponseEvent, tag="response.completed"):
    """The last event of an answer that the model ended."""

    response: ResponseObject


class ResponseIncomplete(_ResponseEvent, tag="response.incomplete"):
    """The last event of an answer that ended at a limit."""

    response: ResponseObject


class ResponseFailed(_ResponseEvent, tag="response.failed"):
    """The last but one event of a stream that breaks off."""

    response: ResponseObject


class ResponseErrorEvent(_ResponseEvent, tag="error"):
    """The last event of a stream that breaks off. `error`: the same in the shape by which chats tell it."""

    code: str | None
    message: str
    param: str | None
    error: ErrorDetail


class ItemAdded(_ResponseEvent, tag="response.output_item.added"):
    """An item begins."""

    output_index: int
    item: OutputItem


class ItemDone(_ResponseEvent, tag="response.output_item.done"):
    """An item is whole."""

    output_index: int
    item: OutputItem


class _PartEvent(_ResponseEvent, kw_only=True):
    """An event of an item's content."""

    item_id: str
    output_index: int
    content_index: int = 0


class PartAdded(_PartEvent, tag="response.content_part.added"):
    """The content of an item begins."""

    part: OutputText | ReasoningText


class PartDone(_PartEvent, tag="response.content_part.done"):
    """The content of an item is whole."""

    part: OutputText | ReasoningText


class TextDelta(_PartEvent, tag="response.output_text.delta"):
    """Text that joined the answer."""

    delta: str
    logprobs: list[ChatTokenLogprob]


class TextDone(_PartEvent, tag="response.output_text.done"):
    """All text of the answer."""

    text: str
    logprobs: list[ChatTokenLogprob]


class ReasoningDelta(_PartEvent, tag="response.reasoning_text.delta"):
    """Text that joined the reasoning."""

    delta: str


class ReasoningDone(_PartEvent, tag="response.reasoning_text.done"):
    """All text of the reasoning."""

    text: str


ResponseEvent = (
    ResponseCreated | ResponseInProgress | ItemAdded | PartAdded | TextDelta | TextDone | ReasoningDelta
    | ReasoningDone | PartDone | ItemDone | ResponseCompleted | ResponseIncomplete | ResponseFailed | ResponseErrorEvent
)  # fmt: skip
EVENT_NAMES = tuple(str(kind.__struct_config__.tag) for kind in get_args(ResponseEvent))
