"""An arm with a stopwatch: the only place where the time of a piece of work is taken.

Serves `arm_process`, where the clock is the real one, and tests, where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llmproc.experiments.bench.arms.arm import Arm
from llmproc.experiments.bench.work import Work


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a piece of work took and how much it was: tokens, bytes or multiply-adds."""

    seconds: float
    amount: float

    @property
    def rate(self) -> float:
        """Amount per second."""
        return self.amount / self.seconds if self.seconds > 0 else 0.0


class TimedArm:
    """What the runner drives: here directly, in `remote` over a pipe."""

    def __init__(self, arm: Arm, clock: Callable[[], float]) -> None:
        """`clock`: seconds from anywhere, never backwards."""
        self._arm, self._clock = arm, clock
        self.name = arm.name

    def about(self) -> dict[str, Any]:
        """See Arm."""
        return self._arm.about()

    def settings(self, work: Work) -> list[str]:
        """See Arm."""
        return self._arm.settings(work)

    def run(self, work: Work, setting: str) -> Timing:
        """Prepare, untimed, then do it, timed."""
        self._arm.prepare(work, setting)
        before = self._clock()
        amount = self._arm.run(work)
        return Timing(self._clock() - before, amount)

    def cpu_seconds(self) -> float:
        """CPU time it has used; unknown here, where nothing else could be disturbed by it."""
        return 0.0

    def close(self) -> None:
        """See Arm."""
        self._arm.close()
