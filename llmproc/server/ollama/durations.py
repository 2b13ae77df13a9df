"""keep_alive: a number of seconds, or a text as Go writes durations: `5m`, `1h30m`, `-1s`, `0`.

Pure. Source of the form: Go's time.ParseDuration; that a text without a unit is an error: Ollama's api/types.go.
"""

from __future__ import annotations

import re

# There is one way to read each text, so that a long one takes no longer than its length.
_PART = r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)"
PATTERN = rf"^[-+]?(0|({_PART})+)(?!\n)$"
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds(given: float | str) -> float:
    """Return the seconds of a keep_alive that fits the pattern; below 0: for ever."""
    if not isinstance(given, str):
        return float(given)
    total = sum(float(number) * _SECONDS[unit] for number, unit in re.findall(_PART, given))
    return -total if given.startswith("-") else total
