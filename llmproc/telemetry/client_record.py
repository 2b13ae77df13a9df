"""What a span tells of requests to a server elsewhere: made of what `client` knows of them. Pure.

The moments of `client` are of time.perf_counter, which is CLOCK_MONOTONIC here, as those of a record are (PEP 418).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmproc.client.answer import RemoteAnswer
from llmproc.client.body import RemoteRequest
from llmproc.telemetry.attributes import readable
from llmproc.telemetry.record import AnswerRecord, RequestRecord

_EXTRA = ("top_p", "top_k", "frequency_penalty", "presence_penalty")  # of the conventions


def client_record(
    request: RemoteRequest,
    answers: Sequence[RemoteAnswer],
    content: bool = False,
    began: float | None = None,
    more: Mapping[str, str | int | float | bool] | None = None,
) -> RequestRecord:
    """Return the record of one question: a request, its answer, and those to requests that differ in their seed alone.

    `began`: when it was to be sent, if it waited; `content`: texts go along; `more`: further attributes.
    """
    first = answers[0]
    failure = next((one.failure for one in answers if one.failure is not None), None)
    prompt = readable(request.prompt) if content else None
    texts = [one.text for one in answers] if content else []
    sent = min(one.sent for one in answers)
    return RequestRecord(
        role="client",
        operation="chat" if request.interface == "chat" else "text_completion",
        model=first.model,
        began=sent if began is None else began,
        ended=max(one.ended for one in answers),
        dispatched=None if began is None else sent,
        first_token=min((one.moments[0] for one in answers if one.moments), default=None),
        stream=request.stream,
        parameters=_parameters(request, len(answers)),
        input_tokens=first.tokens.prompt,
        cached_tokens=first.tokens.cached or 0,
        answers=[_answer(one, content) for one in answers],
        error_type=None if failure is None else failure.kind.value,
        error=None if failure is None else failure.message,
        more=more or {},
        prompt=prompt,
        weight=len(str(prompt)) + sum(map(len, texts)) if content else 0,
    )


def _parameters(request: RemoteRequest, choices: int) -> dict[str, Any]:
    given = {
        "temperature": request.temperature, "max_tokens": request.max_tokens, "seed": request.seed,
        "choice.count": choices if choices > 1 else None, **{name: request.extra.get(name) for name in _EXTRA},
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def _answer(answer: RemoteAnswer, content: bool) -> AnswerRecord:
    return AnswerRecord(
        finish_reason=answer.finish_reason or ("failed" if answer.failure else "stop"),
        output_tokens=answer.tokens.completion or 0,
        attempts=len(answer.attempts) + 1,
        text=answer.text if content else None,
    )
