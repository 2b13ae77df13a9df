"""lpt: the longest request first, and only to a worker that can begin it. The yardstick for the others.

It has to know costs beforehand, which a real front end does not: Graham's bound of 4/3 - 1/(3 workers) times the best
(SIAM J. Appl. Math. 17, 1969) is what knowing them is worth.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import ClassVar

from llmproc.dispatch.policy import Request, checked, most_free


class LongestFirst:
    """A policy that gives the longest request first. Affinity is ignored."""

    name: ClassVar[str] = "lpt"
    steals: ClassVar[bool] = False
    ideal: ClassVar[str] = "lpt"

    def __init__(self, workers: int, sequences: int) -> None:
        _, self._sequences = checked(workers, sequences)
        self._heap: list[tuple[bool, float, int, int]] = []  # never handed out, -cost, id, serial; some are removed
        self._serials: dict[int, int] = {}  # id -> serial, of those that wait
        self._serial = 0

    def add(self, request: Request) -> None:
        self._put(request, new=True)

    def add_again(self, request: Request, worker: int) -> None:
        """Put back a request; the longest of those that came back goes first."""
        self._put(request, new=False)

    def _put(self, request: Request, new: bool) -> None:
        if request.request_id in self._serials:
            raise ValueError(f"request {request.request_id} waits already")
        self._serial += 1
        heapq.heappush(self._heap, (new, -request.cost, request.request_id, self._serial))
        self._serials[request.request_id] = self._serial

    def next(self, rooms: Sequence[int], running: Sequence[int]) -> tuple[int, int] | None:
        """Give the longest, of equals the one that arrived first, to the worker with most free sequences."""
        worker = most_free(rooms, running, self._sequences)
        if worker is None or not self._serials:
            return None
        while True:
            _, _, request_id, serial = heapq.heappop(self._heap)
            if self._serials.get(request_id) == serial:
                del self._serials[request_id]
                return request_id, worker

    def remove(self, request_id: int) -> bool:
        return self._serials.pop(request_id, None) is not None

    def __len__(self) -> int:
        return len(self._serials)
