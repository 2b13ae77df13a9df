"""The run itself: choose the peer's settings, warm up, then every work on every arm in turn, again and again.

Used by `app`. It knows arms only by their `run`; what order they come in is `measure`'s, what is made of the samples is
`result`'s. Between two runs it waits a moment, because threads of the arm that ran last may still be spinning for work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from llmproc.experiments.bench.timed import Timing
from llmproc.experiments.bench.work import LIMITS, Work
from llmproc.experiments.turns import Progress, in_turn

SETTLE_S = 0.02  # libgomp spins for about 2 ms after a parallel region, a parked team for 0.02 ms
TRIALS = 2  # runs of each setting after one that does not count
TRIAL_STEPS = 8


class Runnable(Protocol):
    """An arm as the runner drives it: a TimedArm, or a RemoteArm over a pipe."""

    name: str

    def about(self) -> dict[str, Any]:
        """Return versions and fixed settings, for the report."""

    def settings(self, work: Work) -> list[str]:
        """Return the settings worth trying for this work."""

    def run(self, work: Work, setting: str) -> Timing:
        """Run the work once."""

    def cpu_seconds(self) -> float:
        """Return the CPU seconds used so far."""

    def close(self) -> None:
        """Free everything."""


@dataclass(frozen=True, slots=True)
class WorkSample:
    """One counted run. `place`: in which order the runs of the whole bench came; `others_cpu_s`: idle arms' CPU."""

    work: Work
    arm: str
    repetition: int
    place: int
    timing: Timing
    others_cpu_s: float


@dataclass(slots=True)
class Measurements:
    """All samples of a run, and how settings were chosen."""

    samples: list[WorkSample] = field(default_factory=list)
    trials: dict[tuple[str, str], dict[str, list[float]]] = field(default_factory=dict)  # (arm, work) -> setting -> s
    chosen: dict[tuple[str, str], str] = field(default_factory=dict)  # (arm, work) -> setting

    def rates(self, arm: str, work: str) -> dict[int, float]:
        """Return repetition -> amount per second."""
        return {s.repetition: s.timing.rate for s in self.samples if (s.arm, s.work.name) == (arm, work)}


class BenchRunner:
    """The loop over a plan; `settle(seconds)` is time.sleep except in tests."""

    def __init__(self, progress: Progress, settle: Callable[[float], None] = time.sleep) -> None:
        self._progress, self._settle = progress, settle
        self._done = self._total = 0

    def run(self, plan: Sequence[tuple[Work, Sequence[Runnable]]], repeat: int) -> Measurements:
        """Choose settings, then measure in the order of `turns`."""
        found = Measurements()
        options = {(arm.name, work.name): arm.settings(work) for work, arms in plan for arm in arms}
        trials = sum(len(settings) * (TRIALS + 1) for settings in options.values() if len(settings) > 1)
        runs = list(in_turn(plan, repeat))
        self._total = trials + len(runs)
        for work, arms in plan:
            for arm in arms:
                self._choose(arm, work, options[arm.name, work.name], found)
        everybody = {id(arm): arm for _, arms in plan for arm in arms}
        for place, (repetition, work, arm) in enumerate(runs):
            others = [other for other in everybody.values() if other is not arm]
            before = _cpu(others)
            timing = self._once(arm, work, found.chosen[arm.name, work.name])
            if repetition >= 0:
                found.samples.append(WorkSample(work, arm.name, repetition, place, timing, _cpu(others) - before))
        self._progress(self._total, self._total, "")
        return found

    def _choose(self, arm: Runnable, work: Work, settings: Sequence[str], found: Measurements) -> None:
        """Choose the quickest setting. The first run of each makes what it needs and does not count."""
        key = arm.name, work.name
        if len(settings) == 1:
            found.chosen[key] = settings[0]
            return
        short = work if work.kind in LIMITS else work.shortened(TRIAL_STEPS)
        seconds: dict[str, list[float]] = {}
        for setting in settings:
            runs = [self._once(arm, short, setting).seconds for _ in range(TRIALS + 1)]
            seconds[setting] = runs[1:]
        found.trials[key], found.chosen[key] = seconds, best_setting(seconds)

    def _once(self, arm: Runnable, work: Work, setting: str) -> Timing:
        self._progress(self._done, self._total, f"{work.name} {arm.name}")
        self._done += 1
        timing = arm.run(work, setting)
        self._settle(SETTLE_S)
        return timing


def best_setting(seconds: Mapping[str, Sequence[float]]) -> str:
    """Return the setting with the quickest run; of equals the one named first."""
    return min(seconds, key=lambda setting: min(seconds[setting]))


def _cpu(arms: Sequence[Runnable]) -> float:
    return sum(arm.cpu_seconds() for arm in arms)


def idle_cpu_share(samples: Sequence[WorkSample]) -> Mapping[str, float]:
    """Return arm that ran -> CPU time that idle arms took meanwhile, as a share of one core."""
    found: dict[str, float] = {}
    for name in {sample.arm for sample in samples}:
        own = [sample for sample in samples if sample.arm == name]
        found[name] = sum(s.others_cpu_s for s in own) / max(sum(s.timing.seconds for s in own), 1e-9)
    return found
