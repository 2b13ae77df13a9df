"""The arithmetic between two samples of one process: cpu%, and what `top` and `record` tell of a window. Pure.

Used by the watch, the recorder and `top`; no /proc, no clock of its own. The rule of the course log's cpu% (also in
logs/README.md):

- a window of 10 ticks (100 ms) or more: ticks of utime + stime used / ticks really elapsed;
- a shorter one: nanoseconds of /proc/<pid>/task/*/schedstat, task by task, / nanoseconds elapsed. A task that
  ended in the window has taken its nanoseconds along; then the ticks (which keep ended tasks) count if they say more;
- never below 0, never above 100 % x min(threads, CPUs); a tick window may pass that by its resolution of two
  ticks (utime and stime are each cut to whole ticks), since clipping it would pull the average down.

`rates` has no format to keep, so it takes the nanoseconds always, and the ticks only for the split (as the reports do).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from llmproc.monitor.proc import TICKS_PER_SECOND, SchedStat, Stat

SHORT_WINDOW_TICKS = 10
_RESOLUTION_TICKS = 2
CPUS: int = os.cpu_count() or 1
_Task = TypeVar("_Task")


@dataclass(frozen=True, slots=True)
class ProcSample:
    """One reading of one process."""

    t: float  # CLOCK_MONOTONIC seconds, taken as schedstat was read
    stat: Stat
    tasks: dict[int, SchedStat] | None  # by tid; None without schedstat
    switches: dict[int, tuple[int, int]] | None = None  # by tid: (voluntary, involuntary); None: not read


@dataclass(frozen=True, slots=True)
class Rates:
    """CPU use of a process between two samples. Percent of one core: four busy threads are 400."""

    elapsed_s: float
    user_percent: float
    system_percent: float
    wait_percent: float | None  # runnable, but waiting in a run queue; None without schedstat
    switches_per_s: float | None  # context switches, voluntary and not; None where they were not read

    @property
    def cpu_percent(self) -> float:
        """Return user and system together."""
        return self.user_percent + self.system_percent


def cpu_percent(before: ProcSample, after: ProcSample, cpus: int = CPUS) -> float:
    """Return CPU use between two samples of one process in percent of one core, by the rule of the course log."""
    elapsed_ticks = (after.t - before.t) * TICKS_PER_SECOND
    if 0 < elapsed_ticks < SHORT_WINDOW_TICKS and before.tasks is not None and after.tasks is not None:
        return _precise_percent(before, after, cpus)
    if elapsed_ticks <= 0:
        return 0.0
    resolution = _RESOLUTION_TICKS if elapsed_ticks >= SHORT_WINDOW_TICKS else 0
    used = min(max(_ticks_between(before, after), 0), elapsed_ticks * _limit(before, after, cpus) + resolution)
    return 100.0 * used / elapsed_ticks


def rates(before: ProcSample, after: ProcSample, cpus: int = CPUS) -> Rates:
    """Return what happened between two samples of one process; all zero when no time passed."""
    elapsed_s = after.t - before.t
    if elapsed_s <= 0:
        return Rates(0.0, 0.0, 0.0, None, None)
    total = _precise_percent(before, after, cpus)
    user, system = after.stat.utime - before.stat.utime, after.stat.stime - before.stat.stime
    share = user / (user + system) if user + system > 0 else 1.0  # less than a tick: the kernel does not tell
    wait = switches = None
    if before.tasks is not None and after.tasks is not None:
        wait = 100.0 * wait_ns_between(before.tasks, after.tasks) / 1e9 / elapsed_s
    if before.switches is not None and after.switches is not None:
        switches = _growth(before.switches, after.switches, sum) / elapsed_s
    return Rates(elapsed_s, total * share, total * (1 - share), wait, switches)


def run_ns_between(before: dict[int, SchedStat], after: dict[int, SchedStat]) -> int:
    """Return the nanoseconds that the tasks alive at the end have used since `before`; a new task counts whole."""
    return _growth(before, after, lambda task: task.run_ns)


def wait_ns_between(before: dict[int, SchedStat], after: dict[int, SchedStat]) -> int:
    """Return the nanoseconds in which the tasks alive at the end have waited for a CPU since `before`."""
    return _growth(before, after, lambda task: task.wait_ns)


def _precise_percent(before: ProcSample, after: ProcSample, cpus: int) -> float:
    """Return CPU use by nanoseconds; by ticks where there are none, or where an ended task's nanoseconds are lost."""
    elapsed_s = after.t - before.t
    ticks_s = max(_ticks_between(before, after), 0) / TICKS_PER_SECOND
    if before.tasks is None or after.tasks is None:
        used_s = ticks_s
    else:
        used_s = run_ns_between(before.tasks, after.tasks) / 1e9
        if before.tasks.keys() - after.tasks.keys():
            used_s = max(used_s, ticks_s)
    return 100.0 * min(used_s, elapsed_s * _limit(before, after, cpus)) / elapsed_s


def _ticks_between(before: ProcSample, after: ProcSample) -> int:
    return (after.stat.utime + after.stat.stime) - (before.stat.utime + before.stat.stime)


def _limit(before: ProcSample, after: ProcSample, cpus: int) -> int:
    """Return the number of cores that a process with this number of threads can have used."""
    return max(1, min(max(before.stat.num_threads, after.stat.num_threads), cpus))


def _growth(before: Mapping[int, _Task], after: Mapping[int, _Task], counter: Callable[[_Task], int]) -> int:
    """Add up the growth of a counter over the tasks alive at the end; one that shrank belongs to a new task."""
    total = 0
    for tid, task in after.items():
        now, then = counter(task), counter(before[tid]) if tid in before else 0
        total += now - then if now >= then else now
    return total
