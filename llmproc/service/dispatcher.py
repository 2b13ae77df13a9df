"""Requests on their way: what the policy decides is put on the board, what workers say of it goes to the tickets.

    accept -> policy -> board, ring of a worker ~~~~> taken (Taken) -> tokens (Token) -> end (Finish)
                 ^                    ^                      |
                 +---- worker died ---+----------------------+     from its ids and draws, on another one

Runs on the I/O thread. Mechanism: which request goes to which ring is the policy's decision, what a death means the
request table's, who is woken that of the wakeups; who runs a request is settled among the workers, by compare-and-swap.
What is heard changes the books at once; what follows is done by `flush`, once for all that was heard in a round.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

from llmproc.dispatch import Policy, Request
from llmproc.errors import LlmprocError, RequestError
from llmproc.monitor.observer import Observer
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.requestboard import RequestBoard
from llmproc.service.messages import Cancel, Events, Finish, Generate, Taken, to_frame
from llmproc.service.request_table import RequestState, RequestTable
from llmproc.service.ticket import Ticket
from llmproc.service.wakeups import Wakeups, Workers

STEP_SUMMARY_S = 0.3


class Dispatcher:
    """Every accepted request ends in exactly one Finish."""

    def __init__(
        self, policy: Policy, board: RequestBoard, sequences: int, workers: Workers, observer: Observer
    ) -> None:
        """`sequences`: requests a worker runs side by side."""
        self.requests = RequestTable()
        self._policy, self._board = policy, board
        self._workers, self._observer = workers, observer
        self._tickets: dict[int, Ticket] = {}
        self._on_board: dict[int, RequestState] = {}  # by place
        self._told: dict[int, RequestState] = {}  # cancelled, their callers know it; still on the board
        self._stranded: list[RequestState] = []  # to be appended again to the ring they were in
        self._in_ring = [0] * board.layout.workers
        self._changed = False  # since the last `flush`: something may be appended, or somebody must be woken
        self._freed: set[int] = set()  # since then: may have a sequence free again
        self._took = 0  # since then: requests that workers said they have taken
        self._steals = policy.steals and board.layout.workers > 1
        self._wakeups = Wakeups(workers, self._steals, lambda worker: self.requests.count(worker) < sequences)

    # -- callers ----------------------------------------------------------------------------------------------------

    def accept(self, entry: RequestState, ticket: Ticket) -> None:
        """From here on the request ends in exactly one Finish."""
        self._tickets[entry.request_id] = ticket
        self.requests.add(entry)
        self._observer.event(
            "request_arrived", request=entry.request_id, session=entry.session, prompt_tokens=len(entry.order.ids)
        )
        self._policy.add(Request(entry.request_id, cost_of(entry.order), self.requests.home(entry)))
        self._changed = True

    def cancel(self, request_id: int) -> None:
        """End a request; what it has so far stays."""
        entry = self.requests.get(request_id)
        if entry is None or entry.cancelled:
            return
        entry.cancelled = True
        if entry.worker is not None:
            self._send_cancel(entry.worker, request_id)
            return
        self._policy.remove(request_id)
        if entry.place is not None:  # whoever wins it ends it, be it long after the caller has gone
            self._board.set_cancel(entry.place)
            self._told[request_id] = entry
            if entry.ring is None:  # it came back from a dead worker, and has been in no ring since
                entry.ring = self._in_ring.index(min(self._in_ring))
                self._in_ring[entry.ring] += 1
                self._stranded.append(entry)
        self._close(entry, entry.end("cancelled", ""))
        self._changed |= entry in self._stranded

    def end_all(self, reason: LlmprocError | None) -> None:
        """Nobody will answer any more: failed for a reason, cancelled without one. The board is left as it stands."""
        for entry in self.requests.open_entries():
            if reason:
                self._close(entry, entry.end("failed", str(reason)))
            else:
                self._close(entry, entry.end("cancelled", "the service was closed"))

    # -- workers ----------------------------------------------------------------------------------------------------

    def worker_ready(self, worker: int) -> None:
        """It may have been born after the wakeups for what waits."""
        self._wakeups.heard(worker)
        self._look_at([worker])

    def heard(self, worker: int, events: Events) -> None:
        """What a worker says."""
        finished = False
        self._wakeups.heard(worker)
        for event in events.items:
            if isinstance(event, Taken):
                self._took += 1
                self._taken(worker, event)
                continue
            entry = self.requests.get(event.request_id)
            if entry is None or entry.worker != worker:
                finished |= isinstance(event, Finish) and self._leave_told(event.request_id)
            elif isinstance(event, Finish):
                finished = True
                self._end(entry, entry.finish(event))
            else:
                if not entry.emitted:
                    self._observer.event("first_token", request=entry.request_id)
                if entry.token(event):
                    self._tickets[entry.request_id].put(event)
                    self._summarise(entry)
        if finished or (self._board.producer == "owner" and any(self._in_ring)):
            # an owner publishes when it reads its pipe, and cannot wake thieves: they are looked at after each word
            self._look_at([worker] if self._board.producer == "main" else range(len(self._in_ring)))

    def worker_died(self, worker: int, now: float) -> None:
        """It has been reaped and all it said was heard: what it ran waits again, or is to blame."""
        for place in self._board.reaped(worker):
            held = self._on_board[place]
            if held.request_id in self._told:
                self._leave_told(held.request_id)
            elif held.worker is None:  # it won the word and could not say so any more
                self._note_taken(held, worker, now)
        again, blamed = self.requests.worker_died(worker, now)
        for entry in blamed:
            self._end(entry, entry.end("failed", f"{entry.deaths} workers in a row died on this request"))
        for entry in again:
            self._again(entry, worker)
        waiting = (self._on_board[place] for place in self._board.stranded())
        self._stranded += [e for e in waiting if e.ring is not None and e not in self._stranded]
        self._wakeups.heard(worker)
        self._look_at(range(len(self._in_ring)))  # it may have slept through a bell that was meant for all

    def wake_again(self) -> None:
        """Now and then, while anything waits: whoever was woken may have been stopped in his sleep."""
        self._wake_others(1)

    def flush(self) -> bool:
        """After everything that could be heard just now: append what can be, and wake whom that needs.

        Returns whether there was anything but tokens.
        """
        acted = self._changed or self._took > 0
        if self._changed:
            freed, self._freed, self._changed = self._freed, set(), False
            self._fill(freed)
        if self._took:
            took, self._took = self._took, 0
            self._wake_others(took)
        return acted

    def awaits(self, worker: int) -> bool:
        """Whether something is expected of a worker: it runs a request, or its ring holds one."""
        return bool(self.requests.count(worker) or self._in_ring[worker])

    # -- the board --------------------------------------------------------------------------------------------------

    def _look_at(self, workers: Iterable[int]) -> None:
        self._freed.update(workers)
        self._changed = True

    def _wake_others(self, count: int) -> None:
        """So many at most: for what is left in rings, if it may be stolen."""
        if self._steals and (left := sum(self._in_ring)):
            self._wakeups.wake_others(min(count, left))

    def _fill(self, freed: set[int]) -> None:
        """Append what the policy gives, and ring the wakeups; `freed`: workers that may have a sequence free again."""
        if not (freed or self._stranded) and min(self._in_ring) >= self._board.layout.cells:
            return  # the usual case while thousands are submitted
        board, ready = self._board, self._workers.ready()
        cells: dict[int, list[bytes]] = {}
        for entry in self._stranded[:]:
            if entry.ring is not None and self._reachable(entry.ring, ready) and board.room(entry.ring):
                self._stranded.remove(entry)
                self._append(entry, entry.ring, cells)
        rooms = [
            board.room(worker) if reads or (self._policy.steals and self._reachable(worker, ready)) else 0
            for worker, reads in enumerate(ready)
        ]
        running = [self.requests.count(worker) + count for worker, count in enumerate(self._in_ring)]
        while len(self._policy) and board.free_slots:
            found = self._policy.next(rooms, running)
            if found is None:
                break
            next_one = self.requests.get(found[0])
            assert next_one is not None, "a policy gives what it was given"
            if self._put(next_one):
                ring = found[1]
                rooms[ring], running[ring] = rooms[ring] - 1, running[ring] + 1
                self._in_ring[ring] += 1
                self._append(next_one, ring, cells)
        left = self._steals and any(self._in_ring)
        self._wakeups.ring(ready, cells, [worker for worker in freed if left or self._in_ring[worker]])

    def _reachable(self, ring: int, ready: list[bool]) -> bool:
        """Whether a ring can be appended to: where main is no producer, its owner must be there to be one."""
        return ready[ring] or self._board.producer == "main"

    def _put(self, entry: RequestState) -> bool:
        """Onto the board, unless it stands there already."""
        if entry.place is None:
            try:
                entry.place = self._board.write_request(to_frame(entry.remaining(), entry.request_id))
            except LlmprocError as error:  # too large for a frame or for its place
                self._close(entry, entry.end("failed", str(error)))
                return False
            self._on_board[entry.place] = entry
        return True

    def _append(self, entry: RequestState, ring: int, cells: dict[int, list[bytes]]) -> None:
        assert entry.place is not None
        entry.ring = ring
        cell = self._board.append(ring, entry.place)
        self._observer.event("request_queued", request=entry.request_id, ring=ring)
        cells.setdefault(ring, []).append(cell)

    def _taken(self, worker: int, event: Taken) -> None:
        if event.request_id in self._told:
            self._send_cancel(worker, event.request_id)  # it may have been won just before the flag was set
            return
        entry = self.requests.get(event.request_id)
        if entry is None:
            return
        if not self.requests.count(worker):
            self._observer.turn_began(self._workers.pid(worker))
        self._note_taken(entry, worker, event.at)
        ticket = self._tickets[entry.request_id]
        ticket.dispatched = ticket.dispatched or event.at
        ticket.worker, ticket.attempts = worker, entry.attempts
        pid = self._workers.pid(worker)
        fields = {"request": entry.request_id, "worker": worker, "pid": pid, "ring": event.ring, "at": event.at}
        self._observer.event("request_dispatched", **fields)
        if event.ring != worker:
            self._observer.event("request_stolen", **fields)

    def _note_taken(self, entry: RequestState, worker: int, at: float) -> None:
        self._leave_ring(entry)
        self.requests.taken(entry, worker, at)

    def _leave_ring(self, entry: RequestState) -> None:
        if entry.ring is not None:
            self._in_ring[entry.ring] -= 1
            entry.ring = None
        if entry in self._stranded:
            self._stranded.remove(entry)

    def _leave_told(self, request_id: int) -> bool:
        """A cancelled request has left the board."""
        entry = self._told.pop(request_id, None)
        if entry is not None:
            self._leave_board(entry)
        return entry is not None

    def _leave_board(self, entry: RequestState) -> None:
        """Whoever ran it is done with it, or dead."""
        assert entry.place is not None
        self._leave_ring(entry)
        del self._on_board[entry.place]
        self._board.release(entry.place)
        entry.place = None

    def _again(self, entry: RequestState, worker: int) -> None:
        """The request of a dead worker."""
        if entry.cancelled:
            self._end(entry, entry.end("cancelled", ""))
            return
        assert entry.place is not None
        try:
            self._board.take_back(entry.place, to_frame(entry.remaining(), entry.request_id))
        except RequestError as error:
            self._end(entry, entry.end("failed", str(error)))
            return
        self._policy.add_again(Request(entry.request_id, cost_of(entry.remaining())), worker)

    def _send_cancel(self, worker: int, request_id: int) -> None:
        with contextlib.suppress(OutboxFullError):
            self._workers.send(worker, to_frame(Cancel(), request_id))

    # -- the end of a request ---------------------------------------------------------------------------------------

    def _summarise(self, entry: RequestState) -> None:
        now = time.monotonic()
        if now - entry.summarised >= STEP_SUMMARY_S:
            entry.summarised = now
            tokens = len(entry.emitted)
            position = len(entry.order.ids) + tokens
            self._observer.event("step", request=entry.request_id, position=position, tokens=tokens)

    def _end(self, entry: RequestState, finish: Finish) -> None:
        """By the worker that ran it, or after its death."""
        self._leave_board(entry)
        self._close(entry, finish)

    def _close(self, entry: RequestState, finish: Finish) -> None:
        worker = entry.worker
        self.requests.remove(entry)
        if worker is not None and not self.requests.count(worker) and (pid := self._workers.pid(worker)):
            self._observer.turn_ended(pid)
        self._observer.event(
            "request_done",
            request=entry.request_id,
            reason=finish.reason,
            prompt_tokens=finish.prompt_tokens,
            cached_tokens=finish.cached_tokens,
            new_tokens=finish.new_tokens,
            positions=finish.positions - entry.start,
            seq_len=finish.positions,
            prefill_s=finish.prefill_s,
            decode_s=finish.decode_s,
            **({"message": finish.message} if finish.message else {}),
        )
        self._tickets.pop(entry.request_id).put(finish)


def cost_of(order: Generate) -> float:
    """What a policy may expect of a request: the seconds of a wait, else the tokens it has and may make."""
    return order.wait_s or float(len(order.ids) + order.max_tokens)
