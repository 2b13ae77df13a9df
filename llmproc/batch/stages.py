"""How long each stage of the pipeline worked and how long it waited: wall seconds on CLOCK_MONOTONIC.

    reading      busy: reading, judging, tokenizing        waiting: for room among the rows read ahead
    generating   busy: at least one request is worked on   waiting: for rows, at first for the model
    writing      busy: encoding and writing                waiting: for a result

Each clock is written by its own stage's thread and read by anybody.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class StageClock:
    """Runs from `start` to `stop`; what is not spent in `waiting` is busy."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: float | None = None
        self._ended: float | None = None
        self._paused: float | None = None
        self._waited = 0.0

    def start(self) -> None:
        """Start the clock; a second call does nothing."""
        self._began = self._clock() if self._began is None else self._began

    def stop(self) -> None:
        """Stop the clock; a second call does nothing."""
        self.go_on()
        self._ended = self._clock() if self._ended is None else self._ended

    def pause(self) -> None:
        """Count the time from now on as waiting."""
        self._paused = self._clock() if self._paused is None else self._paused

    def go_on(self, since: float | None = None) -> None:
        """Count the time as busy again, from now or from `since`, a moment that only now is known of."""
        if self._paused is not None:
            until = self._clock() if since is None else max(since, self._paused)
            self._waited, self._paused = self._waited + until - self._paused, None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count what is done inside as waiting."""
        self.pause()
        try:
            yield
        finally:
            self.go_on()

    @property
    def waiting_s(self) -> float:
        """Return the seconds of waiting so far."""
        paused = self._paused
        return self._waited + (0.0 if paused is None else self._clock() - paused)

    @property
    def busy_s(self) -> float:
        """Return the busy seconds so far."""
        if self._began is None:
            return 0.0
        end = self._clock() if self._ended is None else self._ended
        return max(0.0, end - self._began - self.waiting_s)


class Stages:
    """The clocks of the three stages of a run."""

    def __init__(self) -> None:
        self.reading, self.generating, self.writing = StageClock(), StageClock(), StageClock()
        self.tokenizing_s = 0.0  # of reading's busy seconds

    def report(self) -> dict[str, dict[str, float]]:
        """Return the seconds of every stage, for the summary and run.json."""
        found = {
            name: {"busy_s": round(clock.busy_s, 6), "waiting_s": round(clock.waiting_s, 6)}
            for name, clock in (
                ("reading", self.reading), ("generating", self.generating), ("writing", self.writing),
            )
        }  # fmt: skip
        found["reading"]["tokenizing_s"] = round(self.tokenizing_s, 6)
        return found
