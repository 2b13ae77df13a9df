"""A thread that calls `tick` on a grid of time points while somebody wants it, and sleeps without a timeout otherwise.

    begin --> next = now + interval   tick, tick, tick ...   end --> next = None: no wake-ups at all
    once  --> one tick at the next point, if the grid does not run anyway

Serves the watch. It knows nothing of what a tick does, and decides nothing but when.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_ONCE_S = 0.3  # a single tick comes after so long at most, however wide the grid is


class Grid:
    """Safe to call from any thread. `tick` must not raise."""

    def __init__(
        self, interval_s: float, tick: Callable[[], object], name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`name` is the thread's; `clock` may be a test's, which then calls `tick` itself."""
        self.next: float | None = None  # the next point; None while nobody wants one
        self._interval_s, self._tick, self._name, self._clock = interval_s, tick, name, clock
        self._wanted = self._stopping = False
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Starts the thread."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        """Ends the thread and waits for it; whether there was one."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2)
        return thread is not None

    def begin(self) -> None:
        """From now on a tick at every point; nothing changes when it is so already."""
        with self._changed:
            if not self._wanted:
                self._wanted = True
                self._set(self._clock() + self._interval_s)

    def end(self) -> None:
        """No more ticks."""
        with self._changed:
            self._wanted, self.next = False, None

    def once(self) -> None:
        """A tick soon, also when nobody wants the grid; several of these before it comes are one."""
        if self.next is None:  # asked for many times a second: the usual case takes no lock
            with self._changed:
                if self.next is None:
                    self._set(self._clock() + min(self._interval_s, _ONCE_S))

    def passed(self, now: float) -> None:
        """A tick has been made: on to the next point. Missed ones (a suspended laptop) are skipped, not made up for."""
        with self._changed:
            if self._wanted and self.next is not None:
                self.next += self._interval_s * max(1, int((now - self.next) / self._interval_s) + 1)

    def _set(self, point: float) -> None:
        self.next = point
        self._changed.notify_all()

    def _run(self) -> None:
        while self._wait():
            self._tick()

    def _wait(self) -> bool:
        """Until the next point, as long as there is one; False: stop."""
        with self._changed:
            while not self._stopping:
                left = None if self.next is None else self.next - self._clock()
                if left is not None and left <= 0:
                    if not self._wanted:
                        self.next = None  # before the tick: what changes while it is made asks for another one
                    break
                self._changed.wait(left)
            return not self._stopping
