"""The kernel's account of a team's ranks, and of idle CPUs: the only file of this room that reads /proc.

Used by `rank_adapter`. Descriptors stay open, since a look may cost some 10 us only: 3 us for the schedstat of a rank.
Involuntary switches stand in another file, which costs three times as much, and tell less: a rank that is woken and
finds its CPU taken waits without one.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Sequence

from llmproc.engine.rank_policy import RankTimes

_SCHEDSTAT_BYTES = 64  # three numbers of 20 digits at most
_STAT_BYTES = 1 << 16  # the lines of the CPUs come first, about 60 bytes each
_IDLE = slice(4, 6)  # cpuN user nice system idle iowait ...: while a CPU waits for a disk it is idle
_TICKS_PER_S: int = os.sysconf("SC_CLK_TCK")


class RankClock:
    """Run and wait times of some tasks of this process. `close` it; it belongs to one thread."""

    def __init__(self, tasks: Sequence[int], root: str = "/proc") -> None:
        """Open their schedstat. OSError where the kernel has none, or shows zeros only (CONFIG_SCHED_INFO)."""
        self._files: list[int] = []
        try:
            for task in tasks:
                self._files.append(os.open(f"{root}/self/task/{task}/schedstat", os.O_RDONLY | os.O_CLOEXEC))
            self._last = [self._read(file) for file in self._files]
            if tasks and not any(run for run, _ in self._last):
                raise OSError("schedstat counts nothing")
        except OSError:
            self.close()
            raise

    def times(self, ranks: int) -> list[RankTimes]:
        """Return the times of the first `ranks` tasks since the last call. OSError when one has ended."""
        now = [self._read(file) for file in self._files]
        found = [RankTimes(run - a, wait - b) for (run, wait), (a, b) in zip(now, self._last, strict=True)]
        self._last = now
        return found[:ranks]

    def close(self) -> None:
        """Close the files; twice is fine."""
        while self._files:
            os.close(self._files.pop())

    @staticmethod
    def _read(file: int) -> tuple[int, int]:
        words = os.pread(file, _SCHEDSTAT_BYTES, 0).split()
        if len(words) < 2:
            raise OSError("schedstat is empty")
        return int(words[0]), int(words[1])


class IdleClock:
    """The idle time of the CPUs that this process may use."""

    def __init__(self, root: str = "/proc", clock: Callable[[], float] = time.monotonic) -> None:
        """Open /proc/stat, where there is one."""
        self._file, self._clock = -1, clock
        with contextlib.suppress(OSError):
            self._file = os.open(f"{root}/stat", os.O_RDONLY | os.O_CLOEXEC)
        self._last: dict[int, int] = {}
        self._since = clock()

    def restart(self) -> None:
        """Begin to measure now."""
        self._last, self._since = self._read(), self._clock()

    def idle(self) -> float | None:
        """Return how many allowed CPUs were idle on average since the last call or `restart`; None where not known."""
        before, since = self._last, self._since
        self.restart()
        allowed = os.sched_getaffinity(0) & self._last.keys() & before.keys()
        elapsed = self._since - since
        if not allowed or elapsed <= 0:
            return None
        return sum(self._last[cpu] - before[cpu] for cpu in allowed) / _TICKS_PER_S / elapsed

    def close(self) -> None:
        """Close the file; twice is fine."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read(self) -> dict[int, int]:
        """Return the idle ticks of each CPU; empty where the kernel does not say."""
        found: dict[int, int] = {}
        try:
            lines = os.pread(self._file, _STAT_BYTES, 0).splitlines()[1:]
            for line in lines:
                if not line.startswith(b"cpu"):
                    break
                words = line.split()
                found[int(words[0][3:])] = sum(map(int, words[_IDLE]))
        except (OSError, ValueError):
            return {}
        return found
