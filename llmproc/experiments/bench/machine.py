"""The machine block of a report: everything a reader needs in order to judge a figure or to repeat it.

Serves `result`. Facts only; what disturbs a measurement is `conditions`'.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from llmproc.config import Environment
from llmproc.hardware import isa
from llmproc.monitor.cgroup import stat_files
from llmproc.monitor.machine import machine_facts, versions


def machine_block() -> dict[str, Any]:
    """As it stands in the JSON document under `machine`."""
    chosen = isa.choose(Environment.read().isa)
    return {
        **machine_facts(),
        "caches": caches(),
        "quota_cpus": quota_cpus(),
        "governor": governor(),
        "isa": chosen.name,
        "isa_forced": chosen.forced,
        "isas_available": isa.available(),
        "load_average": list(os.getloadavg()),
        "versions": versions(),
    }


def caches(root: str = "/sys") -> list[str]:
    """Of the first CPU, such as `L2 unified 1024K`; empty where the kernel does not say."""
    found = []
    for folder in sorted(Path(root, "devices/system/cpu/cpu0/cache").glob("index*")):
        parts = [_text(folder / name) for name in ("level", "type", "size")]
        if all(parts):
            found.append(f"L{parts[0]} {str(parts[1]).lower()} {parts[2]}")
    return found


def governor(root: str = "/sys") -> str | None:
    """The first CPU's frequency governor; None where there is none to read, as in most virtual machines."""
    return _text(Path(root, "devices/system/cpu/cpu0/cpufreq/scaling_governor"))


def quota_cpus(pid: int | None = None, *, root: str = "/proc") -> float | None:
    """CPUs that the control groups of a process allow it at most; None without a quota."""
    quotas = [_quota(Path(name).parent) for name in stat_files(os.getpid() if pid is None else pid, root=root)]
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota(group: Path) -> float | None:
    """Of one group: cpu.max of version 2, cfs_quota_us and cfs_period_us of version 1."""
    both = _text(group / "cpu.max") or f"{_text(group / 'cpu.cfs_quota_us')} {_text(group / 'cpu.cfs_period_us')}"
    quota, _, period = both.partition(" ")
    if not (quota.isdecimal() and period.strip().isdecimal()) or int(period) == 0:
        return None  # "max", -1 or nothing at all
    return int(quota) / int(period)


def default_threads() -> int:
    """As many as CPUs are allowed, and no more than the quota pays for."""
    allowed, quota = len(os.sched_getaffinity(0)), quota_cpus()
    return max(1, allowed if quota is None else min(allowed, int(quota)))


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None
