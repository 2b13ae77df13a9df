"""A submitted request as its caller sees it: ids in batches, as they have come, then the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import msgspec

from llmproc.processes.mailbox import Mailbox
from llmproc.processes.patience import slices
from llmproc.service.messages import Finish, Likely


class Tokens(msgspec.Struct):
    """Ids that joined a request, at least one."""

    ids: list[int]
    closed: bool = False  # the last one was put there by the closing rule, the others were drawn
    likely: list[Likely] = []  # one for each of them, if the request asks for it


class Ticket:
    """A submitted request: iterate its events, batches of ids; the last event is the Finish.

    Moments are seconds on CLOCK_MONOTONIC in main, None until they have come; a replay changes none that has.
    `worker`: the slot it is or was last with, `attempts`: how many workers it has been given to.
    """

    def __init__(self, request_id: int, cancel: Callable[[], object], notify: Callable[[], None] | None = None) -> None:
        """Begin without events. `notify`: called on the I/O thread for each `put`, for callers that must not wait."""
        self.request_id, self.cancel, self._notify = request_id, cancel, notify
        self.submitted = time.monotonic()
        self.dispatched: float | None = None
        self.first_token: float | None = None
        self.ended: float | None = None
        self.worker: int | None = None
        self.attempts = 0
        self.arrived = 0  # ids so far
        self._events: Mailbox[Tokens | Finish] = Mailbox()
        self._next: Tokens | Finish | None = None  # taken from the queue and not given to the caller
        self._under_way = threading.Lock()
        self._under_way.acquire()

    def put(self, event: Tokens | Finish) -> None:
        """Give the caller an event; called by the service."""
        if isinstance(event, Finish):
            self.ended = time.monotonic()
        else:
            self.arrived += len(event.ids)
            if self.first_token is None:
                self.first_token = time.monotonic()
        self._events.put(event)
        if self.ended is not None:
            self._under_way.release()
        if self._notify:
            self._notify()

    def next(self, timeout: float | None = None) -> Tokens | Finish | None:
        """Return all ids that have come since, or the end after them; None when neither comes within `timeout` seconds.

        For one reader at a time.
        """
        event, self._next = self._next, None
        if event is None and self._events.empty():
            event = None if timeout == 0 else self._wait(timeout)
        elif event is None:
            event = self._events.take(0)
        return event if not isinstance(event, Tokens) or self._events.empty() else self._joined(event)

    def _joined(self, first: Tokens) -> Tokens:
        """Return a batch and those after it as one; what is not a batch is kept for the next call."""
        found = Tokens(first.ids[:], first.closed, first.likely[:])
        while self._next is None and not self._events.empty():
            event = self._events.take(0)
            if isinstance(event, Tokens):
                found.ids += event.ids
                found.likely += event.likely
                found.closed = event.closed
            else:
                self._next = event
        return found

    def _wait(self, timeout: float | None) -> Tokens | Finish | None:
        for part in slices(timeout):
            if (event := self._events.take(part)) is not None:
                return event
        return None

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to `timeout` seconds for the end; return whether it came. For callers that want only the whole."""
        if not any(self._under_way.acquire(timeout=part) for part in slices(timeout)):
            return False
        self._under_way.release()  # for the next who asks
        return True

    def __iter__(self) -> Iterator[Tokens | Finish]:
        while (event := self.next()) is not None:
            yield event
            if isinstance(event, Finish):
                return
