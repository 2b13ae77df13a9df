"""An arm on a fake clock: workers are simulated, CPUs are shared evenly, and noise comes from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence

from llmproc.dispatch.simulation import simulate
from llmproc.experiments.compare_modes.arm import ArmRow, ArmRun, Prompt


class FakeArm:
    """`unit`: seconds of one unit of cost; `cpus`: what more workers than that share; None: they need none."""

    def __init__(
        self, unit: float = 0.1, cpus: int | None = 2, noise: float = 0.0, overhead: float = 0.0, digests: bool = True
    ) -> None:
        self.unit, self.cpus, self.noise, self.overhead, self.digests = unit, cpus, noise, overhead, digests
        self.diary: list[tuple[str, int, int]] = []  # mode, workers, prompts
        self._chance = random.Random(7)

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        self.diary.append((mode, workers, len(prompts)))
        working = 1 if mode == "seq" else workers
        shared = max(1.0, working / self.cpus) if self.cpus else 1.0
        weather = 1 + self.noise * self._chance.random()
        alone = [(prompt.cost or 1.0) * self.unit * (1 + self.noise * self._chance.random()) for prompt in prompts]
        schedule = simulate(mode, [seconds * shared * weather for seconds in alone], workers)
        rows = tuple(
            ArmRow(
                span.request,
                span.worker,
                queue_s=span.start,
                service_s=span.end - span.start,
                started_s=span.start,
                ended_s=span.end,
                tokens=int(16 * (prompts[span.request].cost or 1)) if self.digests else 0,
                digest=f"{span.request:04x}" if self.digests else "",
            )
            for span in schedule.spans
        )
        waited = sum(schedule.busy) * (1 - 1 / shared)
        elapsed = schedule.makespan + self.overhead * len(prompts)
        return ArmRun(elapsed, rows, schedule.steals, waited if self.cpus else 0.0, (50 + 9 * workers) << 20)
