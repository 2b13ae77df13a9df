"""The ledger of requests: what each has so far and what a worker's death means for it.

Pure: no pipes, no clock, no threads. It is all that a replay needs: the ids, the emitted tokens and the coin count. A
token of a dead worker counts, a step it did not report never happened: the continuation is the text that would have
come anyway.

Blame: a request whose worker died twice without a new token for it in between is suspect and runs alone; a third such
death alone fails it, and only it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from llmproc.service.messages import Finish, FinishReason, Generate, Token

SUSPECT_DEATHS = 2
FATAL_DEATHS = 3


@dataclass(slots=True)
class Entry:
    """One accepted request."""

    request_id: int
    order: Generate
    session: int = 0
    start: int = 0  # positions of its session before this turn
    emitted: list[int] = field(default_factory=list)  # sampled tokens
    closed: bool = False  # the closing id has been reported
    slot: int | None = None
    deaths: int = 0  # in a row without a new token
    attempts: int = 0
    cancelled: bool = False
    summarised: float = 0.0  # when its last step summary was written
    dispatched_at: float = 0.0  # seconds on main's clock
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
        order, drawn = self.order, len(self.emitted) if self.order.temperature > 0 else 0
        if self.closed and order.closing is not None:
            ids = [*order.ids, *self.emitted, order.closing]
            return Generate(ids, 1, [], order.temperature, order.top_p, order.seed, order.coins + drawn, None)
        return Generate(
            [*self.order.ids, *self.emitted],
            self.order.max_tokens - len(self.emitted),
            self.order.end_tokens,
            self.order.temperature,
            self.order.top_p,
            self.order.seed,
            self.order.coins + drawn,
            self.order.closing,
        )

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
        new = len(self.emitted) + self.closed
        prompt = len(self.order.ids)
        return Finish(
            finish.request_id,
            finish.reason,
            finish.message,
            prompt,
            finish.cached_tokens,
            new,
            finish.coins,
            finish.discarded if self._discarded is None else self._discarded,
            prompt + new,
            finish.prefill_s,
            finish.decode_s + self.lost_s,
        )

    def end(self, reason: FinishReason, message: str) -> Finish:
        """A terminal event that main itself declares (cancelled while waiting, blamed, service lost)."""
        rest = self.remaining()
        new = len(self.emitted) + self.closed
        prompt = len(self.order.ids)
        return Finish(
            self.request_id,
            reason,
            message,
            prompt,
            0,
            new,
            rest.coins,
            None,
            prompt + new,
            0.0,
            0.0,
        )


class Ledger:
    """All open requests: waiting in arrival order, or running in a slot."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity  # sequences per worker
        self._waiting: list[Entry] = []
        self._running: dict[int, Entry] = {}
        self._last_slot: dict[int, int] = {}  # session -> the slot whose cache knows it

    def add(self, entry: Entry) -> None:
        """Accept a request."""
        self._waiting.append(entry)

    def get(self, request_id: int) -> Entry | None:
        """The running or waiting entry of that id."""
        return self._running.get(request_id) or next((e for e in self._waiting if e.request_id == request_id), None)

    def running_in(self, slot: int) -> list[Entry]:
        """Entries a worker holds."""
        return [entry for entry in list(self._running.values()) if entry.slot == slot]

    def open_entries(self) -> list[Entry]:
        """Everything without a terminal event."""
        return [*self._running.values(), *self._waiting]

    def next_dispatch(self, ready: list[int]) -> tuple[Entry, int] | None:
        """The next (entry, slot), or None: oldest first, to the slot that knows its session if that has room."""
        if not any(len(self.running_in(slot)) < self._capacity for slot in ready):
            return None  # the usual case: thousands may wait, and every step asks
        for entry in self._waiting:
            room = [slot for slot in ready if self._has_room(slot, entry)]
            if room:
                known = self._last_slot.get(entry.session) if entry.session else None
                return entry, known if known in room else min(room, key=lambda slot: len(self.running_in(slot)))
        return None

    def _has_room(self, slot: int, entry: Entry) -> bool:
        held = self.running_in(slot)
        return not held or (len(held) < self._capacity and not entry.suspect and not any(e.suspect for e in held))

    def dispatched(self, entry: Entry, slot: int, now: float) -> None:
        """The entry has been sent to `slot` at `now`."""
        self._waiting.remove(entry)
        entry.dispatched_at = now
        entry.slot, entry.attempts = slot, entry.attempts + 1
        self._running[entry.request_id] = entry
        if entry.session:
            self._last_slot[entry.session] = slot

    def remove(self, entry: Entry) -> None:
        """The entry has had its terminal event."""
        if self._running.pop(entry.request_id, None) is None:
            self._waiting.remove(entry)

    def worker_died(self, slot: int, now: float) -> tuple[list[Entry], list[Entry]]:
        """(entries to replay, now waiting again in front; entries to blame, still to be removed by the caller)."""
        held = self.running_in(slot)
        alone = len(held) == 1
        blamed, replayed = [], []
        for entry in held:
            entry.deaths += 1
            entry.lost_s += now - entry.dispatched_at
            if entry.deaths >= FATAL_DEATHS and alone:
                blamed.append(entry)
            else:
                del self._running[entry.request_id]
                entry.slot = None
                replayed.append(entry)
        self._waiting[:0] = replayed
        self._last_slot = {session: known for session, known in self._last_slot.items() if known != slot}
        return replayed, blamed
