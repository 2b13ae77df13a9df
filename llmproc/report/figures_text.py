"""Figures of experiments as a reader sees them: how many digits, and a name with its unit. Pure."""

from __future__ import annotations

_UNITS = {"_s": " s", "_bytes": " MB", "_share": " %", "_per_second": "/s"}
_NAMES = {
    "tokens_per_second": "tokens/s",
    "elapsed_s": "time s",
    "user_s": "user s",
    "system_s": "system s",
    "wait_s": "run-queue wait s",
    "cpu_share": "CPU %",
    "voluntary_switches": "voluntary switches",
    "involuntary_switches": "involuntary switches",
    "workers_pss_bytes": "PSS of workers MB",
    "template_pss_bytes": "PSS of template MB",
}


def shown(value: float) -> str:
    """Return three digits that mean something: 0.0123, 1.23, 12.3, 123, 12345."""
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 100:
        return f"{value:.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 else f"{value:.3g}"


def unit_of(name: str) -> str:
    """Return a figure's name for a table head, its unit at the end."""
    if name in _NAMES:
        return _NAMES[name]
    for ending, unit in _UNITS.items():
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ") + unit
    return name.replace("_", " ")
