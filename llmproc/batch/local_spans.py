"""The span of a row that workers answered, or failed to: made on main's thread when the row has its result.

Used by `local`. A row that is refused before it asks the model has a result and no span; one that a signal cut off has
neither, for the next run asks it again.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from llmproc.batch.rows import PromptRow
from llmproc.session.answer import Answer
from llmproc.session.result import Result
from llmproc.telemetry.attributes import parameters_of, readable
from llmproc.telemetry.record import AnswerRecord, RequestRecord


def row_record(row: PromptRow, given: Sequence[Answer], model: str, raw: bool, content: bool) -> RequestRecord | None:
    """Return what a span tells of a row whose answers have ended; None without any.

    `raw`: its prompt was continued, not answered; `content`: texts go along.
    """
    answers = [(Result.of(row.prompt, one, one.finish), one) for one in given if one.finish is not None]
    if not answers:
        return None
    results, tickets = [result for result, _ in answers], [answer.ticket for _, answer in answers]
    failed = next((result for result in results if not result.ok), None)
    prompt = readable(row.prompt, row.system) if content else None
    return RequestRecord(
        role="internal",
        operation="text_completion" if raw else "chat",
        model=model,
        began=min(ticket.submitted for ticket in tickets),
        ended=max((ticket.ended for ticket in tickets if ticket.ended is not None), default=time.monotonic()),
        dispatched=min((one.dispatched for one in tickets if one.dispatched is not None), default=None),
        first_token=min((one.first_token for one in tickets if one.first_token is not None), default=None),
        parameters=parameters_of(row.sampling),
        input_tokens=results[0].prompt_tokens,
        cached_tokens=min(result.cached_tokens for result in results),
        answers=[_answer(*pair, content) for pair in answers],
        error_type=None if failed is None else failed.finish_reason,
        error=None if failed is None else failed.error,
        more={"llmproc.batch.index": row.index, "llmproc.batch.id": str(row.id)},
        prompt=prompt,
        weight=_weight(prompt) + sum(len(result.text) for result in results) if content else 0,
    )


def _answer(result: Result, answer: Answer, content: bool) -> AnswerRecord:
    finish = answer.finish
    assert finish is not None
    return AnswerRecord(
        finish_reason=result.finish_reason,
        output_tokens=result.new_tokens,
        request=result.request_id,
        worker=answer.ticket.worker,
        attempts=answer.ticket.attempts,
        cpu_user_s=finish.user_s,
        cpu_system_s=finish.system_s,
        cpu_wait_s=finish.wait_s,
        kv_bytes=finish.kv_bytes,
        text=result.text if content else None,
    )


def _weight(prompt: Any) -> int:
    if isinstance(prompt, str):
        return len(prompt)
    return sum(len(str(message.get("content", ""))) for message in prompt or ())
