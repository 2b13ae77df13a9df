"""One span of each row that was answered, or failed: made on main's thread when the row has its result.

Used by `generating`. A row that is refused before it asks the model has a result and no span; one that a signal cut off
has neither, for the next run asks it again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llmproc.batch.in_flight import InFlight
from llmproc.session.answer import Answer
from llmproc.session.result import Result
from llmproc.telemetry.attributes import parameters_of, readable
from llmproc.telemetry.record import AnswerRecord, RequestRecord


@dataclass(frozen=True, slots=True)
class RowSpans:
    """Exports rows. `put`: takes their records; `raw`: prompts are continued; `content`: texts go along."""

    put: Callable[[RequestRecord], None]
    model: str
    raw: bool = False
    content: bool = False

    def ended(self, request: InFlight) -> None:
        """Export the span of a row whose requests have ended."""
        row = request.row
        results = [Result.of(row.prompt, one, one.finish) for one in request.answers if one.finish is not None]
        if not results:
            return
        failed = next((result for result in results if not result.ok), None)
        tickets, prompt = request.tickets, readable(row.prompt, row.system) if self.content else None
        self.put(
            RequestRecord(
                role="internal",
                operation="text_completion" if self.raw else "chat",
                model=self.model,
                began=min(ticket.submitted for ticket in tickets),
                ended=max((ticket.ended for ticket in tickets if ticket.ended is not None), default=time.monotonic()),
                dispatched=min((one.dispatched for one in tickets if one.dispatched is not None), default=None),
                first_token=min((one.first_token for one in tickets if one.first_token is not None), default=None),
                parameters=parameters_of(row.sampling),
                input_tokens=results[0].prompt_tokens,
                cached_tokens=min(result.cached_tokens for result in results),
                answers=[_answer(*pair, self.content) for pair in zip(results, request.answers, strict=True)],
                error_type=None if failed is None else failed.finish_reason,
                error=None if failed is None else failed.error,
                more={"llmproc.batch.index": row.index, "llmproc.batch.id": str(row.id)},
                prompt=prompt,
                weight=_weight(prompt) + sum(len(result.text) for result in results) if self.content else 0,
            )
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
