"""What else the machine did while something was measured: load, CPU quota, stolen time, other programs.

Used by bench and compare-modes. `take` reads /proc; everything else is pure and works on snapshots. All shares are of
one core's time.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from llmproc.monitor.cgroup import read_throttling, stat_files
from llmproc.monitor.proc import TICKS_PER_SECOND, read_stat

BUSY_LOAD = 0.5  # runnable tasks at the start from which to warn
OTHERS = 0.05  # cores that other programs may take
STOLEN = 0.01  # share of the machine's time that a hypervisor may take
DISTURBED = 0.02  # cores that arms whose turn it is not may take


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of the machine at one moment. CPU times in seconds since boot."""

    t: float
    load_average: float
    cpus: int
    busy_s: float  # of the whole machine
    stolen_s: float
    throttled_s: float
    processes: Mapping[tuple[int, int], tuple[str, float]] = field(default_factory=dict)  # (pid, start) -> name, s


def parse_cpu_times(stat: str) -> tuple[float, float, int]:
    """Return (busy seconds, stolen seconds, CPUs) of /proc/stat's text; guests are part of user time already."""
    lines = [line.split() for line in stat.splitlines() if line.startswith("cpu")]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(n) / TICKS_PER_SECOND for n in lines[0][1:9])
    return user + nice + system + irq + softirq, steal, len(lines) - 1


def take() -> Snapshot:
    """Take a snapshot of this moment."""
    busy, stolen, cpus = parse_cpu_times(Path("/proc/stat").read_text())
    throttling = read_throttling(stat_files(os.getpid()))
    return Snapshot(
        t=time.monotonic(),
        load_average=os.getloadavg()[0],
        cpus=cpus,
        busy_s=busy,
        stolen_s=stolen,
        throttled_s=throttling.throttled_s if throttling else 0.0,
        processes=_processes(),
    )


def _processes() -> dict[tuple[int, int], tuple[str, float]]:
    found = {}
    for name in os.listdir("/proc"):
        stat = read_stat(int(name)) if name.isdigit() else None
        if stat is not None:
            found[stat.key] = stat.comm.strip("()"), (stat.utime + stat.stime) / TICKS_PER_SECOND
    return found


@dataclass(frozen=True, slots=True)
class Conditions:
    """The load of the machine between two snapshots."""

    load_average: float  # at the start
    seconds: float
    others: float  # cores taken by programs that are no part of bench
    stolen: float  # share of the machine's time
    throttled_s: float
    busiest: Sequence[tuple[str, float]]  # other programs' names and cores, at most three


def between(start: Snapshot, end: Snapshot, ours: set[int]) -> Conditions:
    """Compare two snapshots. `ours`: pids of bench and its arms. `others` includes programs that ended meanwhile."""
    seconds = max(end.t - start.t, 1e-9)
    used = {key: (name, s - start.processes.get(key, ("", 0.0))[1]) for key, (name, s) in end.processes.items()}
    mine = sum(s for (pid, _), (_, s) in used.items() if pid in ours)
    rest = sorted(((name, s / seconds) for (pid, _), (name, s) in used.items() if pid not in ours), key=lambda x: -x[1])
    return Conditions(
        load_average=start.load_average,
        seconds=seconds,
        others=max(0.0, end.busy_s - start.busy_s - mine) / seconds,
        stolen=(end.stolen_s - start.stolen_s) / (seconds * max(end.cpus, 1)),
        throttled_s=end.throttled_s - start.throttled_s,
        busiest=[(name, round(share, 3)) for name, share in rest[:3] if share >= 0.01],
    )


def warnings(
    conditions: Conditions,
    threads: int,
    cpus_allowed: int,
    quota_cpus: float | None,
    unsteady: Mapping[str, float],
    idle_share: Mapping[str, float],
) -> list[str]:
    """Return what makes the measurement doubtful, in sentences.

    `unsteady`: test and arm -> interquartile range over median, of those above the limit. `idle_share`: arm that ran ->
    cores the idle arms took meanwhile.
    """
    found = []
    if conditions.load_average > BUSY_LOAD:
        found.append(f"the load average was {conditions.load_average:.2f} at the start: the machine was not idle")
    if quota_cpus is not None and quota_cpus < threads:
        found.append(f"the control group's quota is {quota_cpus:g} CPUs, for {threads} threads")
    if threads > cpus_allowed:
        found.append(f"{threads} threads share {cpus_allowed} CPUs")
    if conditions.others > OTHERS:
        names = ", ".join(f"{name} {share:.0%}" for name, share in conditions.busiest)
        found.append(f"other programs took {conditions.others:.0%} of a core{f' ({names})' if names else ''}")
    if conditions.stolen > STOLEN:
        found.append(f"{conditions.stolen:.1%} of the CPU time was stolen by other virtual machines")
    if conditions.throttled_s > 0:
        found.append(f"the control group was throttled for {conditions.throttled_s:.2f} s")
    for name, share in idle_share.items():
        if share > DISTURBED:
            found.append(f"while {name} ran, arms that should have slept took {share:.0%} of a core")
    for name, spread in unsteady.items():
        found.append(f"{name} varies: its interquartile range is {spread:.0%} of its median")
    return found
