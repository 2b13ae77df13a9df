"""One request on its way: where it stands, what it has so far, and what a worker's death means for it.

                 append                a worker wins it             Finish
    WAITING -----------------> QUEUED ------------------> RUNNING ----------> ENDED
       ^                       |    ^                        |
       |     a thief died      v    | append again           |
       |                     STRANDED                        |
       +----------------- its worker died -------------------+

    WAITING    the policy has it; after a death its slot of the board is kept
    QUEUED     in a ring: the worker that wins it runs it
    STRANDED   on the board, and in no ring: its cell went with a worker that died; it goes to the same ring again
    RUNNING    a worker has it
    ENDED      it is off the board, or never got there

A cancelled request that no worker runs has its Finish at once (`answered`), but stays on the board, in these states,
until a worker has won it and ended it, or has died.

Pure: no pipes, no clock, no threads. It is all a replay needs: the ids, the emitted tokens and the number of draws.
A token of a dead worker counts, a step it did not report never happened: the continuation is the text that would have
come anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from msgspec import structs

from llmproc.engine.shaping import ROUNDS_TO_ZERO
from llmproc.service.messages import Finish, FinishReason, Generate
from llmproc.service.ticket import Ticket

SUSPECT_DEATHS = 2
FATAL_DEATHS = 3


class Stage(Enum):
    """Place of a request on its way; the diagram is at the top of this file."""

    WAITING = "waiting"
    QUEUED = "queued"
    STRANDED = "stranded"
    RUNNING = "running"
    ENDED = "ended"


WAITING, QUEUED, STRANDED, RUNNING, ENDED = Stage  # looking up a member by its class takes 0.1 us until Python 3.12


@dataclass(slots=True, eq=False)
class RequestState:
    """One accepted request."""

    request_id: int
    order: Generate
    ticket: Ticket
    session: int = 0
    start: int = 0  # positions of its session before this turn
    stage: Stage = WAITING
    emitted: list[int] = field(default_factory=list)  # sampled tokens
    closed: bool = False  # the closing id has been reported
    worker: int | None = None  # that runs it
    place: int | None = None  # its slot of the board
    ring: int | None = None  # that it is in (QUEUED), or is to be appended to again (STRANDED)
    deaths: int = 0  # in a row without a new token
    attempts: int = 0
    cancelled: bool = False
    answered: bool = False  # its ticket has got the Finish
    summarised: float = 0.0  # when its last step summary was written
    taken_at: float = 0.0  # seconds on CLOCK_MONOTONIC
    lost_s: float = 0.0  # spent with workers that died
    _discarded: int | None = None

    @property
    def suspect(self) -> bool:
        """Return whether it must run alone."""
        return self.deaths >= SUSPECT_DEATHS

    @property
    def cost(self) -> float:
        """Return the expected cost of the rest, for a policy: the seconds of a wait, else tokens read and written."""
        order = self.remaining()
        return order.wait_s or float(len(order.ids) + order.max_tokens)

    def remaining(self) -> Generate:
        """Return the order that continues where the emitted tokens end.

        After the closing id only the draw of the pass over it is missing: one token, which `add` takes as discarded.
        """
        if not (self.emitted or self.closed or self.suspect):
            return self.order
        order, drawn = self.order, len(self.emitted) if self.order.temperature > ROUNDS_TO_ZERO else 0
        if self.closed and order.closing is not None:
            ids = [*order.ids, *self.emitted, order.closing]
            rest = structs.replace(order, ids=ids, max_tokens=1, end_tokens=[], closing=None)
        else:
            ids = [*order.ids, *self.emitted]
            rest = structs.replace(order, ids=ids, max_tokens=order.max_tokens - len(self.emitted))
        return structs.replace(rest, draws=order.draws + drawn, alone=self.suspect)

    def add(self, ids: list[int], closed: bool = False) -> bool:
        """Add a worker's ids, at least one; False when the caller is not to see them (drawn after the closing id).

        `closed`: the last one is the closing id.
        """
        self.deaths = 0
        if self.closed:
            self._discarded = ids[-1]
            return False
        self.closed = closed
        self.emitted += ids[:-1] if closed else ids
        return True

    def finish(self, finish: Finish) -> Finish:
        """Return the worker's terminal event in terms of the whole request, earlier attempts included."""
        if self.attempts <= 1:
            return finish
        new, prompt = len(self.emitted) + self.closed, len(self.order.ids)
        return structs.replace(
            finish,
            prompt_tokens=prompt,
            new_tokens=new,
            discarded=finish.discarded if self._discarded is None else self._discarded,
            positions=prompt + new,
            decode_s=finish.decode_s + self.lost_s,
        )

    def end(self, reason: FinishReason, message: str = "") -> Finish:
        """Return a terminal event that main itself declares (cancelled while waiting, blamed, service lost)."""
        return Finish.plain(
            self.request_id,
            reason,
            prompt_tokens=len(self.order.ids),
            new_tokens=len(self.emitted) + self.closed,
            draws=self.remaining().draws,
            message=message,
        )


def blame(held: Iterable[RequestState], now: float) -> tuple[list[RequestState], list[RequestState]]:
    """Judge the requests that a worker held when it died at `now`: (those to run again, those that fail).

    A request whose worker died twice without a new token for it in between is suspect and runs alone; a third such
    death alone fails it, and only it.
    """
    requests = list(held)
    for request in requests:
        request.deaths += 1
        request.lost_s += now - request.taken_at
    fatal = len(requests) == 1 and requests[0].deaths >= FATAL_DEATHS
    return ([], requests) if fatal else (requests, [])
