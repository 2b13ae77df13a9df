"""An arm with a stopwatch: the only place where the time of a piece of work is taken.

Used by `arm_process`, where the clock is the real one, and tests, where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llmproc.errors import UsageError
from llmproc.experiments.bench.arms.arm import BenchArm, Traceable
from llmproc.experiments.bench.work import Work


@dataclass(frozen=True, slots=True)
class Timing:
    """The time of one piece of work and its amount: tokens, bytes or multiply-adds."""

    seconds: float
    amount: float

    @property
    def rate(self) -> float:
        """Return the amount per second."""
        return self.amount / self.seconds if self.seconds > 0 else 0.0


class TimedArm:
    """An arm with a stopwatch, driven directly here and by `remote` over a pipe."""

    def __init__(self, arm: BenchArm, clock: Callable[[], float]) -> None:
        """Time an arm. `clock` gives seconds since any moment and never goes backwards."""
        self._arm, self._clock = arm, clock
        self.name = arm.name

    def about(self) -> dict[str, Any]:
        return self._arm.about()

    def settings(self, work: Work) -> list[str]:
        return self._arm.settings(work)

    def run(self, work: Work, setting: str) -> Timing:
        """Prepare, untimed, then do it, timed."""
        self._arm.prepare(work, setting)
        before = self._clock()
        amount = self._arm.run(work)
        return Timing(self._clock() - before, amount)

    def trace(self, work: Work) -> dict[str, Any]:
        """Return where the time of a work goes. UsageError for an arm that cannot tell."""
        if not isinstance(self._arm, Traceable):
            raise UsageError(f"{self.name} keeps no trace")
        return self._arm.trace(work)

    def cpu_seconds(self) -> float:
        """Return 0: in this process there is nothing that it could disturb."""
        return 0.0

    def close(self) -> None:
        self._arm.close()
