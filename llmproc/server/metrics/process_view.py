"""What the kernel says of main, template and workers, read when it is asked for: `top`'s look at one instance, our own.

Used by the collector and by worker records, on the thread that answers them and never on the I/O thread: a look reads
two files and three per thread of each process. PSS, which is slow, is read every 3 s at most (`monitor.subject`).
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from llmproc.monitor import proc
from llmproc.monitor.instances import SCHEMA, Instance
from llmproc.monitor.live import LiveMonitor, ProcessRow
from llmproc.monitor.service_stats import ServiceStats


class ProcessView:
    """Rows of the processes of this instance; safe to ask from any thread."""

    def __init__(self, stats: ServiceStats, clock: Callable[[], float] = time.monotonic) -> None:
        """Look at nothing yet. `stats`: which processes there are. A rate needs two looks, so the first has none."""
        own = proc.read_stat(os.getpid())
        self._stats, self._clock, self._lock = stats, clock, threading.Lock()
        self._pid, self._starttime = os.getpid(), own.starttime if own else 0
        self._monitor = LiveMonitor(clock, self._instances)

    def rows(self) -> tuple[ProcessRow, ...]:
        """Look now: main, then the template if there is one, then the workers."""
        with self._lock:
            return self._monitor.view().groups[0].rows

    def _instances(self) -> list[Instance]:
        now = self._clock()
        counts = self._stats.counts(now)
        return [
            Instance(
                SCHEMA,
                self._pid,
                self._starttime,
                boot="",
                started="",
                started_t=now,
                command="",
                run_folder=None,
                t=now,
                waiting=counts.waiting,
                template=counts.template,
                workers=counts.workers,
            )
        ]
