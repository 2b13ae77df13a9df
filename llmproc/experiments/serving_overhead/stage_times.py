"""CPU time of one thread by stage: a stage within another one counts for itself alone. Pure but for its clock.

A clock is read at each end of a stage, which is part of what is measured: a few tenths of a microsecond each time.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Generator
from typing import Any


class StageTimes:
    """Sums of nanoseconds and of calls by stage. Everything that it times must run on one thread."""

    def __init__(self, clock: Callable[[], int] = time.thread_time_ns) -> None:
        """Begin at zero. `clock`: nanoseconds that the thread has computed."""
        self.ns: dict[str, int] = {}
        self.calls: dict[str, int] = {}
        self._clock, self._since = clock, 0
        self._open: list[str] = []

    def enter(self, stage: str) -> None:
        """Begin a stage within the one that is open."""
        now = self._clock()
        if self._open:
            self._add(now)
        self._open.append(stage)
        self._since = now

    def leave(self) -> None:
        """End the innermost stage."""
        now = self._clock()
        self._add(now)
        self._open.pop()
        self._since = now

    def timed(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function that does the same as part of a stage; of a coroutine, every step of it."""
        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def timed_steps(*arguments: Any, **named: Any) -> Any:
                self._count(stage)
                return await _Steps(self, stage, function(*arguments, **named))

            return timed_steps

        @functools.wraps(function)
        def timed_call(*arguments: Any, **named: Any) -> Any:
            self._count(stage)
            self.enter(stage)
            try:
                return function(*arguments, **named)
            finally:
                self.leave()

        return timed_call

    def _add(self, now: int) -> None:
        stage = self._open[-1]
        self.ns[stage] = self.ns.get(stage, 0) + now - self._since

    def _count(self, stage: str) -> None:
        self.calls[stage] = self.calls.get(stage, 0) + 1


class _Steps:
    """Awaits a coroutine: the time in which it waits belongs to no stage, for other tasks run then."""

    def __init__(self, times: StageTimes, stage: str, coroutine: Any) -> None:
        self._times, self._stage, self._coroutine = times, stage, coroutine

    def __await__(self) -> Generator[Any, Any, Any]:
        steps = self._coroutine.__await__()
        step, value = steps.send, None
        while True:
            self._times.enter(self._stage)
            try:
                waits_for = step(value)
            except StopIteration as end:
                return end.value
            finally:
                self._times.leave()
            try:
                step, value = steps.send, (yield waits_for)
            except BaseException as error:  # it is cancelled: the coroutine decides what becomes of that
                step, value = steps.throw, error
