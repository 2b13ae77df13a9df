"""The requests of requests: what each has so far and what a worker's death means for it.

Pure: no pipes, no clock, no threads. It is all that a replay needs: the ids, the emitted tokens and the coin count. A
token of a dead worker counts, a step it did not report never happened: the continuation is the text that would have
come anyway.

Blame: a request whose worker died twice without a new token for it in between is suspect and runs alone; a third such
death alone fails it, and only it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec import structs

from llmproc.service.messages import Finish, FinishReason, Generate, Token

SUSPECT_DEATHS = 2
FATAL_DEATHS = 3


@dataclass(slots=True, eq=False)
class RequestState:
    """One accepted request."""

    request_id: int
    order: Generate
    session: int = 0
    start: int = 0  # positions of its session before this turn
    emitted: list[int] = field(default_factory=list)  # sampled tokens
    closed: bool = False  # the closing id has been reported
    worker: int | None = None  # that runs it
    place: int | None = None  # on the board
    ring: int | None = None  # where it waits to be taken
    deaths: int = 0  # in a row without a new token
    attempts: int = 0
    cancelled: bool = False
    summarised: float = 0.0  # when its last step summary was written
    taken_at: float = 0.0  # seconds on CLOCK_MONOTONIC
    lost_s: float = 0.0  # spent with workers that died
    _discarded: int | None = None

    @property
    def suspect(self) -> bool:
        """Whether it must run alone."""
        return self.deaths >= SUSPECT_DEATHS

    def remaining(self) -> Generate:
        """The order that continues where the emitted tokens end.

        After the closing id only the coin of the pass over it is missing: one token, which `token` takes as discarded.
        """
        if not (self.emitted or self.closed or self.suspect):
            return self.order
        order, drawn = self.order, len(self.emitted) if self.order.temperature > 0 else 0
        if self.closed and order.closing is not None:
            ids = [*order.ids, *self.emitted, order.closing]
            rest = structs.replace(order, ids=ids, max_tokens=1, end_tokens=[], closing=None)
        else:
            ids = [*order.ids, *self.emitted]
            rest = structs.replace(order, ids=ids, max_tokens=order.max_tokens - len(self.emitted))
        return structs.replace(rest, draws=order.draws + drawn, alone=self.suspect)

    def token(self, token: Token) -> bool:
        """Take a worker's token; False when the caller is not to see it (drawn after the closing id)."""
        self.deaths = 0
        if self.closed:
            self._discarded = token.token
            return False
        if token.sampled:
            self.emitted.append(token.token)
        else:
            self.closed = True
        return True

    def finish(self, finish: Finish) -> Finish:
        """The worker's terminal event in terms of the whole request, earlier attempts included."""
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

    def end(self, reason: FinishReason, message: str) -> Finish:
        """A terminal event that main itself declares (cancelled while waiting, blamed, service lost)."""
        return Finish.plain(
            self.request_id,
            reason,
            prompt_tokens=len(self.order.ids),
            new_tokens=len(self.emitted) + self.closed,
            draws=self.remaining().draws,
            message=message,
        )


class RequestTable:
    """All open requests, and which worker runs which. Where those that wait stand is the policy's and the board's."""

    def __init__(self) -> None:
        self._open: dict[int, RequestState] = {}
        self._running: dict[int, dict[int, RequestState]] = {}  # worker -> request id -> entry
        self._known: dict[int, int] = {}  # session -> the worker whose cache knows it

    def add(self, entry: RequestState) -> None:
        """Accept a request."""
        self._open[entry.request_id] = entry

    def get(self, request_id: int) -> RequestState | None:
        """The open entry of that id."""
        return self._open.get(request_id)

    def running_in(self, worker: int) -> list[RequestState]:
        """Entries a worker runs, in the order it took them."""
        return list(self._running.get(worker, {}).values())

    def count(self, worker: int) -> int:
        """How many those are."""
        return len(self._running.get(worker, ()))

    def open_entries(self) -> list[RequestState]:
        """Everything without a terminal event, in the order it was accepted."""
        return list(self._open.values())

    def home(self, entry: RequestState) -> int | None:
        """The worker that ran its session's last turn, and has not died since."""
        return self._known.get(entry.session) if entry.session else None

    def taken(self, entry: RequestState, worker: int, now: float) -> None:
        """A worker has won the entry at `now`."""
        entry.worker, entry.attempts, entry.taken_at = worker, entry.attempts + 1, now
        self._running.setdefault(worker, {})[entry.request_id] = entry
        if entry.session:
            self._known[entry.session] = worker

    def remove(self, entry: RequestState) -> None:
        """The entry has had its terminal event."""
        del self._open[entry.request_id]
        if entry.worker is not None:
            del self._running[entry.worker][entry.request_id]

    def worker_died(self, worker: int, now: float) -> tuple[list[RequestState], list[RequestState]]:
        """(entries that must run again, in no worker now; entries to blame, still to be removed by the caller)."""
        held = self.running_in(worker)
        blamed, again = [], []
        for entry in held:
            entry.deaths += 1
            entry.lost_s += now - entry.taken_at
            if entry.deaths >= FATAL_DEATHS and len(held) == 1:
                blamed.append(entry)
            else:
                del self._running[worker][entry.request_id]
                entry.worker = None
                again.append(entry)
        self._known = {session: known for session, known in self._known.items() if known != worker}
        return again, blamed
