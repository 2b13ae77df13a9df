"""Facts about the host, the program and its process for run.json. The only file in this room that uses psutil.

Used by the run folder. Nothing here is read twice; the CPU use of children never comes from here.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from llmproc.monitor.proc import PAGE_SIZE, TICKS_PER_SECOND

_NOTE = re.compile(r"([A-Za-z0-9._]+)-([^-]+)(?:-py[0-9.]+)?\.(?:dist|egg)-info")  # of installers (PEP 376)
_PACKAGES = ("llmproc-cpu", "numpy", "numba", "llvmlite", "psutil", "pandas", "matplotlib", "msgspec")


def machine_facts() -> dict[str, object]:
    """Return processor, memory, kernel, the CPUs allowed, and the kernel's units."""
    import psutil  # here, because main must be at its prompt quickly

    try:
        memory = psutil.virtual_memory().total
    except OSError:  # without /proc; who needs it says so
        memory = None
    return {
        "cpu": _cpu_model(),
        "architecture": platform.machine(),
        "cores_physical": psutil.cpu_count(logical=False),
        "cpus": psutil.cpu_count(logical=True),
        "cpus_allowed": sorted(os.sched_getaffinity(0)),
        "memory_bytes": memory,
        "kernel": platform.release(),
        "ticks_per_second": TICKS_PER_SECOND,
        "page_size": PAGE_SIZE,
    }


def process_facts(root: str = "/proc") -> dict[str, object]:
    """Return what this process inherited from its parent, and hands on to its children: nice, OOM score, signals.

    A cluster's workers may start with nice 15, the highest OOM score and SIGINT blocked, which explains slow runs and
    sudden deaths. `root` is /proc.
    """
    try:
        adjustment = int(Path(root, "self", "oom_score_adj").read_text())
    except (OSError, ValueError):
        adjustment = None
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    return {
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "oom_score_adj": adjustment,
        "blocked_signals": sorted(_signal_name(number) for number in blocked),
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that matter, without importing them."""
    there = _installed(sys.path)
    return {"python": sys.version.split()[0]} | {name: there[name] for name in _PACKAGES if name in there}


def _installed(path: Sequence[str]) -> dict[str, str]:
    """Return the version of each package that an installer has left a note about in the folders of `path`.

    Read from the notes' names, `<name>-<version>.dist-info`: importlib.metadata gives the same, and takes 20 ms.
    """
    found: dict[str, str] = {}
    for folder in path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for match in filter(None, map(_NOTE.fullmatch, names)):
            found.setdefault(match[1].lower().replace("_", "-"), match[2])
    return found


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(errors="replace").splitlines()
    except OSError:
        return "unknown"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "unknown")
