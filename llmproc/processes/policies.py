"""The supervisor's decisions, pure: when to restart, how to stop, what a silent worker is. No I/O, no own clock.

`RunningClock` turns wall time into time in which main itself ran, so that Ctrl-Z and a suspended laptop cost no
worker its life: every deadline here is in that time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

FIRST_DELAY_S = 0.2


class RunningClock:
    """Seconds in which main ran: a gap longer than `longest_s` between two ticks counts as `longest_s`."""

    def __init__(self, longest_s: float = 0.5) -> None:
        self._longest, self.now = longest_s, 0.0
        self._last: float | None = None

    def tick(self, monotonic_s: float) -> float:
        """Advance to wall reading `monotonic_s`; returns the running time."""
        if self._last is not None:
            self.now += min(max(monotonic_s - self._last, 0.0), self._longest)
        self._last = monotonic_s
        return self.now


@dataclass(slots=True)
class RestartPolicy:
    """A worker that died is replaced at once, unless it keeps dying without having done anything.

    A *fruitless* death is one before ready, or with work in hand and no step finished since the fork. Up to
    `free - 1` in a row cost nothing; from the `free`-th on the delay doubles, and death number `limit` ends it.
    """

    free: int = 3
    limit: int = 6
    _fruitless: dict[int, int] = field(default_factory=dict)

    def worker_died(self, slot: int, fruitless: bool) -> float | None:
        """Return the seconds to wait before the replacement; None when the budget is spent."""
        count = self._fruitless.get(slot, 0) + 1 if fruitless else 0
        self._fruitless[slot] = count
        if count >= self.limit:
            return None
        return 0.0 if count < self.free else FIRST_DELAY_S * 2 ** (count - self.free)

    def progressed(self, slot: int) -> None:
        """Clear the slot's record: a step was finished."""
        self._fruitless.pop(slot, None)

    def count(self, slot: int) -> int:
        """Return how many workers of the slot died in a row without a finished step."""
        return self._fruitless.get(slot, 0)


class StopStage(Enum):
    """The stages of the stop escalation."""

    MESSAGE = "message"
    SIGTERM = "SIGTERM"
    SIGABRT = "SIGABRT"
    SIGKILL = "SIGKILL"


class StopEscalation:
    """Message, SIGTERM, SIGABRT (stacks are written), SIGKILL, each with a deadline in seconds of running time."""

    def __init__(self, waits_s: tuple[float, ...] = (0.6, 0.4, 0.3), first: StopStage = StopStage.MESSAGE) -> None:
        stages = list(StopStage)
        self._left = [(stage, wait) for stage, wait in zip(stages, (*waits_s, 0.0), strict=True)][stages.index(first) :]
        self.deadline = 0.0

    @property
    def begun(self) -> bool:
        """Return whether its first stage was taken."""
        return self.deadline > 0

    def next(self, now: float) -> StopStage | None:
        """Return the stage to take now, or None while the one before still has time (or all have been taken)."""
        if not self._left or now < self.deadline:
            return None
        stage, wait = self._left.pop(0)
        self.deadline = now + wait
        return stage


class Verdict(Enum):
    """Judgement of a worker by its counters."""

    FINE = "fine"
    LONG_STEP = "long step"  # busy, counter still, CPU time rising: warn
    STARVED = "starved"  # busy, counter still, but it waits for a core: warn, never the escalation
    STUCK = "stuck"  # busy, counter still, neither runs nor waits for a core: the escalation


@dataclass(frozen=True, slots=True)
class HealthSample:
    """One look at a worker: its own counters and what the kernel says about it (nanoseconds; state letter)."""

    steps: int
    busy: bool
    cpu_ns: int
    wait_ns: int
    state: str


class Watchdog:
    """Judges each worker by what changed since its counter last moved."""

    def __init__(self, patience_s: float = 10.0, noise_ns: int = 20_000_000) -> None:
        self._patience, self._noise = patience_s, noise_ns
        self._since: dict[int, tuple[float, HealthSample]] = {}

    def forget(self, slot: int) -> None:
        """Forget the slot's record: it has a new worker or none."""
        self._since.pop(slot, None)

    def look(self, slot: int, now: float, seen: HealthSample) -> Verdict:
        """Judge `slot`; after one that is not FINE a new window begins."""
        start, first = self._since.setdefault(slot, (now, seen))
        if not seen.busy or seen.steps != first.steps or not first.busy:
            self._since[slot] = (now, seen)
            return Verdict.FINE
        if now - start < self._patience:
            return Verdict.FINE
        self._since[slot] = (now, seen)
        if seen.cpu_ns - first.cpu_ns > self._noise:
            return Verdict.LONG_STEP
        if seen.wait_ns - first.wait_ns > self._noise or seen.state == "R":
            return Verdict.STARVED
        return Verdict.STUCK
