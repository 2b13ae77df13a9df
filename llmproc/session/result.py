"""What came of one request: its text, why it ended, and what it took."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from llmproc.service.messages import Finish, FinishReason
from llmproc.service.ticket import Ticket
from llmproc.session.answer import Answer
from llmproc.session.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds of wall time, measured where the request was made; the first three add up to `total_s`."""

    queue_s: float = 0.0  # until a worker got it
    prefill_s: float = 0.0  # from there to the first token
    decode_s: float = 0.0  # from there to the end
    total_s: float = 0.0
    tokens_per_s: float = 0.0  # tokens after the first over decode_s: 1 / TPOT; 0 when there are none

    @classmethod
    def of(cls, ticket: Ticket, new_tokens: int) -> Timings:
        """Compute them from the moments of a ticket that has ended."""
        ended = ticket.submitted if ticket.ended is None else ticket.ended
        first = ended if ticket.first_token is None else ticket.first_token
        dispatched = first if ticket.dispatched is None else ticket.dispatched
        decode_s = ended - first
        speed = (new_tokens - 1) / decode_s if new_tokens > 1 and decode_s > 0 else 0.0
        return cls(dispatched - ticket.submitted, first - dispatched, decode_s, ended - ticket.submitted, speed)

    @property
    def ttft_s(self) -> float:
        """Return the time to the first token, from the request's arrival."""
        return self.queue_s + self.prefill_s


class TokenLogprob(NamedTuple):
    """A drawn token as the model saw it: natural logarithms of probabilities, before any sampling option."""

    id: int
    logprob: float
    top: tuple[tuple[int, float], ...]  # the likeliest ids, likeliest first


@dataclass(frozen=True, slots=True)
class Result:
    """One request that has ended. A request's failure stands here, in `error`; it is never raised."""

    prompt: Prompt = field(repr=False)  # as it was given
    text: str = ""
    token_ids: tuple[int, ...] = ()  # as they were drawn, an end token included, which is not in the text
    finish_reason: FinishReason = "failed"  # end: the model's own; stop: a stop text; length, context: no more room
    error: str | None = None  # one line, when it failed or the service was closed over it
    prompt_tokens: int = 0
    new_tokens: int = 0
    cached_tokens: int = 0  # of the prompt, whose keys and values were there already
    timings: Timings = Timings()
    request_id: int = 0  # 0: it was refused before it became a request
    logprobs: tuple[TokenLogprob, ...] | None = None  # of each of `token_ids`, if asked for
    others: tuple[Result, ...] = field(default=(), repr=False)  # answers 1 to n - 1 to the same prompt

    @property
    def choices(self) -> tuple[Result, ...]:
        """Return all n answers, this one first."""
        return (self, *self.others)

    @property
    def ok(self) -> bool:
        """Return whether it ended by itself: it neither failed nor was cancelled."""
        return self.finish_reason in ("end", "stop", "length", "context")

    @classmethod
    def of(cls, prompt: Prompt, answer: Answer, finish: Finish) -> Result:
        """Make one from an answer that is complete."""
        failed = finish.reason in ("failed", "cancelled") and finish.message
        return cls(
            prompt,
            answer.turn.answer,
            tuple(answer.tokens),
            finish.reason,
            finish.message if failed else None,
            finish.prompt_tokens,
            finish.new_tokens,
            finish.cached_tokens,
            Timings.of(answer.ticket, finish.new_tokens),
            answer.ticket.request_id,
            _logprobs(answer),
        )


def _logprobs(answer: Answer) -> tuple[TokenLogprob, ...] | None:
    if not answer.tells_likely:
        return None
    said = zip(answer.tokens, answer.likely, strict=True)
    return tuple(TokenLogprob(token, likely.logprob, tuple(likely.top)) for token, likely in said)
