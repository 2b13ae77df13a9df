"""sp: requests are dealt round-robin when they arrive and stay where they were dealt to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from llmproc.dispatch.policy import Request, checked
from llmproc.dispatch.waiting import Waiting


class Static:
    """A policy that deals requests round-robin. An affinity wins over the deal, and takes no turn of it."""

    name: ClassVar[str] = "sp"
    steals: ClassVar[bool] = False
    ideal: ClassVar[str] = "sp"

    def __init__(self, workers: int, sequences: int) -> None:
        self._workers, _ = checked(workers, sequences)
        self._waiting = [Waiting() for _ in range(workers)]
        self._dealt_to: dict[int, int] = {}  # request id -> worker, of those that wait
        self._turn = 0

    def add(self, request: Request) -> None:
        """Deal it to the worker of its affinity, else to the worker whose turn it is."""
        worker = self._turn if request.affinity is None else request.affinity
        self._put(request, worker, again=False)
        if request.affinity is None:
            self._turn = (self._turn + 1) % self._workers

    def add_again(self, request: Request, worker: int) -> None:
        """Deal it to the slot it comes back from."""
        self._put(request, worker, again=True)

    def _put(self, request: Request, worker: int, again: bool) -> None:
        if not 0 <= worker < self._workers:
            raise ValueError(f"request {request.request_id} for worker {worker} of {self._workers}")
        if request.request_id in self._dealt_to:
            raise ValueError(f"request {request.request_id} waits already")
        queue = self._waiting[worker]
        (queue.add_again if again else queue.add)(request)
        self._dealt_to[request.request_id] = worker

    def next(self, rooms: Sequence[int], running: Sequence[int]) -> tuple[int, int] | None:
        """Give to the worker with least to do that has room; of equals the one whose next request arrived first."""
        can = [worker for worker, queue in enumerate(self._waiting) if queue and rooms[worker]]
        if not can:
            return None
        worker = min(can, key=lambda worker: (running[worker], self._waiting[worker].first()))
        request_id = self._waiting[worker].pop()
        del self._dealt_to[request_id]
        return request_id, worker

    def remove(self, request_id: int) -> bool:
        worker = self._dealt_to.pop(request_id, None)
        return worker is not None and self._waiting[worker].remove(request_id)

    def __len__(self) -> int:
        return len(self._dealt_to)
