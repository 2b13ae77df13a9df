"""CPU seconds of a server between two moments, parted into serving (HTTP, JSON, pipes) and computing (the model).

How the parts are told apart differs: our server computes in processes of its own, so serving is all of the first
process; llama.cpp's computes in threads of the one process, so computing is the `n` threads that took most, which does
not tell what those threads do for a stream. Readings are of /proc; the arithmetic between two is pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from llmproc.monitor.proc import TICKS_PER_SECOND, ProcessKey, read_task_schedstats
from llmproc.monitor.tree import Tree

_TICKS_S = 2 / TICKS_PER_SECOND  # user and system time are cut to whole ticks each


@dataclass(frozen=True, slots=True)
class ProcessReading:
    """CPU seconds of a process since its start. `ticks_s`: ended threads included; `threads`: of each living one."""

    ticks_s: float
    threads: Mapping[int, float]


TreeReading: TypeAlias = Mapping[ProcessKey, ProcessReading]


@dataclass(frozen=True, slots=True)
class CpuUse:
    """CPU seconds between two readings. None: cannot be told apart."""

    total_s: float
    serving_s: float | None = None
    computing_s: float | None = None


def read_tree(root_pid: int) -> TreeReading:
    """Read a process and all below it."""
    found = {}
    for stat in Tree(root_pid).newcomers():
        tasks = read_task_schedstats(stat.pid) or {}
        threads = {tid: task.run_ns / 1e9 for tid, task in tasks.items()}
        found[stat.key] = ProcessReading((stat.utime + stat.stime) / TICKS_PER_SECOND, threads)
    return found


def total(before: TreeReading, after: TreeReading) -> CpuUse:
    """Return the sum alone."""
    return CpuUse(sum(_used(before, after, key) for key in after))


def by_process(before: TreeReading, after: TreeReading, root_pid: int) -> CpuUse:
    """Return serving as what the root took, computing as what all below it took."""
    serving = sum(_used(before, after, key) for key in after if key[0] == root_pid)
    computing = sum(_used(before, after, key) for key in after if key[0] != root_pid)
    return CpuUse(serving + computing, serving, computing)


def by_thread(before: TreeReading, after: TreeReading, computing: int) -> CpuUse:
    """Return computing as what the `computing` busiest threads took, serving as the rest."""
    used = sum(_used(before, after, key) for key in after)
    threads = sorted((s for key in after for s in _threads(before, after, key)), reverse=True)
    computed = sum(threads[:computing])
    return CpuUse(used, max(0.0, used - computed), computed)


def _threads(before: TreeReading, after: TreeReading, key: ProcessKey) -> list[float]:
    earlier = before[key].threads if key in before else {}
    return [seconds - earlier.get(tid, 0.0) for tid, seconds in after[key].threads.items()]


def _used(before: TreeReading, after: TreeReading, key: ProcessKey) -> float:
    """Return what a process took: by its threads; by the ticks if they say more, as threads may have ended."""
    ticks = after[key].ticks_s - (before[key].ticks_s if key in before else 0.0)
    return max(0.0, sum(_threads(before, after, key)), ticks - _TICKS_S)
