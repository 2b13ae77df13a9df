"""What watching costs, and how it stays harmless: its own CPU time, the errors it met, how often it may take details.

Used by the watch and the recorder (trap 24). It measures the calling thread, so it works wherever a sample is taken.
Never in it: /proc, or anything about the processes that are watched.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

_DETAIL_SHARE = 0.006  # of a core: above it thread rows are taken on fewer grid points
_COST_EVERY_S = 10.0
_ERRORS_TOLD = 3


class Overhead:
    """The account of one watcher. Safe to call from any thread."""

    def __init__(
        self,
        interval_s: float,
        clock: Callable[[], float],
        event: Callable[..., object] | None = None,
        notice: Callable[[str], object] | None = None,
    ) -> None:
        """Open the account.

        `event(kind, **fields)` writes to the event log, `notice(text)` tells the user; both may be None.
        """
        self._interval_s, self._clock, self._event, self._notice = interval_s, clock, event, notice
        self._lock = threading.Lock()
        self._started_at = clock()
        self._cost_due = self._started_at + _COST_EVERY_S
        self._cpu_s, self._grid_points, self._errors = 0.0, 0, 0
        self._stride = self._until_detail = 1  # grid points from one set of thread rows to the next

    @property
    def detailed(self) -> bool:
        """Return whether the next grid point may take thread rows."""
        return self._until_detail <= 1

    def guarded(self, work: Callable[[], object], counted: bool = True) -> None:
        """Run `work`; an error is logged and does not reach the caller. `counted`: add its CPU time to the account."""
        before = time.thread_time()
        try:
            work()
        except Exception as error:
            self._failed(f"{type(error).__name__}: {error}")
        if counted:
            with self._lock:
                self._cpu_s += time.thread_time() - before

    def _failed(self, text: str) -> None:
        self._errors += 1
        if self._errors <= _ERRORS_TOLD:
            self.emit("watch_error", error=text)
            if self._notice is not None and self._errors == 1:
                self._notice(f"the watch met an error and goes on: {text}")

    def emit(self, kind: str, **fields: object) -> None:
        """Write an event, if there is a place for it; a broken event log counts as one more error."""
        if self._event is not None:
            try:
                self._event(kind, **fields)
            except Exception:
                self._errors += 1

    def grid_point(self, cpu_s: float) -> None:
        """Add the CPU seconds of one grid point, and decide when the next thread rows may be taken."""
        with self._lock:
            self._cpu_s += cpu_s
            self._grid_points += 1
            if self.detailed:
                self._stride = max(1, min(100, round(0.5 + cpu_s / (_DETAIL_SHARE * self._interval_s))))
                self._until_detail = self._stride
            else:
                self._until_detail -= 1

    def tell_cost(self, skipped_lines: int, at_once: bool = False) -> None:
        """Log what watching has cost until now, every 10 s or at once."""
        now = self._clock()
        if at_once or now >= self._cost_due:
            self._cost_due = now + _COST_EVERY_S
            self.emit("watch_cost", **self.report(skipped_lines))

    def cost(self) -> float:
        """Return own CPU time / wall time since the start: a fraction of one core."""
        wall_s = self._clock() - self._started_at
        return self._cpu_s / wall_s if wall_s > 0 else 0.0

    def report(self, skipped_lines: int) -> dict[str, float | int]:
        """Return what `watch_cost` says, for run.json."""
        wall_s = self._clock() - self._started_at
        return {
            "share": round(self.cost(), 6),
            "cpu_s": round(self._cpu_s, 6),
            "wall_s": round(wall_s, 6),
            "grid_points": self._grid_points,
            "thread_stride": self._stride,
            "errors": self._errors,
            "skipped_lines": skipped_lines,
        }
