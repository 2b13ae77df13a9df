"""One row of a results file: its schema, and how it is made. Documented in logs/README.md, field by field.

Used by `writer`, and by programs that read results. The order of the fields is the order in the file; fields may be
added, never renamed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from llmproc.batch.rows import PromptRow, Refused
from llmproc.service.messages import FinishReason
from llmproc.service.ticket import Ticket
from llmproc.session.result import Result, TokenLogprob

_ENCODER = msgspec.json.Encoder()


class ChoiceRow(msgspec.Struct, frozen=True, kw_only=True):
    """One of several answers to a row."""

    seed: int
    text: str
    finish_reason: FinishReason
    error: str | None
    cached_tokens: int
    new_tokens: int
    queue_s: float
    prefill_s: float
    decode_s: float
    total_s: float
    worker: int | None
    attempts: int
    request: int
    logprobs: list[TokenLogprob] | msgspec.UnsetType = msgspec.UNSET
    url: str | msgspec.UnsetType = msgspec.UNSET


class ResultRow(msgspec.Struct, frozen=True, kw_only=True):
    """The result of one row of the input; of several answers, beside `status` and `error`, that of the first."""

    id: str | int  # as given, else `index`
    index: int  # place in the input, from 0; blank lines are not counted
    status: Literal["ok", "error"]
    text: str = ""  # whole characters; of a failed request what there was
    finish_reason: FinishReason = "failed"  # end, stop, length, context; failed
    error: str | None = None  # one line, when status is error: one of the answers failed
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
    logprobs: list[TokenLogprob] | msgspec.UnsetType = msgspec.UNSET  # of each new token, if asked for
    url: str | msgspec.UnsetType = msgspec.UNSET  # of the server that gave it, if one did
    choices: list[ChoiceRow] | msgspec.UnsetType = msgspec.UNSET  # all answers, the first too, if n is above 1


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """One answer to a row. `fields`: those that a row and one of several answers have in common."""

    fields: Mapping[str, Any]
    prompt_tokens: int
    error: str | None  # it failed, and why


def answered(row: PromptRow, results: Sequence[tuple[Result, Ticket]]) -> ResultRow:
    """Return the result of a row whose requests have ended, one for each of its answers in order."""
    return joined(row, [_of_worker(*each) for each in results])


def joined(row: PromptRow, answers: Sequence[AnswerFigures]) -> ResultRow:
    """Return the result of a row with these answers, in order."""
    first = answers[0]
    failed = next((answer.error for answer in answers if answer.error is not None), None)
    several = [_choice(row, index, answer) for index, answer in enumerate(answers)] if len(answers) > 1 else None
    return ResultRow(
        id=row.id,
        index=row.index,
        status="ok" if failed is None else "error",
        error=None if failed is None else one_line_of(failed),
        prompt_tokens=first.prompt_tokens,
        key=row.key,
        extra=dict(row.extra) or msgspec.UNSET,
        choices=several or msgspec.UNSET,
        **first.fields,
    )


def _choice(row: PromptRow, index: int, answer: AnswerFigures) -> ChoiceRow:
    error = None if answer.error is None else one_line_of(answer.error)
    return ChoiceRow(seed=row.sampling.choice(index).seed, error=error, **answer.fields)


def _of_worker(result: Result, ticket: Ticket) -> AnswerFigures:
    error = None if result.ok else result.error or result.finish_reason
    return AnswerFigures(_figures(result, ticket), result.prompt_tokens, error)


def _figures(result: Result, ticket: Ticket) -> dict[str, Any]:
    """Return what a row and one of several answers have in common."""
    timings = result.timings
    return {
        "text": result.text,
        "finish_reason": result.finish_reason,
        "cached_tokens": result.cached_tokens,
        "new_tokens": result.new_tokens,
        "queue_s": round(timings.queue_s, 6),
        "prefill_s": round(timings.prefill_s, 6),
        "decode_s": round(timings.decode_s, 6),
        "total_s": round(timings.total_s, 6),
        "worker": ticket.worker,
        "attempts": ticket.attempts,
        "request": result.request_id,
        "logprobs": msgspec.UNSET if result.logprobs is None else [_rounded(said) for said in result.logprobs],
    }


def _rounded(said: TokenLogprob) -> TokenLogprob:
    """Return log probabilities with six digits after the point: the others are noise of the model's own precision."""
    return TokenLogprob(said.id, round(said.logprob, 6), tuple((token, round(other, 6)) for token, other in said.top))


def refused(row: Refused) -> ResultRow:
    """Return the result of a row that never became a request."""
    extra = dict(row.extra) or msgspec.UNSET
    return ResultRow(id=row.id, index=row.index, status="error", error=one_line_of(row.error), key=row.key, extra=extra)


def encode(row: ResultRow) -> bytes:
    """Return one line of JSON with its end."""
    return _ENCODER.encode(row) + b"\n"


def one_line_of(text: str) -> str:
    """Return one line that can be written: a message may quote bytes that are not text."""
    return " ".join(text.encode("utf-8", "backslashreplace").decode("utf-8").split())
