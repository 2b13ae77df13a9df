"""Where every request stands: with the policy, on the board and in a ring, or with a worker.

    add --> policy --> flush: board, ring of a worker ~~~~> taken --> running --> release
              ^                    ^      by compare-and-swap          |
              +-- take_back -------+------------- worker died ---------+

Mechanism: which request goes to which ring is the policy's decision, who is woken that of `wakeups`; which worker runs
a request is settled among the workers. Used by `service.dispatcher`, on the I/O thread. Never in it: tickets, and what
a death means. What is reported changes the books at once; what follows from it is done by `flush`, once a round.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable

from llmproc.dispatch import Policy, Request
from llmproc.errors import LlmprocError
from llmproc.monitor.events import RequestQueued
from llmproc.monitor.observer import OnEvent
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.requestboard import RequestBoard
from llmproc.service.messages import Cancel, Wakeup, to_frame
from llmproc.service.request_state import ENDED, QUEUED, RUNNING, STRANDED, WAITING, RequestState
from llmproc.service.wakeups import Workers, sleepers, to_wake

_WAKEUP = to_frame(Wakeup())


class Placement:
    """The policy, the board with its rings, and which worker runs what."""

    def __init__(
        self, policy: Policy, board: RequestBoard, sequences: int, workers: Workers, on_event: OnEvent
    ) -> None:
        """Begin with an empty board. `sequences`: requests a worker runs side by side."""
        self._policy, self._board, self._sequences = policy, board, sequences
        self._workers, self._on_event = workers, on_event
        self._waiting: dict[int, RequestState] = {}  # those that the policy has, by id
        self._on_board: dict[int, RequestState] = {}  # by slot of the board
        self._stranded: list[RequestState] = []
        self._in_ring = [0] * board.layout.workers
        self._running: list[dict[int, RequestState]] = [{} for _ in self._in_ring]
        self._affinity: dict[int, int] = {}  # session -> the worker whose cache knows it
        self._changed = False  # since the last `flush`: something may be appended, or a worker must be woken
        self._freed: set[int] = set()  # since then: may have a sequence free again
        self._taken = 0  # since then: requests that workers said they have taken
        self._woken: set[int] = set()  # workers that have sent nothing since they were woken
        self._steals = policy.steals and board.layout.workers > 1
        self._owners_publish = board.producer == "owner"
        self._fence = threading.Lock()

    # -- what is asked ----------------------------------------------------------------------------------------------

    @property
    def pending(self) -> bool:
        """Return whether `flush` has anything to do."""
        return self._changed or self._taken > 0

    def running(self, worker: int) -> list[RequestState]:
        """Return the requests a worker runs, in the order it took them."""
        return list(self._running[worker].values())

    def runs(self, worker: int) -> int:
        """Return how many requests a worker runs."""
        return len(self._running[worker])

    def expects(self, worker: int) -> bool:
        """Return whether something is expected of a worker: it runs a request, or its ring holds one."""
        return bool(self._running[worker] or self._in_ring[worker])

    def won_by(self, worker: int) -> list[RequestState]:
        """Return the requests that a dead worker had won, whether or not it could say so. It must have been reaped."""
        return [self._on_board[place] for place in self._board.reaped(worker)]

    # -- what happens to a request ----------------------------------------------------------------------------------

    def add(self, request: RequestState) -> None:
        """Hand it to the policy."""
        self._waiting[request.request_id] = request
        affinity = self._affinity.get(request.session) if request.session else None
        self._policy.add(Request(request.request_id, request.cost, affinity))
        self._changed = True

    def cancel(self, request: RequestState) -> None:
        """Cancel one that no worker is known to run. On the board it stays, until the worker that wins it ends it."""
        if self._waiting.pop(request.request_id, None):
            self._policy.remove(request.request_id)
        if request.place is None:
            request.stage = ENDED
            return
        self._board.set_cancel(request.place)
        if request.ring is None:  # it came back from a dead worker, and has been in no ring since
            request.ring = self._in_ring.index(min(self._in_ring))
            self._in_ring[request.ring] += 1
            self._strand(request)
        self._changed |= request.stage is STRANDED

    def send_cancel(self, request: RequestState, worker: int) -> None:
        """Tell the worker that has it."""
        with contextlib.suppress(OutboxFullError):
            self._workers.send(worker, to_frame(Cancel(), request.request_id))

    def taken(self, request: RequestState, worker: int, at: float) -> None:
        """Note that a worker has won it, at `at` seconds on CLOCK_MONOTONIC."""
        self._leave_ring(request)
        request.stage, request.worker = RUNNING, worker
        request.attempts, request.taken_at = request.attempts + 1, at
        self._running[worker][request.request_id] = request
        if request.session:
            self._affinity[request.session] = worker

    def leave_worker(self, request: RequestState) -> None:
        """Take it from the worker that runs it, if any does; on the board it stays."""
        if request.worker is not None:
            del self._running[request.worker][request.request_id]
            request.worker = None

    def forget_waiting(self) -> None:
        """Hand out nothing more of what the policy has."""
        for request_id in self._waiting:
            self._policy.remove(request_id)
        self._waiting.clear()

    def release(self, request: RequestState) -> None:
        """Take it off the board: the worker that ran it is done with it, or dead."""
        assert request.place is not None
        self._leave_ring(request)
        del self._on_board[request.place]
        self._board.release(request.place)
        request.place, request.stage = None, ENDED

    def take_back(self, request: RequestState) -> None:
        """Let a dead worker's request wait again. RequestError when what is left is too large for its slot."""
        assert request.place is not None and request.worker is not None
        worker = request.worker
        self.leave_worker(request)
        self._board.take_back(request.place, to_frame(request.remaining(), request.request_id))
        request.stage = WAITING
        self._waiting[request.request_id] = request
        self._policy.add_again(Request(request.request_id, request.cost), worker)

    # -- what happens to workers --------------------------------------------------------------------------------------

    def spoke(self, worker: int, took: int, finished: bool) -> None:
        """Note that a worker sent something: how many requests it took, and whether one of its requests ended."""
        self._woken.discard(worker)
        self._taken += took
        if self._owners_publish:
            if finished or any(self._in_ring):  # an owner does that when it reads its pipe, and cannot wake thieves
                self._look_at(range(len(self._in_ring)))
        elif finished:
            self._look_at([worker])

    def worker_ready(self, worker: int) -> None:
        """Look at a new worker: it may have been born after the wake-up for what waits."""
        self._woken.discard(worker)
        self._look_at([worker])

    def worker_died(self, worker: int) -> None:
        """Find what went with it, when what it had won is released or taken back."""
        for place in self._board.stranded():
            request = self._on_board[place]
            if request.stage is QUEUED:
                self._strand(request)
        self._affinity = {session: known for session, known in self._affinity.items() if known != worker}
        self._woken.discard(worker)
        self._look_at(range(len(self._in_ring)))  # it may have slept through a wake-up that was meant for all

    def wake_again(self) -> None:
        """Wake one more for what waits: the one that was woken may have been stopped in its sleep."""
        self._wake_others(1)

    # -- once a round -----------------------------------------------------------------------------------------------

    def flush(self) -> list[tuple[RequestState, str]]:
        """Append what can be, and wake workers for it; returns (request, reason) of what is too large for the board."""
        refused: list[tuple[RequestState, str]] = []
        if self._changed:
            freed, self._freed, self._changed = self._freed, set(), False
            refused = self._fill(freed)
        if self._taken:
            taken, self._taken = self._taken, 0
            self._wake_others(taken)
        return refused

    def _fill(self, freed: set[int]) -> list[tuple[RequestState, str]]:
        """Append the stranded and what the policy gives; `freed`: workers that may have a sequence free again."""
        if not (freed or self._stranded) and min(self._in_ring) >= self._board.layout.cells:
            return []  # the usual case while thousands are submitted
        ready = self._workers.ready()
        cells: dict[int, list[bytes]] = {}  # by ring: what its owner is to publish; empty where main did it
        for request in self._stranded[:]:
            ring = request.ring
            if ring is not None and self._reachable(ring, ready) and self._board.room(ring):
                self._stranded.remove(request)
                self._append(request, ring, cells)
        refused = self._deal(ready, cells)
        left = self._steals and any(self._in_ring)
        wanted = [worker for worker in freed if left or self._in_ring[worker]]
        self._wake(to_wake(cells, self._asleep(ready), wanted, self._woken, self._steals), cells)
        return refused

    def _deal(self, ready: list[bool], cells: dict[int, list[bytes]]) -> list[tuple[RequestState, str]]:
        """Append requests, for as long as the policy gives one and the board has room for it."""
        board, refused = self._board, []
        rooms = [
            board.room(worker) if reads or (self._policy.steals and self._reachable(worker, ready)) else 0
            for worker, reads in enumerate(ready)
        ]
        running = [len(runs) + count for runs, count in zip(self._running, self._in_ring, strict=True)]
        while len(self._policy) and board.free_slots and (found := self._policy.next(rooms, running)):
            request, ring = self._waiting.pop(found[0]), found[1]
            if reason := self._write(request):
                refused.append((request, reason))
                continue
            rooms[ring], running[ring] = rooms[ring] - 1, running[ring] + 1
            self._in_ring[ring] += 1
            self._append(request, ring, cells)
        return refused

    def _write(self, request: RequestState) -> str:
        """Put it on the board, unless it is there already; returns why that cannot be done, else ""."""
        if request.place is None:
            try:
                request.place = self._board.write_request(to_frame(request.remaining(), request.request_id))
            except LlmprocError as error:  # too large for a frame or for its slot
                request.stage = ENDED
                return str(error)
            self._on_board[request.place] = request
        return ""

    def _append(self, request: RequestState, ring: int, cells: dict[int, list[bytes]]) -> None:
        assert request.place is not None
        request.ring, request.stage = ring, QUEUED
        cells.setdefault(ring, []).append(self._board.append(ring, request.place))
        self._on_event(RequestQueued(request=request.request_id, ring=ring))

    def _reachable(self, ring: int, ready: list[bool]) -> bool:
        """Return whether a ring can be appended to: where main may not produce, the ring's owner must be ready."""
        return ready[ring] or not self._owners_publish

    # -- the books --------------------------------------------------------------------------------------------------

    def _look_at(self, workers: Iterable[int]) -> None:
        """Let the next `flush` see to them."""
        self._freed.update(workers)
        self._changed = True

    def _strand(self, request: RequestState) -> None:
        request.stage = STRANDED
        self._stranded.append(request)

    def _leave_ring(self, request: RequestState) -> None:
        if request.stage is STRANDED:
            self._stranded.remove(request)
        if request.ring is not None:
            self._in_ring[request.ring] -= 1
            request.ring = None

    # -- wake-ups ---------------------------------------------------------------------------------------------------

    def _asleep(self, ready: list[bool]) -> list[bool]:
        """Return per worker whether it sleeps and could run one more."""
        with self._fence:  # an atomic operation: what was appended can be seen before it is looked who sleeps
            pass
        return [
            reads and self._workers.resting(worker) and len(self._running[worker]) < self._sequences
            for worker, reads in enumerate(ready)
        ]

    def _wake_others(self, count: int) -> None:
        """Wake at most `count` workers, for what is left in rings, if it may be stolen."""
        if self._steals and (left := sum(self._in_ring)):
            asleep = self._asleep(self._workers.ready())
            self._wake(set(sleepers(asleep, min(count, left), self._woken)), {})

    def _wake(self, chosen: set[int], cells: dict[int, list[bytes]]) -> None:
        """Send a wake-up to each, and to owners that have cells to publish."""
        self._woken |= chosen
        for worker in chosen.union(ring for ring, added in cells.items() if any(added)):
            to_publish = [cell for cell in cells.get(worker, ()) if cell]
            with contextlib.suppress(OutboxFullError):  # a worker that does not read is ended by the health check
                self._workers.send(worker, to_frame(Wakeup(to_publish)) if to_publish else _WAKEUP)
