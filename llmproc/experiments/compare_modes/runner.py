"""Runs the plan on an arm, one setting after the other, and judges every run. No statistics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llmproc.experiments.compare_modes.arm import Arm, ArmRun, Prompt, judge_run
from llmproc.experiments.compare_modes.plan import WARM_UP, Setting, order, warm_up_prompts

Progress = Callable[[int, int, str], None]  # done, total, what is run now


@dataclass(frozen=True, slots=True)
class Sample:
    """One counted run. `place`: its number among all runs of the experiment, the warm-up included."""

    setting: Setting
    repetition: int
    place: int
    run: ArmRun


def run_all(
    arm: Arm, found: Sequence[Setting], prompts: Sequence[Prompt], repeat: int, progress: Progress
) -> list[Sample]:
    """All counted runs in their order. LlmprocError when one breaks a promise (`arm.judge_run`)."""
    samples = []
    runs = list(order(found, repeat))
    for place, (repetition, setting) in enumerate(runs):
        progress(place, len(runs), str(setting))
        given = warm_up_prompts(prompts, setting.workers) if repetition == WARM_UP else prompts
        run = arm.run(setting.mode, setting.workers, given)
        judge_run(run, setting.mode, setting.workers, given)
        if repetition != WARM_UP:
            samples.append(Sample(setting, repetition, place, run))
    progress(len(runs), len(runs), "")
    return samples
