"""The CPUs this process may use: its affinity, the CPU quotas of its control groups up to the root, a cluster's grant.

Used by everything that chooses a number of threads, doctor and bench. os.cpu_count() and its like count the machine's.
How several instances share what is here is `hardware.sharing`.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llmproc.hardware.cgroups import hierarchies

_V2_PERIOD = 100_000  # microseconds, where cpu.max names none


@dataclass(frozen=True, slots=True)
class CpuLimit:
    """The CPUs that all programs under one limit may use together: those with the same `group`."""

    cpus: float
    group: str  # a control group's folder, or a cluster's name of what it granted
    source: str  # as a user knows it


@dataclass(frozen=True, slots=True)
class CpuBudget:
    """The CPUs that may be used. `quota` is in CPUs (1.5: a CPU and a half); `notes`: what could not be read."""

    allowed: tuple[int, ...]
    quota: float | None
    threads: int  # that can run all the time
    notes: tuple[str, ...] = ()
    limits: tuple[CpuLimit, ...] = field(default=(), compare=False)  # beside the affinity: all that are in force


def usable_cpus(
    root: str | Path = "/", allowed: Iterable[int] | None = None, environ: Mapping[str, str] | None = None
) -> CpuBudget:
    """Return the budget of this process.

    `root`: where the file system begins, `allowed`: the affinity, `environ`: the environment; for tests.

    A quota is rounded down. The ranks of a team wait for each other many times per token: a thread more than the quota
    pays for spends the period's time sooner, and then the whole process stands still until the next period (tens of
    milliseconds between two tokens). The fraction that is left feeds main and its watch, which live on the same quota.
    """
    cpus = tuple(sorted(os.sched_getaffinity(0) if allowed is None else allowed))
    notes: list[str] = []
    limits: list[CpuLimit] = []
    for hierarchy in hierarchies("cpu", root=root):
        read = _quota_2 if hierarchy.version == 2 else _quota_1
        for folder in hierarchy.folders:
            try:
                quota = read(folder)
            except ValueError as error:
                notes.append(f"{folder}: {error}, ignored")
                continue
            if quota is not None:
                limits.append(CpuLimit(quota, str(folder), "the CPU quota"))
    smallest = min((limit.cpus for limit in limits), default=None)
    limits += _granted(os.environ if environ is None else environ)
    threads = math.floor(min([len(cpus), *(limit.cpus for limit in limits)]))
    return CpuBudget(cpus, smallest, max(1, threads), tuple(notes), tuple(limits))


def _granted(environ: Mapping[str, str]) -> list[CpuLimit]:
    """Return what a cluster's scheduler granted: it counts CPUs, and often leaves affinity and quota as they are.

    Ray sets OMP_NUM_THREADS to the CPUs of a task or actor (1 when none were asked for). Anywhere else that variable
    grants nothing: many set it to 1 for NumPy's sake. Slurm tells its own (sbatch --cpus-per-task).
    """
    found = []
    if environ.get("RAY_JOB_ID") or environ.get("RAY_RAYLET_PID"):
        first_level = environ.get("OMP_NUM_THREADS", "").split(",")[0]
        found.append((first_level, f"ray {os.getpid()}", "Ray (OMP_NUM_THREADS)"))
    task = ".".join(environ.get(f"SLURM_{name}", "") for name in ("JOB_ID", "STEP_ID", "PROCID"))
    found.append((environ.get("SLURM_CPUS_PER_TASK", ""), f"slurm {task}", "Slurm (SLURM_CPUS_PER_TASK)"))
    return [CpuLimit(int(cpus), group, source) for cpus, group, source in found if _is_count(cpus)]


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10 and int(text) > 0


def _quota_2(folder: Path) -> float | None:
    """Read cpu.max: `$MAX $PERIOD` in microseconds, `max` for none (Documentation/admin-guide/cgroup-v2.rst)."""
    text = _read(folder / "cpu.max")
    if text is None:
        return None
    words = text.split()
    if not 1 <= len(words) <= 2:
        raise ValueError(f"cpu.max is {text.strip()[:40]!r}")
    period = _microseconds("cpu.max", words[1]) if len(words) == 2 else _V2_PERIOD
    return None if words[0] == "max" else _microseconds("cpu.max", words[0]) / period


def _quota_1(folder: Path) -> float | None:
    """Read cpu.cfs_quota_us over cpu.cfs_period_us; -1 for none (Documentation/scheduler/sched-bwc.rst)."""
    quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
    if quota is None or period is None or quota.strip() == "-1":
        return None
    return _microseconds("cpu.cfs_quota_us", quota.strip()) / _microseconds("cpu.cfs_period_us", period.strip())


def _microseconds(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and int(text) > 0):
        raise ValueError(f"{name} is {text[:40]!r}")
    return int(text)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
