"""seq: the first worker alone, one request at a time. The baseline: every prompt is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from llmproc.dispatch.policy import Request, checked
from llmproc.dispatch.waiting import Waiting


class Sequential:
    """A policy that gives worker 0 one request at a time. Affinity is ignored."""

    name: ClassVar[str] = "seq"
    steals: ClassVar[bool] = False
    ideal: ClassVar[str] = "seq"

    def __init__(self, workers: int, sequences: int) -> None:
        checked(workers, sequences)
        self._waiting = Waiting()

    def add(self, request: Request) -> None:
        self._waiting.add(request)

    def add_again(self, request: Request, worker: int) -> None:
        self._waiting.add_again(request)

    def next(self, rooms: Sequence[int], running: Sequence[int]) -> tuple[int, int] | None:
        """Give the next one when worker 0 has nothing."""
        if not self._waiting or running[0] or not rooms[0]:
            return None
        return self._waiting.pop(), 0

    def remove(self, request_id: int) -> bool:
        return self._waiting.remove(request_id)

    def __len__(self) -> int:
        return len(self._waiting)
