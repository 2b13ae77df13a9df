"""CPU time of a worker's threads, from /proc, and the exercise's lines about it (course contract, section 6).

Threads are told by their names: the ranks of a team are called `rank-<i>`, the thread whose id is the process's is the
worker's own. Never in it: starting or ending anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from resource import struct_rusage

from llmproc.monitor.proc import TICKS_PER_SECOND, read_stat, read_task_schedstats, read_tasks

_RANK = re.compile(r"\(rank-(\d{1,4})\)")


@dataclass(frozen=True, slots=True)
class CpuTime:
    """Seconds of user and system time."""

    user: float
    system: float

    def __str__(self) -> str:
        return f"user: {self.user:.4f} s, system: {self.system:.4f} s"


@dataclass(frozen=True, slots=True)
class ThreadTimes:
    """The CPU time of a worker's threads so far; `main` is None when the worker is gone."""

    ranks: dict[int, CpuTime]
    main: CpuTime | None


def read_times(pid: int, *, root: str = "/proc") -> ThreadTimes:
    """Read the times of the living threads of `pid`.

    A thread's sum comes in nanoseconds from its schedstat, its system part in ticks of its stat file; user is the rest,
    as the kernel itself divides a sum for getrusage. Without schedstat both come in ticks.
    """
    precise = read_task_schedstats(pid, root=root) or {}
    ranks: dict[int, CpuTime] = {}
    main = None
    for tid in read_tasks(pid, root=root) or ():
        stat = read_stat(pid, tid, root=root)
        if stat is None:
            continue
        user, system = stat.utime / TICKS_PER_SECOND, stat.stime / TICKS_PER_SECOND
        if tid in precise:
            total = precise[tid].run_ns / 1e9
            system = min(system, total)
            user = total - system
        if tid == pid:
            main = CpuTime(user, system)
        elif found := _RANK.fullmatch(stat.comm):
            ranks[int(found[1])] = CpuTime(user, system)
    return ThreadTimes(dict(sorted(ranks.items())), main)


def report_lines(times: ThreadTimes, whole: CpuTime | None) -> list[str]:
    """Return the lines that follow the answers; an unknown figure has no line."""
    lines = [f"Thread {rank} has completed - {time}" for rank, time in times.ranks.items()]
    if times.main is not None:
        lines.append(f"main thread - {times.main}")
    if whole is not None:
        lines.append(f"Whole process - {whole}")
    return lines


def of_rusage(usage: struct_rusage) -> CpuTime:
    """Return what wait4 reports of an ended process: all its threads, ended ones too."""
    return CpuTime(usage.ru_utime, usage.ru_stime)


def has_schedstat(root: str = "/proc") -> bool:
    """Return whether this kernel counts nanoseconds per thread."""
    return Path(root, "self", "schedstat").exists()
