"""Checks of the machine: system, instruction set, CPUs, memory, what /proc offers."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.apps.doctor.check import Check, human_bytes
from llmproc.config import format_cpus
from llmproc.errors import UsageError
from llmproc.hardware import isa
from llmproc.hardware.cpus import CpuBudget, usable_cpus
from llmproc.hardware.memory import MemoryBudget, usable_memory
from llmproc.hardware.sharing import threads_left

if TYPE_CHECKING:
    from llmproc.monitor.instances import Instance


def system() -> Check:
    """Check that this is Linux."""
    value = f"{platform.system()} {platform.release()} {platform.machine()}"
    if sys.platform != "linux":
        return Check("system", value, "fail", "llmproc runs on Linux only: it needs memfd, pidfd and /proc")
    return Check("system", value)


def instruction_set(forced: str | None, flags: frozenset[str] | None = None) -> Check:
    """Check which vector instructions the kernels will use."""
    there = isa.available(flags)
    try:
        chosen = isa.choose(forced, flags)
    except UsageError as error:
        return Check("instruction set", str(error), "fail", "unset LLMPROC_ISA", {"available": there})
    facts = {"available": there, "chosen": chosen.name, "forced": chosen.forced}
    value = f"{chosen.name}{', forced by LLMPROC_ISA' if chosen.forced else ''} (available: {', '.join(there)})"
    if chosen.name != there[-1]:
        return Check("instruction set", value, "warn", f"{there[-1]} is faster: unset LLMPROC_ISA", facts)
    if chosen.name == isa.PORTABLE:
        return Check("instruction set", value, "warn", "this CPU has no AVX2: everything works, slower", facts)
    return Check("instruction set", value, facts=facts)


def cpus(budget: CpuBudget | None = None, there: int | None = None, others: Sequence[Instance] | None = None) -> Check:
    """Check how many CPUs may be used, and so how many threads there are by default: what is granted, and why."""
    found, all_of_them = budget or usable_cpus(), there or os.cpu_count() or 0
    beside = [other for other in (_running() if others is None else others) if other.threads]
    threads = max(1, threads_left(found, [other.claim for other in beside]))
    value = f"{len(found.allowed)} of {all_of_them} allowed ({format_cpus(found.allowed)})"
    granted = [f"{limit.source} grants {limit.cpus:g}" for limit in found.limits if limit.cpus < len(found.allowed)]
    taken = [f"instance {other.pid} takes {other.threads}" for other in beside] if threads < found.threads else []
    value = ", ".join([value, *granted, *taken, f"{threads} thread{'' if threads == 1 else 's'} by default"])
    facts = {"allowed": list(found.allowed), "machine": all_of_them, "threads": threads, "notes": found.notes}
    facts |= {
        "granted": {limit.source: limit.cpus for limit in found.limits},
        "others": {str(other.pid): other.threads for other in beside},
    }
    if found.notes:
        return Check("cpus", value, "warn", "; ".join(found.notes), facts)
    return Check("cpus", value, facts=facts)


def _running() -> Sequence[Instance]:
    """Return the instances that run now; none when a package is missing that reading them needs."""
    try:
        from llmproc.monitor.instances import running
    except ImportError:
        return ()
    return running()


def quota(budget: CpuBudget | None = None) -> Check:
    """Check the CPU quota of the control groups."""
    found = budget or usable_cpus()
    if found.quota is None:
        return Check("cpu quota", "none", facts={"quota": None})
    value, facts = f"{found.quota:g} CPUs", {"quota": found.quota}
    if found.quota < 1:
        hint = "below one CPU: even a single thread is stopped for a part of every period"
        return Check("cpu quota", value, "warn", hint, facts)
    if found.quota < len(found.allowed):
        hint = f"below the {len(found.allowed)} CPUs allowed: more than {found.threads} threads would be throttled"
        return Check("cpu quota", value, "warn", hint, facts)
    return Check("cpu quota", value, facts=facts)


def memory(checkpoint_bytes: int | None, budget: MemoryBudget | None = None) -> Check:
    """Check the memory that can be taken now. Loading needs the checkpoint's size twice: as read, and packed."""
    found = budget or usable_memory()
    value = f"{human_bytes(found.usable)} usable of {human_bytes(found.total)}"
    if found.limit is not None:
        value += f", control groups' limit {human_bytes(found.limit)}"
    facts = {"total": found.total, "available": found.available, "limit": found.limit, "usable": found.usable}
    if found.notes:
        return Check("memory", value, "warn", "; ".join(found.notes), facts)
    if found.usable is not None and checkpoint_bytes is not None and found.usable < 2 * checkpoint_bytes:
        hint = f"loading this checkpoint takes up to {human_bytes(2 * checkpoint_bytes)}"
        return Check("memory", value, "warn", hint, facts)
    return Check("memory", value, facts=facts)


def proc(root: str = "/proc") -> Check:
    """Check that /proc is there, and what it offers."""
    if not Path(root, "self", "stat").is_file():
        return Check("/proc", f"{root} is not mounted", "fail", "llmproc finds and watches its processes there")
    return proc_features(root)


def proc_features(root: str = "/proc") -> Check:
    """Check the parts of the kernel that are used if they exist."""
    there = {
        "schedstat": Path(root, "self", "schedstat").exists(),
        "smaps_rollup": Path(root, "self", "smaps_rollup").exists(),
        "pidfd": _has_pidfd(),
    }
    losses = {
        "schedstat": "no schedstat: CPU time in ticks of 10 ms, no run-queue wait",
        "smaps_rollup": "no smaps_rollup: no PSS, memory of several workers cannot be summed",
        "pidfd": "no pidfd_open: deaths are seen through a pipe",
    }
    value = ", ".join(name for name, found in there.items() if found) or "none"
    missing = [losses[name] for name, found in there.items() if not found]
    return Check("/proc and kernel", value, "warn" if missing else "ok", "; ".join(missing), {"features": there})


def _has_pidfd() -> bool:
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (OSError, AttributeError):
        return False
    return True
