"""Waiting in slices: a caller that blocks in C hears no interrupt that comes without a signal, so it never blocks long.

`PyThreadState_SetAsyncExc` (a debugger, or a framework that cancels a task) only sets a flag in the interpreter: the
exception is raised when bytecode runs again. Used wherever a caller's thread waits.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

SLICE_S = 0.2


def slices(timeout: float | None) -> Iterator[float]:
    """Yield how long to wait each time, at most SLICE_S, until `timeout` seconds are over; None: for ever.

    At least once, so that a timeout of 0 looks once.
    """
    if timeout is None:
        while True:
            yield SLICE_S
    end = time.monotonic() + timeout
    left = timeout
    while True:
        yield min(max(left, 0.0), SLICE_S)
        left = end - time.monotonic()
        if left <= 0:
            return
