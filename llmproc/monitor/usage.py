"""cpu%: the arithmetic between two samples of one process. Pure; no /proc, no clock of its own.

Serves the watch. The rule (also in logs/README.md):

- a window of 10 ticks (100 ms) or more: ticks of utime + stime used / ticks really elapsed;
- a shorter one: nanoseconds of /proc/<pid>/task/*/schedstat, task by task, / nanoseconds elapsed. A task that
  ended in the window has taken its nanoseconds along; then the ticks (which keep ended tasks) count if they say more;
- never below 0, never above 100 % x min(threads, CPUs); a tick window may pass that by its resolution of two
  ticks (utime and stime are each cut to whole ticks), since clipping it would pull the average down.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from llmproc.monitor.proc import TICKS_PER_SECOND, SchedStat, Stat

SHORT_WINDOW_TICKS = 10
_RESOLUTION_TICKS = 2
CPUS: int = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of one process."""

    t: float  # CLOCK_MONOTONIC seconds, taken as schedstat was read
    stat: Stat
    tasks: dict[int, SchedStat] | None  # by tid; None without schedstat
    switches: dict[int, tuple[int, int]] | None = None  # by tid: (voluntary, involuntary); None: not read


def cpu_percent(before: Sample, after: Sample, cpus: int = CPUS) -> float:
    """CPU use between two samples of one process in percent of one core."""
    elapsed_s = after.t - before.t
    if elapsed_s <= 0:
        return 0.0
    elapsed_ticks = elapsed_s * TICKS_PER_SECOND
    used_ticks = (after.stat.utime + after.stat.stime) - (before.stat.utime + before.stat.stime)
    limit = max(1, min(max(before.stat.num_threads, after.stat.num_threads), cpus))
    if elapsed_ticks >= SHORT_WINDOW_TICKS or before.tasks is None or after.tasks is None:
        resolution = _RESOLUTION_TICKS if elapsed_ticks >= SHORT_WINDOW_TICKS else 0
        used = min(max(used_ticks, 0), elapsed_ticks * limit + resolution)
        return 100.0 * used / elapsed_ticks
    used_s = run_ns_between(before.tasks, after.tasks) / 1e9
    if before.tasks.keys() - after.tasks.keys():
        used_s = max(used_s, used_ticks / TICKS_PER_SECOND)
    return 100.0 * min(used_s, elapsed_s * limit) / elapsed_s


def run_ns_between(before: dict[int, SchedStat], after: dict[int, SchedStat]) -> int:
    """Nanoseconds that the tasks alive at the end have used since `before`; a task new since then counts whole."""
    total = 0
    for tid, now in after.items():
        then = before[tid].run_ns if tid in before else 0
        total += now.run_ns - then if now.run_ns >= then else now.run_ns  # fewer: the tid is a new task's
    return total
