"""One process that is watched: how it is read, what was read last, and its rows of proc.csv.

Used by the watch (main's workers), the recorder (any process tree) and `top`. It reads and formats; the callers decide
when to look and what a look means.
"""

from __future__ import annotations

import time

from llmproc.monitor import proc, table
from llmproc.monitor.cgroup import Groups
from llmproc.monitor.usage import ProcSample

_PSS_EVERY_S = 3.0
_PSS_RARER = 1000
_PSS_ADVANCE_S = 0.02  # what readings at the edges of turns may cost beyond a thousandth of the time


class Subject:
    """The process (pid, starttime). A pid that is used again is another subject."""

    def __init__(
        self, pid: int, starttime: int | None = None, *, groups: Groups | None = None, root: str = "/proc"
    ) -> None:
        """Take a process. Without `starttime`: the one that has the pid now (-1: there is none).

        `groups` is shared by all subjects where there are many.
        """
        if starttime is None:
            stat = proc.read_stat(pid, root=root)
            starttime = stat.starttime if stat else -1
        self.pid, self.starttime, self._root = pid, starttime, root
        self.last: ProcSample | None = None
        self.pss: int | None = None  # bytes, the last one read
        self.pss_is_new = False  # no row has it yet
        self._pss_due = 0.0
        self._pss_since: float | None = None  # the first reading at the edge of a turn
        self._edges_cpu_s = 0.0
        self._groups = groups or Groups(root)
        self._group_files: tuple[str, ...] | None = None

    def read(self, t: float, switches: bool = False) -> ProcSample | None:
        """Take a sample now, which is `t` on the caller's clock; None when the process is gone.

        `switches`: the context switches of every task too, which costs one more file per task.
        """
        tasks = proc.read_task_schedstats(self.pid, root=self._root)
        stat = proc.read_stat(self.pid, root=self._root)
        if stat is None or stat.starttime != self.starttime:
            return None
        counts = None
        if switches:
            tids = proc.read_tasks(self.pid, root=self._root) if tasks is None else tasks
            found = ((tid, proc.read_context_switches(self.pid, tid, root=self._root)) for tid in tids or ())
            counts = {tid: count for tid, count in found if count is not None}
        self.last = ProcSample(t, stat, tasks, counts)
        return self.last

    def look(self) -> proc.Stat | None:
        """Read its stat alone, which makes no sample; None when it is gone."""
        stat = proc.read_stat(self.pid, root=self._root)
        return None if stat is None or stat.starttime != self.starttime else stat

    def read_pss(self, now: float, every_s: float = _PSS_EVERY_S) -> None:
        """Read `pss` when it is due: `every_s` after the last time, and for at most a thousandth of the time.

        The kernel walks the page tables for it: half a millisecond for a worker of 40 MB, more for a larger one.
        """
        if now >= self._pss_due:
            before = time.perf_counter()
            self._read_pss()
            self._pss_due = now + max(every_s, _PSS_RARER * (time.perf_counter() - before))

    def read_pss_at_edge(self, now: float) -> None:
        """Read `pss` at the start or the end of a turn, so that short turns have it too.

        Left out when such readings have cost more CPU time than a thousandth of the time and an advance, which covers
        the first ones.
        """
        self._pss_since = now if self._pss_since is None else self._pss_since
        if self._edges_cpu_s <= (now - self._pss_since) / _PSS_RARER + _PSS_ADVANCE_S:
            before = time.thread_time()
            self._read_pss()
            self._edges_cpu_s += time.thread_time() - before

    def _read_pss(self) -> None:
        self.pss = proc.read_pss(self.pid, root=self._root)
        self.pss_is_new = self.pss is not None

    def rows(self, sample: ProcSample, generating: bool | None) -> list[str]:
        """Return the lines of proc.csv for `sample`: the process, and each task if context switches were read."""
        if self._group_files is None:
            self._group_files = self._groups.files(self.pid)
        rows, switches = [], [0, 0]
        for tid, counts in sorted((sample.switches or {}).items()):
            thread = proc.read_stat(self.pid, tid, root=self._root)
            if thread is None:
                continue
            switches = [switches[0] + counts[0], switches[1] + counts[1]]
            sched = (sample.tasks or {}).get(tid)
            rows.append(
                table.row(
                    sample.t, "thread", self.pid, thread, generating=generating, sched=sched, switches=counts
                )
            )  # fmt: skip
        process = table.row(
            sample.t,
            "process",
            self.pid,
            sample.stat,
            generating=generating,
            sched=None if sample.tasks is None else proc.sum_schedstats(sample.tasks),
            switches=(switches[0], switches[1]) if rows else None,
            pss=self.pss if self.pss_is_new else None,
            throttling=self._groups.throttling(self._group_files),
        )
        self.pss_is_new = False
        return [process, *rows]
