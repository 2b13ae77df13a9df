"""The machine block of a report: everything a reader needs in order to judge a figure or to repeat it.

Used by `surroundings`. Facts only; what disturbs a measurement is in `conditions`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from llmproc.config import Environment
from llmproc.hardware import isa
from llmproc.hardware.cpus import usable_cpus
from llmproc.monitor.machine import machine_facts, versions


def machine_block() -> dict[str, Any]:
    """Return the `machine` block of the JSON document."""
    chosen = isa.choose(Environment.read().isa)
    return {
        **machine_facts(),
        "caches": caches(),
        "quota_cpus": usable_cpus().quota,
        "governor": governor(),
        "isa": chosen.name,
        "isa_forced": chosen.forced,
        "isas_available": isa.available(),
        "load_average": list(os.getloadavg()),
        "versions": versions(),
    }


def caches(root: str = "/sys") -> list[str]:
    """Return the caches of the first CPU, such as `L2 unified 1024K`; [] where the kernel does not say."""
    found = []
    for folder in sorted(Path(root, "devices/system/cpu/cpu0/cache").glob("index*")):
        parts = [_text(folder / name) for name in ("level", "type", "size")]
        if all(parts):
            found.append(f"L{parts[0]} {str(parts[1]).lower()} {parts[2]}")
    return found


def governor(root: str = "/sys") -> str | None:
    """Return the first CPU's frequency governor; None where it has none, as in most virtual machines."""
    return _text(Path(root, "devices/system/cpu/cpu0/cpufreq/scaling_governor"))


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None
