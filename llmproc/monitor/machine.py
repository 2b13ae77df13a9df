"""Facts about the host and the program for run.json. The only place in this room where psutil is used.

Serves the run folder. Nothing here is sampled twice; CPU use of children never comes from here.
"""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

from llmproc.monitor.proc import PAGE_SIZE, TICKS_PER_SECOND

_PACKAGES = ("llmproc-cpu", "numpy", "numba", "llvmlite", "psutil", "pandas", "matplotlib", "msgspec")


def machine_facts() -> dict[str, object]:
    """Processor, memory, kernel, CPUs allowed, and the kernel's units."""
    import psutil  # here, because main must be at its prompt quickly

    return {
        "cpu": _cpu_model(),
        "architecture": platform.machine(),
        "cores_physical": psutil.cpu_count(logical=False),
        "cpus": psutil.cpu_count(logical=True),
        "cpus_allowed": sorted(os.sched_getaffinity(0)),
        "memory_bytes": psutil.virtual_memory().total,
        "kernel": platform.release(),
        "ticks_per_second": TICKS_PER_SECOND,
        "page_size": PAGE_SIZE,
    }


def versions() -> dict[str, str]:
    """Python and the installed packages that matter, without importing them."""
    found = {"python": sys.version.split()[0]}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
