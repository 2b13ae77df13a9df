"""Waiting in slices: a caller blocked in C notices no interrupt that comes without a signal, so it never blocks long.

`PyThreadState_SetAsyncExc` (a debugger, or a framework that cancels a task) only sets a flag in the interpreter: the
exception is raised when bytecode runs again. Used wherever a caller's thread waits.
"""

from __future__ import annotations

import select
import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

SLICE_S = 0.2
_MOST_MS = (1 << 31) - 1  # of poll(2): 24 days


class _HasFileno(Protocol):
    def fileno(self) -> int: ...


Source = TypeVar("Source", bound=int | _HasFileno)


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


def wait_readable(sources: Iterable[Source], timeout_s: float | None = None) -> list[Source]:
    """Wait until one of `sources` can be read, has ended or is broken; return those. Empty after `timeout_s` seconds.

    By poll, as select takes no descriptor above 1023.
    """
    poll, by_fd = select.poll(), {source if isinstance(source, int) else source.fileno(): source for source in sources}
    for fd in by_fd:
        poll.register(fd, select.POLLIN)
    return [by_fd[fd] for fd, _ in poll.poll(None if timeout_s is None else min(1000 * timeout_s, _MOST_MS))]
