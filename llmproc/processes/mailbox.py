"""A queue with one reader, whose waits end when they should, whatever signals come.

`queue.SimpleQueue.get` of CPython before 3.13 waits for ever when a signal interrupts it as its time runs out: what is
left of the time is negative then, and means no limit. A lock's `acquire` looks at that. Used for what a caller's thread
waits for; `put` may be called in a signal handler, and in the finalizer of anything.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Mailbox(Generic[Item]):
    """Items in the order they were put."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._bell = threading.Lock()  # unlocked: something may have come since the reader last looked
        self._bell.acquire()

    def empty(self) -> bool:
        """Return whether there is nothing to take."""
        return not self._items

    def put(self, item: Item) -> None:
        """Append an item; any thread may."""
        self._items.append(item)
        with contextlib.suppress(RuntimeError):  # it has been rung, and not been heard yet
            self._bell.release()

    def take(self, timeout: float | None = None) -> Item | None:
        """Return the next item; None when none comes within `timeout` seconds. For one reader at a time."""
        end = None if timeout is None else time.monotonic() + timeout
        while not self._items:
            left = -1.0 if end is None else end - time.monotonic()
            if end is not None and left <= 0:
                return None
            self._bell.acquire(timeout=left)
        return self._items.popleft()
