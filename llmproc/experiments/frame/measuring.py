"""One experiment: warm-up, then all arms in turn, again and again; conditions meanwhile. Returns the document."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from llmproc.experiments import conditions
from llmproc.experiments.frame.document import document_of
from llmproc.experiments.frame.options import FrameOptions
from llmproc.experiments.frame.plan import ExperimentArm, ExperimentPlan, RoundRunner
from llmproc.experiments.frame.rounds import CountedRound
from llmproc.experiments.own_children import children_cpu_s, without_children
from llmproc.experiments.surroundings import Surroundings
from llmproc.experiments.turns import Progress, rotated


def measure(plan: ExperimentPlan, common: FrameOptions, command: str, progress: Progress) -> dict[str, Any]:
    """Run every arm that is not skipped and return the document of `schema`. `command`: as it can be typed again.

    Ctrl-C ends the measuring; the document of what was measured until then says so. Raises LlmprocError from an arm.
    """
    before, surroundings = children_cpu_s(), Surroundings.now()
    rounds: list[CountedRound] = []
    complete = True
    try:
        with plan.open() as runner:
            run_in_turn(runner, plan.arms, common, rounds.append, progress)
    except KeyboardInterrupt:
        complete = False
    progress(1, 1, "")
    held = conditions.between(surroundings.start, conditions.take(), {os.getpid()})
    held = without_children(held, children_cpu_s() - before)
    machine = surroundings.machine
    warned = conditions.warnings(held, 1, len(machine["cpus_allowed"]), machine["quota_cpus"], {}, {})
    return document_of(plan, common, rounds, surroundings.as_dict(command, held, warned), complete)


def run_in_turn(
    runner: RoundRunner,
    arms: Sequence[ExperimentArm],
    common: FrameOptions,
    keep: Callable[[CountedRound], object],
    progress: Progress,
) -> None:
    """Run repetitions outside, arms inside, starting one arm further each time; those that count are kept."""
    running = [arm for arm in arms if not arm.skipped]
    total = len(running) * (common.warmup_runs + common.num_runs)
    place = 0
    for repetition in range(-common.warmup_runs, common.num_runs):
        for arm in rotated(running, repetition):
            progress(place, total, arm.name)
            found = runner.run(arm, repetition)
            if repetition >= 0:
                keep(CountedRound(arm.name, repetition, place, found))
            place += 1
