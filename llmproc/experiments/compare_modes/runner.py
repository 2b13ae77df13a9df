"""Runs the plan on an arm, one setting after the other, and judges every run. No statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.experiments.compare_modes.arm import ArmRun, Prompt, PromptArm, judge_run
from llmproc.experiments.compare_modes.plan import ModeSetting, order, warm_up_prompts
from llmproc.experiments.turns import Progress


@dataclass(frozen=True, slots=True)
class RunSample:
    """One counted run. `place`: its number among all runs of the experiment, the warm-up included."""

    setting: ModeSetting
    repetition: int
    place: int
    run: ArmRun


def run_all(
    arm: PromptArm, found: Sequence[ModeSetting], prompts: Sequence[Prompt], repeat: int, progress: Progress
) -> list[RunSample]:
    """Make all runs and return those that count, in order. LlmprocError when one is not sound (`arm.judge_run`)."""
    samples = []
    runs = list(order(found, repeat))
    for place, (repetition, setting) in enumerate(runs):
        progress(place, len(runs), str(setting))
        given = warm_up_prompts(prompts, setting.workers) if repetition < 0 else prompts
        run = arm.run(setting.mode, setting.workers, given)
        judge_run(run, setting.mode, setting.workers, given)
        if repetition >= 0:
            samples.append(RunSample(setting, repetition, place, run))
    progress(len(runs), len(runs), "")
    return samples
