"""Checked bodies of /v1/responses to what is asked: the same as a chat with the same messages asks.

    ResponseRequest --its messages and limits under a chat's names--> ChatRequest --reading--> Asked

So an answer is byte for byte that of /v1/chat/completions with the same seed. Used by the dialect. Pure but for a drawn
seed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from llmproc.server.asking import Asked
from llmproc.server.openai.fresh import Fresh
from llmproc.server.openai.reading import asked_of_chat, refused
from llmproc.server.openai.requests import ChatRequest, ChoosingFields, RequestMessage, without_effect
from llmproc.server.openai.response_requests import InputItem, ResponseRequest

_SHARED = [name for name in ChoosingFields.__struct_fields__ if name != "metadata"]
_IGNORED = [name for name in without_effect(ResponseRequest) if name != "metadata"]  # which the answer repeats
_LOGPROBS = "message.output_text.logprobs"
_SEND_ALL = "no response is stored by this server; send the whole conversation as input"


def asked_of_response(request: ResponseRequest, vocab_size: int, fresh: Fresh) -> Asked:
    """Return what a body of /v1/responses asks. RefusedError for what this version does not do."""
    _check_supported(request)
    logprobs = request.top_logprobs is not None or _LOGPROBS in (request.include or ())
    chat = ChatRequest(
        messages=_messages(request),
        max_completion_tokens=request.max_output_tokens,
        logprobs=logprobs,
        top_logprobs=request.top_logprobs,
        chat_template_kwargs=request.chat_template_kwargs,
        **{name: getattr(request, name) for name in _SHARED},
    )
    no_reasoning = request.reasoning is not None and request.reasoning.effort == "none"
    return replace(
        asked_of_chat(chat, vocab_size, fresh),
        think=False if no_reasoning else None,
        ignored=tuple(name for name in _IGNORED if getattr(request, name) is not None),
        repeated=_repeated(request),
    )


def _check_supported(request: ResponseRequest) -> None:
    """Refuse what needs stored responses, by name."""
    for name in ("previous_response_id", "conversation"):
        if getattr(request, name) is not None:
            raise refused(name, f"is given: {_SEND_ALL}")
    if request.prompt is not None:
        raise refused("prompt", "is given: no prompt template is stored by this server; send its text as input")
    if request.background:
        raise refused("background", "is true: must be false, an answer is waited for")


def _messages(request: ResponseRequest) -> list[RequestMessage]:
    """Return the conversation as a chat's messages; what is reasoning is left out."""
    found = []
    if request.instructions:
        found.append(RequestMessage(role="system", content=request.instructions))
    if isinstance(request.input, str):
        return [*found, RequestMessage(role="user", content=request.input)]
    messages = [_message(item, f"input[{place}]") for place, item in enumerate(request.input) if _is_message(item)]
    if not messages:
        raise refused("input", "has no message: must have one at least")
    return [*found, *messages]


def _is_message(item: InputItem) -> bool:
    return item.type != "reasoning"


def _message(item: InputItem, path: str) -> RequestMessage:
    if item.role is None:
        raise refused(f"{path}.role", "is missing: must be there in a message")
    if item.content is None:
        raise refused(f"{path}.content", "is missing: must be there in a message")
    if isinstance(item.content, str):
        return RequestMessage(role=item.role, content=item.content)
    for place, part in enumerate(item.content):
        if part.type == "reasoning_text":
            raise refused(f"{path}.content[{place}].type", "is reasoning_text: must be input_text or output_text")
    return RequestMessage(role=item.role, content="".join(part.text for part in item.content))


def _repeated(request: ResponseRequest) -> dict[str, Any]:
    """Return the fields that the answer repeats, as `ResponseObject` has them."""
    reasoning, text = request.reasoning, request.text
    return {
        "instructions": request.instructions,
        "max_output_tokens": request.max_output_tokens,
        "metadata": request.metadata or {},
        "reasoning": {"effort": reasoning and reasoning.effort, "summary": reasoning and reasoning.summary},
        "text": {"format": {"type": "text"}, "verbosity": (text and text.verbosity) or "medium"},
        "tool_choice": request.tool_choice or "auto",
        "top_logprobs": request.top_logprobs or 0,
        "user": request.user,
    }
