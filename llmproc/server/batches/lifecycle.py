"""The states of a batch, and what it needs next. Pure: moments and counts are given.

    validating --> in_progress --> finalizing --> completed
        |  \\            |  \\--------------------> expired        the window is over before all rows have ended
        |   \\-----------+--> cancelling ----------> cancelled
        \\--> failed                                              a line of the input breaks a rule

`due` looks at the state alone, so a server that was killed goes on where the disk says it was. Used by `course` and the
endpoints.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Any

import msgspec

from llmproc.server.batches.records import (
    WINDOW,
    BatchError,
    BatchErrors,
    BatchObject,
    BatchRequest,
    RequestCounts,
    Status,
)
from llmproc.server.refusals import RefusedError

FOLLOWS: dict[Status, tuple[Status, ...]] = {
    "validating": ("in_progress", "failed", "cancelling", "expired"),
    "in_progress": ("finalizing", "cancelling", "expired"),
    "finalizing": ("completed",),
    "cancelling": ("cancelled",),
    "failed": (),
    "completed": (),
    "expired": (),
    "cancelled": (),
}
UNITS = {"s": 1, "m": 60, "h": 3600}
LONGEST_WINDOW_S = 7 * 24 * 3600


class BatchStep(enum.Enum):
    """The next need of a batch."""

    VALIDATE = enum.auto()
    ANSWER = enum.auto()  # rows are left
    FINALIZE = enum.auto()  # all rows have ended: write the files, `completed`
    EXPIRE = enum.auto()  # write the files as far as rows have ended, `expired`
    CANCEL = enum.auto()  # the same, `cancelled`
    NOTHING = enum.auto()  # it has ended


def due(batch: BatchObject, left: int, now: float) -> BatchStep:
    """Return what a batch needs. `left`: rows without a result."""
    if not FOLLOWS[batch.status]:
        return BatchStep.NOTHING
    if batch.status == "cancelling":
        return BatchStep.CANCEL
    if batch.status == "finalizing" or (batch.status == "in_progress" and left == 0):
        return BatchStep.FINALIZE
    if now >= batch.expires_at:
        return BatchStep.EXPIRE
    return BatchStep.VALIDATE if batch.status == "validating" else BatchStep.ANSWER


def window_seconds(text: str) -> int:
    """Return a completion window in seconds. RefusedError for what is none, or more than a week."""
    name, rule = "completion_window", f"must be a time such as 24h, 30m or 90s, {LONGEST_WINDOW_S // 3600}h at most"
    seconds = int(text[:-1]) * UNITS[text[-1]] if re.fullmatch(WINDOW[1:-1], text, re.ASCII) else None
    if seconds is None or seconds > LONGEST_WINDOW_S:
        raise RefusedError(f"{name} is {text[:20]!r}: {rule}", param=name, code="invalid_value")
    return seconds


def opened(name: str, request: BatchRequest, model: str, now: int) -> BatchObject:
    """Return a batch as it is created. RefusedError for its window."""
    return BatchObject(
        id=name,
        endpoint=request.endpoint,
        model=model,
        input_file_id=request.input_file_id,
        completion_window=request.completion_window,
        status="validating",
        created_at=now,
        expires_at=now + window_seconds(request.completion_window),
        metadata=request.metadata,
    )


def validated(batch: BatchObject, total: int, now: int) -> BatchObject:
    """Return it with an input of `total` good rows."""
    return _moved(batch, "in_progress", in_progress_at=now, request_counts=RequestCounts(total))


def failed(batch: BatchObject, errors: list[BatchError], now: int) -> BatchObject:
    """Return it with an input that cannot be used."""
    return _moved(batch, "failed", failed_at=now, errors=BatchErrors(errors))


def finalizing(batch: BatchObject, now: int) -> BatchObject:
    """Return it with all rows ended."""
    return _moved(batch, "finalizing", finalizing_at=now)


def cancelling(batch: BatchObject, now: int) -> BatchObject:
    """Return it with a cancel asked for; the same if it was before. RefusedError for one that has (almost) ended."""
    if batch.status == "cancelling":
        return batch
    if "cancelling" not in FOLLOWS[batch.status]:
        # not 409: OpenAI's clients would ask again
        raise RefusedError(
            f"the batch is {batch.status}: it cannot be cancelled any more", code="batch_not_cancellable"
        )
    return _moved(batch, "cancelling", cancelling_at=now)


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """The end of a batch: counts, and its files; None for one without lines."""

    counts: RequestCounts
    output_file_id: str | None
    error_file_id: str | None


def ended(batch: BatchObject, step: BatchStep, outcome: BatchOutcome, now: int) -> BatchObject:
    """Return it with its files written. `step`: FINALIZE, EXPIRE or CANCEL."""
    fields: dict[str, Any] = {
        "request_counts": outcome.counts,
        "output_file_id": outcome.output_file_id,
        "error_file_id": outcome.error_file_id,
    }
    if step is BatchStep.FINALIZE:
        return _moved(batch, "completed", completed_at=now, **fields)
    if step is BatchStep.EXPIRE:
        return _moved(batch, "expired", expired_at=now, **fields)
    return _moved(batch, "cancelled", cancelled_at=now, **fields)


def _moved(batch: BatchObject, status: Status, **fields: Any) -> BatchObject:
    assert status in FOLLOWS[batch.status], f"{batch.status} to {status}"
    return msgspec.structs.replace(batch, status=status, **fields)
