"""A thread that calls `tick` at regular points in time while that is wanted, and otherwise sleeps without a timeout.

    begin --> next = now + interval   tick, tick, tick ...   end --> next = None: no wake-ups at all
    once  --> one tick at the next point, if the grid does not run anyway

Used by the watch. It decides only when; what a tick does is not known here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_ONCE_S = 0.3  # a single tick comes after so long at most, however wide the grid is


class Grid:
    """The points in time and the thread. All methods are safe to call from any thread; `tick` must not raise."""

    def __init__(
        self, interval_s: float, tick: Callable[[], object], name: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Set up, without a thread. `name` is the thread's; a test gives its own `clock` and calls `tick` itself."""
        self.next: float | None = None  # the next point; None while none is wanted
        self._interval_s, self._tick, self._name, self._clock = interval_s, tick, name, clock
        self._wanted = self._stopping = False
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def stop(self) -> bool:
        """End the thread and wait for it; return whether there was one."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2)
        return thread is not None

    def begin(self) -> None:
        """Start ticking at every point; does nothing if it ticks already."""
        with self._changed:
            if not self._wanted:
                self._wanted = True
                self._set(self._clock() + self._interval_s)

    def end(self) -> None:
        """Stop ticking."""
        with self._changed:
            self._wanted, self.next = False, None

    def once(self) -> None:
        """Tick once soon, also while the grid does not run; further calls before that tick change nothing."""
        if self.next is None:  # asked for many times a second: the usual case takes no lock
            with self._changed:
                if self.next is None:
                    self._set(self._clock() + min(self._interval_s, _ONCE_S))

    def passed(self, now: float) -> None:
        """Go on to the next point after a tick. Points that were missed (a suspended laptop) are skipped."""
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
        """Wait for the next point, as long as one is set; return False to stop."""
        with self._changed:
            while not self._stopping:
                left = None if self.next is None else self.next - self._clock()
                if left is not None and left <= 0:
                    if not self._wanted:
                        self.next = None  # before the tick: what changes while it is made asks for another one
                    break
                self._changed.wait(left)
            return not self._stopping
