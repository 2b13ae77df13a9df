"""Every process below ours: seen, remembered, ended. Orphans come to us, since we are their subreaper meanwhile.

Used by `program.py`. Processes that were ours before the watch began are left alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time

from llmproc.labs.checking.transcript import Glimpse, ProcessTrace
from llmproc.monitor.proc import Stat, read_stat
from llmproc.monitor.tree import Tree
from llmproc.processes.children import read_children

_KILL_S = 10.0


class Descendants:
    """The processes below this one that came after it was made."""

    def __init__(self, traces: dict[tuple[int, int], ProcessTrace]) -> None:
        """Begin with no process; `traces` gets one entry for each that is ever seen."""
        self._traces = traces
        self._tree = Tree(os.getpid(), with_root=False, leave_out=read_children(os.getpid()) or ())

    def look(self) -> int:
        """Read every process once; returns the ticks that all of them have used."""
        for key, trace in self._traces.items():
            if trace.alive:
                self._read(key, trace)
        living = [key for key, trace in self._traces.items() if trace.alive]
        for stat in self._tree.newcomers(living):
            if stat.key not in self._traces:
                self._traces[stat.key] = ProcessTrace(stat, alive=not stat.ended)
                self._note(self._traces[stat.key], time.monotonic(), stat)
        return sum(trace.glimpses[-1].ticks for trace in self._traces.values())

    def _read(self, key: tuple[int, int], trace: ProcessTrace) -> None:
        before = time.monotonic()
        stat = read_stat(key[0])
        if stat is None or stat.key != key or stat.ended:
            trace.alive = False
        if stat is not None and stat.key == key:
            self._note(trace, before, stat)

    @staticmethod
    def _note(trace: ProcessTrace, before: float, stat: Stat) -> None:
        trace.last = stat
        trace.parents.add(stat.ppid)
        past = trace.glimpses[-1].ticks if trace.glimpses else 0
        trace.glimpses.append(Glimpse(before, time.monotonic(), max(past, stat.utime + stat.stime)))

    def ready(self) -> bool:
        """Return whether the last look saw a process that was running, could have run, or was reading a disk."""
        return any(trace.alive and trace.last.state in "RD" for trace in self._traces.values())

    def living(self) -> list[ProcessTrace]:
        """Return those that still run."""
        self.look()
        return [trace for trace in self._traces.values() if trace.alive]

    def unreaped(self) -> list[ProcessTrace]:
        """Return those that ended, were not waited for by their parent, and are our zombies now."""
        found = []
        for key, trace in self._traces.items():
            stat = None if trace.alive else read_stat(key[0])
            if stat is not None and stat.key == key and stat.ended and stat.ppid == os.getpid():
                found.append(trace)
        return found

    def end(self) -> None:
        """Kill what still runs and reap what is ours, until nothing is left. Signals wait meanwhile."""
        old = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
        try:
            self._end_all(time.monotonic() + _KILL_S)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, old)

    def _end_all(self, deadline: float) -> None:
        while time.monotonic() < deadline:
            living = self.living()
            for trace in living:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(trace.last.pid, signal.SIGKILL)
            for trace in self._traces.values():
                _reap(trace.last.pid)
            if not living and not self.unreaped():
                return
            time.sleep(0.01)


def _reap(pid: int) -> None:
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
