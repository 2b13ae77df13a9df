"""Reads what this process has cost so far, between the steps of an engine; `costs` divides it among sequences.

Used by `engine`, where a worker wants costs told. A step costs one reading of the process's CPU clock; what the kernel
tells at greater length (user and system time, waiting in run queues) is read every 50 ms and before a sequence ends.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Collection, Sequence
from resource import RUSAGE_SELF, getrusage

from llmproc.engine.costs import Costs, Payer, Times
from llmproc.engine.rank_times import RankClock


class ProcessTimes:
    """The kernel's account of this process and its threads. `close` it; it belongs to one thread."""

    def __init__(self, root: str = "/proc") -> None:
        """Open what is read of the threads that there are now: those that come later wait unseen.

        Where the kernel does not count waiting, it is 0.
        """
        self._wait_ns, self._threads = 0, 0
        self._clock: RankClock | None = None
        with contextlib.suppress(OSError):
            tasks = sorted(map(int, os.listdir(f"{root}/self/task")))
            self._clock, self._threads = RankClock(tasks, root), len(tasks)

    def read(self) -> Times:
        """Return the times until now; waiting is counted from when this was made."""
        if self._clock is not None:
            try:
                self._wait_ns += sum(thread.wait_ns for thread in self._clock.times(self._threads))
            except OSError:  # a thread has ended
                self.close()
        usage = getrusage(RUSAGE_SELF)
        return Times(usage.ru_utime, usage.ru_stime, self._wait_ns / 1e9)

    def close(self) -> None:
        """Close what is read; twice is fine."""
        if self._clock is not None:
            self._clock.close()
            self._clock = None


class CostMeter:
    """Meters one engine's sequences; the thread that runs its steps calls it."""

    def __init__(
        self,
        page_bytes: int,
        times: Callable[[], Times],
        cpu: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take what a page of the KV cache takes in bytes, and where the times come from."""
        self.page_bytes = page_bytes
        self._times, self._cpu, self._clock, self._costs = times, cpu, clock, Costs()

    def begin(self) -> None:
        """Begin to meter: until now there was no sequence."""
        self._costs.restart(self._cpu(), self._times(), self._clock())

    def step(self, payers: Sequence[Payer], ids: Sequence[int], everyone: Collection[Payer]) -> None:
        """Charge a step to those that had ids computed, this many each; `everyone`: all that have not ended."""
        self._costs.charge(payers, ids, self._cpu())
        if self._costs.wants_times(self._clock()):
            self.settle(everyone)

    def settle(self, everyone: Collection[Payer]) -> None:
        """Tell all that have not ended what they have cost so far, before one of them ends."""
        if self._costs.due_s > 0:
            self._costs.divide(everyone, self._times(), self._clock())
