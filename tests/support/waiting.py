"""Waiting for something that another process or thread does: always polled, always with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_S = 90.0  # a busy machine that compiles kernels, not a slow program; below pytest's own time limit
Found = TypeVar("Found")


def until(condition: Callable[[], Found], what: str = "it does not happen", patience_s: float = PATIENCE_S) -> Found:
    """Poll `condition` until it is true; return its value. Fails with `what` after `patience_s`."""
    end = time.monotonic() + patience_s
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} ({patience_s:g} s)"
        time.sleep(0.002)
    return found
