"""One instance at a time counts what the others take and announces what it takes itself: a lock on the runtime folder.

It is flock(2) on the folder, so no file is left, and the kernel lets go of it when its holder dies.

Used by main, for an instant at its start. Without the lock two instances that start together would both take all CPUs.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from llmproc.errors import LogError
from llmproc.monitor import runtimedir

_PATIENCE_S = 0.5  # its holder needs a millisecond; one that has been stopped must not hold up every start
_AGAIN_S = 0.002


@contextlib.contextmanager
def alone(open_place: Callable[[], Path] = runtimedir.open_place, patience_s: float = _PATIENCE_S) -> Iterator[bool]:
    """Hold the lock in the body. Gives False where it could not be had in time: then others may count too."""
    lock = -1
    try:
        lock = os.open(open_place(), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except (OSError, LogError):  # without such a place nothing is announced either
        yield False
        return
    try:
        yield _locked(lock, patience_s)
    finally:
        os.close(lock)


def _locked(lock: int, patience_s: float) -> bool:
    end = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except OSError:
            if time.monotonic() >= end:
                return False
            time.sleep(_AGAIN_S)
