"""Wake-ups of the event loop by the I/O thread: one call into the loop for all answers of one frame.

I/O thread: Ticket.put -> notify ... notify --call_soon_threadsafe, once--> event loop: RequestWakeup.wait of each

A worker's frame brings ids for many requests. asyncio's call_soon_threadsafe writes to a pipe each time; here only the
first of many that come before the loop looks does.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque


class LoopWakeups:
    """Made in the event loop that is to be woken."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: deque[asyncio.Event] = deque()
        self._scheduled = False

    def wakeup(self) -> RequestWakeup:
        """Return one for a request."""
        return RequestWakeup(self)

    def set(self, event: asyncio.Event) -> None:
        """Set an event of the loop, from any thread."""
        self._ready.append(event)
        if not self._scheduled:
            self._scheduled = True
            with contextlib.suppress(RuntimeError):  # the loop has been closed: nothing waits
                self._loop.call_soon_threadsafe(self._set_all)

    def _set_all(self) -> None:
        self._scheduled = False  # first: what is appended from here on calls again
        while self._ready:
            self._ready.popleft().set()


class RequestWakeup:
    """The wake-up of one request."""

    def __init__(self, loop: LoopWakeups) -> None:
        self._loop, self._event, self._notified = loop, asyncio.Event(), False

    def notify(self) -> None:
        """Wake `wait`, from any thread; calls before it has run count as one."""
        if not self._notified:
            self._notified = True
            self._loop.set(self._event)

    async def wait(self) -> None:
        """Wait for `notify`. What came before a later call of it is seen by a look after this."""
        await self._event.wait()
        self._event.clear()
        self._notified = False
