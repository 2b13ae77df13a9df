"""One row of a results file: its schema, and how it is made. Documented in logs/README.md, field by field.

Used by `writer`, and by programs that read results. The order of the fields is the order in the file; fields may be
added, never renamed.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from llmproc.batch.rows import PromptRow, Refused
from llmproc.service.messages import FinishReason
from llmproc.service.ticket import Ticket
from llmproc.session.result import Result

_ENCODER = msgspec.json.Encoder()


class ResultRow(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one row of the input."""

    id: str | int  # as given, else `index`
    index: int  # place in the input, from 0; blank lines are not counted
    status: Literal["ok", "error"]
    text: str = ""  # whole characters; of a failed request what there was
    finish_reason: FinishReason = "failed"  # end, length, context; failed
    error: str | None = None  # one line, when status is error
    prompt_tokens: int = 0
    cached_tokens: int = 0  # of the prompt, whose keys and values were there already
    new_tokens: int = 0  # an end token included, which is not in the text
    queue_s: float = 0.0  # until a worker got it
    prefill_s: float = 0.0  # from there to the first token
    decode_s: float = 0.0  # from there to the end
    total_s: float = 0.0  # the sum of the three
    worker: int | None = None  # slot of the one that finished it; null: it never got to one
    attempts: int = 0  # workers it was given to; more than 1: it was replayed
    request: int = 0  # its number in events.jsonl of the run that answered it; 0: it never became a request
    key: str = ""  # of the row, the model and the options: rows with the same key have the same answer
    extra: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET  # fields of the input that are not options


def answered(row: PromptRow, result: Result, ticket: Ticket) -> ResultRow:
    """Return the result of a request that has ended."""
    timings = result.timings
    return ResultRow(
        id=row.id,
        index=row.index,
        status="ok" if result.ok else "error",
        text=result.text,
        finish_reason=result.finish_reason,
        error=None if result.ok else _line(result.error or result.finish_reason),
        prompt_tokens=result.prompt_tokens,
        cached_tokens=result.cached_tokens,
        new_tokens=result.new_tokens,
        queue_s=round(timings.queue_s, 6),
        prefill_s=round(timings.prefill_s, 6),
        decode_s=round(timings.decode_s, 6),
        total_s=round(timings.total_s, 6),
        worker=ticket.worker,
        attempts=ticket.attempts,
        request=result.request_id,
        key=row.key,
        extra=dict(row.extra) or msgspec.UNSET,
    )


def refused(row: Refused) -> ResultRow:
    """Return the result of a row that never became a request."""
    extra = dict(row.extra) or msgspec.UNSET
    return ResultRow(id=row.id, index=row.index, status="error", error=_line(row.error), key=row.key, extra=extra)


def encode(row: ResultRow) -> bytes:
    """Return one line of JSON with its end."""
    return _ENCODER.encode(row) + b"\n"


def _line(text: str) -> str:
    """Return one line that can be written: a message may quote bytes that are not text."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode("utf-8").split())
