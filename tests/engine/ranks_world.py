"""CPUs, a team and its competitors, in simulated time: what the kernel's counters would say of ranks that share them.

The scheduler is fair: with more runnable tasks than CPUs each gets its share, in slices of SLICE_S, so that a look sees
more or less than the average. Ranks that are in use run all the time.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from llmproc.engine.rank_policy import RankDecision, RankPolicy, RankTimes

SLICE_S = 0.003


@dataclass
class World:
    """A team of `ranks` on `cpus`, looked at every `step_s`."""

    cpus: int
    ranks: int
    step_s: float = 0.01
    seed: int = 1
    competitors: int = 0
    knows_idle: bool = True
    now: float = 100.0
    decisions: list[tuple[float, RankDecision]] = field(default_factory=list)
    used: dict[int, float] = field(default_factory=dict)  # ranks in use -> seconds

    def __post_init__(self) -> None:
        self.policy = RankPolicy(self.ranks)
        self._random = random.Random(self.seed)
        self._idle = 0.0  # CPU seconds since the last time it was asked for
        self._asked = self.now

    def run(self, seconds: float) -> World:
        """Let time pass."""
        end = self.now + seconds
        while self.now < end:
            self._step()
        return self

    def _step(self) -> None:
        in_use = self.policy.in_use
        self.now += self.step_s
        self.used[in_use] = self.used.get(in_use, 0.0) + self.step_s
        self._idle += max(0, self.cpus - in_use - self.competitors) * self.step_s
        idle = None
        if self.policy.wants_idle(self.now) and self.knows_idle:
            idle = self._idle / (self.now - self._asked)
            self._restart()
        decision = self.policy.look(self.now, self._times(in_use), self.cpus, idle)
        if decision is not None:
            self.decisions.append((self.now, decision))
            self._restart()

    def _restart(self) -> None:
        self._idle, self._asked = 0.0, self.now

    def _times(self, in_use: int) -> list[RankTimes]:
        share = min(1.0, self.cpus / (in_use + self.competitors))
        jitter = SLICE_S / self.step_s if share < 1 else 0.0
        found = []
        for _ in range(in_use):
            run = max(0.0, min(1.0, share + jitter * self._random.uniform(-0.5, 0.5)))
            found.append(RankTimes(int(run * self.step_s * 1e9), int((1 - run) * self.step_s * 1e9)))
        return found
