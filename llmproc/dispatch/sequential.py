"""seq: the first worker alone, one request at a time. The honest baseline: every prompt is asked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from llmproc.dispatch.policy import Request, checked
from llmproc.dispatch.waiting import Waiting


class Sequential:
    """See Policy. Affinity is ignored: there is one worker."""

    name: ClassVar[str] = "seq"
    steals: ClassVar[bool] = False

    def __init__(self, workers: int, sequences: int) -> None:
        checked(workers, sequences)
        self._waiting = Waiting()

    def add(self, request: Request) -> None:
        """See Policy."""
        self._waiting.add(request)

    def add_again(self, request: Request, worker: int) -> None:
        """See Policy."""
        self._waiting.add_again(request)

    def next(self, rooms: Sequence[int], running: Sequence[int]) -> tuple[int, int] | None:
        """The next one when worker 0 has nothing."""
        if not self._waiting or running[0] or not rooms[0]:
            return None
        return self._waiting.pop(), 0

    def remove(self, request_id: int) -> bool:
        """See Policy."""
        return self._waiting.remove(request_id)

    def __len__(self) -> int:
        return len(self._waiting)
