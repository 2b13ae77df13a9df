"""A submitted request as its caller sees it."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

from llmproc.processes.patience import slices
from llmproc.service.messages import Finish, Token


class Ticket:
    """A submitted request: iterate its events; the last one is the Finish.

    Moments are seconds on CLOCK_MONOTONIC in main, None until they have come; a replay changes none that has.
    `worker`: the slot it is or was last with, `attempts`: how many workers it has been given to.
    """

    def __init__(self, request_id: int, cancel: Callable[[], object], notify: Callable[[], None] | None = None) -> None:
        """Begin without events. `notify`: called on the I/O thread for each, for callers that must not wait."""
        self.request_id, self.cancel, self._notify = request_id, cancel, notify
        self.submitted = time.monotonic()
        self.dispatched: float | None = None
        self.first_token: float | None = None
        self.ended: float | None = None
        self.worker: int | None = None
        self.attempts = 0
        self._events: queue.SimpleQueue[Token | Finish] = queue.SimpleQueue()
        self._under_way = threading.Lock()
        self._under_way.acquire()

    def put(self, event: Token | Finish) -> None:
        """Give the caller an event; called by the service."""
        if isinstance(event, Finish):
            self.ended = time.monotonic()
        elif self.first_token is None:
            self.first_token = time.monotonic()
        self._events.put(event)
        if self.ended is not None:
            self._under_way.release()
        if self._notify:
            self._notify()

    def next(self, timeout: float | None = None) -> Token | Finish | None:
        """Return the next event; None when none comes within `timeout` seconds."""
        try:
            return self._events.get_nowait()  # a timeout costs as much as all else here, and is seldom needed
        except queue.Empty:
            pass
        for part in slices(timeout):
            try:
                return self._events.get(timeout=part)
            except queue.Empty:
                continue
        return None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds for the end; return whether it came. For callers that want only the whole."""
        if not any(self._under_way.acquire(timeout=part) for part in slices(timeout)):
            return False
        self._under_way.release()  # for the next who asks
        return True

    def __iter__(self) -> Iterator[Token | Finish]:
        while (event := self.next()) is not None:
            yield event
            if isinstance(event, Finish):
                return
