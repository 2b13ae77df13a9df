"""A submitted request as its caller sees it."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator

from llmproc.service.messages import Finish, Token


class Ticket:
    """A submitted request: iterate its events; the last one is the Finish."""

    def __init__(self, request_id: int, cancel: Callable[[], None]) -> None:
        self.request_id, self.cancel = request_id, cancel
        self._events: queue.SimpleQueue[Token | Finish] = queue.SimpleQueue()

    def put(self, event: Token | Finish) -> None:
        """For the service."""
        self._events.put(event)

    def next(self, timeout: float | None = None) -> Token | Finish | None:
        """The next event; None when none comes within `timeout` seconds."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def __iter__(self) -> Iterator[Token | Finish]:
        while True:
            event = self._events.get()
            yield event
            if isinstance(event, Finish):
                return
