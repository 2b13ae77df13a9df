"""queue: one queue for all, in order of arrival, to the worker that can begin next.

Worker processes cannot share one queue that main alone appends to without asking main for every request; stealing comes
as near to it as costs allow, and this is what it is measured against. Requests to servers are all handed out by main,
and may have it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from llmproc.dispatch.policy import Request, checked, most_free
from llmproc.dispatch.waiting import Waiting


class SharedQueue:
    """A policy with one queue for all workers. Affinity is ignored."""

    name: ClassVar[str] = "queue"
    steals: ClassVar[bool] = False
    ideal: ClassVar[str] = "queue"

    def __init__(self, workers: int, sequences: int) -> None:
        _, self._sequences = checked(workers, sequences)
        self._waiting = Waiting()

    def add(self, request: Request) -> None:
        self._waiting.add(request)

    def add_again(self, request: Request, worker: int) -> None:
        self._waiting.add_again(request)

    def next(self, rooms: Sequence[int], running: Sequence[int]) -> tuple[int, int] | None:
        """Give the one that arrived first to the worker with most free sequences; of equals the first."""
        worker = most_free(rooms, running, self._sequences)
        return None if worker is None or not self._waiting else (self._waiting.pop(), worker)

    def remove(self, request_id: int) -> bool:
        return self._waiting.remove(request_id)

    def __len__(self) -> int:
        return len(self._waiting)
