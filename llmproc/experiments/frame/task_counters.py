"""What the kernel counted of processes: read before and after a round, the difference is what the round cost.

Sources: /proc/<pid>/task/<tid>/{stat,schedstat,status,sched}. User and system time have ticks of 10 ms; their sum is
counted in nanoseconds by schedstat, so a round's CPU seconds are that, shared out as the ticks say. Migrations need a
kernel with CONFIG_SCHED_DEBUG.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from llmproc.experiments.frame.rounds import Figure
from llmproc.monitor import proc


@dataclass(frozen=True, slots=True)
class TaskCounters:
    """Running totals of all tasks of some processes; None: the kernel does not tell."""

    user_s: Figure
    system_s: Figure
    run_s: Figure  # on a CPU
    wait_s: Figure  # ready to run, in a run queue
    voluntary_switches: Figure
    involuntary_switches: Figure
    migrations: Figure
    minor_faults: Figure
    major_faults: Figure

    def since(self, before: TaskCounters) -> dict[str, Figure]:
        """Return what was added since, by name; user and system time by schedstat's sum where there is one."""
        found = {field.name: _less(getattr(self, field.name), getattr(before, field.name)) for field in fields(self)}
        user, system, run = found["user_s"], found["system_s"], found["run_s"]
        if run and user is not None and system is not None:  # a round below a tick has no shares
            ticks = user + system
            found["user_s"], found["system_s"] = (run * part / ticks if ticks else None for part in (user, system))
        return found


def read_counters(pids: Sequence[int]) -> TaskCounters:
    """Add up the counters of processes; a process that is gone makes them None."""
    rows = [_of_process(pid) for pid in pids]
    return TaskCounters(*(_sum([row[place] for row in rows]) for place in range(len(fields(TaskCounters)))))


def _of_process(pid: int) -> list[Figure]:
    stat, times = proc.read_stat(pid), proc.read_schedstat(pid)
    tasks = proc.read_tasks(pid) or []
    switches = [proc.read_context_switches(pid, tid) for tid in tasks]
    voluntary, involuntary = ((_sum([pair and pair[place] for pair in switches])) for place in (0, 1))
    return [
        None if stat is None else stat.utime / proc.TICKS_PER_SECOND,
        None if stat is None else stat.stime / proc.TICKS_PER_SECOND,
        None if times is None else times.run_ns / 1e9,
        None if times is None else times.wait_ns / 1e9,
        voluntary,
        involuntary,
        _sum([proc.read_migrations(pid, tid) for tid in tasks]),
        None if stat is None else stat.minflt,
        None if stat is None else stat.majflt,
    ]


def _sum(values: Sequence[Figure]) -> Figure:
    known = [value for value in values if value is not None]
    return float(sum(known)) if values and len(known) == len(values) else None


def _less(after: Figure, before: Figure) -> Figure:
    return None if after is None or before is None else max(0.0, after - before)
