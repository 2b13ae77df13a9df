"""Bench's order: who runs when, and what counts. Pure: no clock, no I/O. What is said of samples: experiments.samples.

    for each repetition (the first ones are warm-up and never counted)
        for each work
            for each arm that does it, the first place moving on with every repetition
                run

so that a slow minute of the machine falls on all arms alike. The median is taken of ratios.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeVar

from llmproc.experiments.samples import rotated

WARM_UP = 1  # repetitions before the counted ones

T = TypeVar("T")
W = TypeVar("W")


def schedule(plan: Sequence[tuple[W, Sequence[T]]], repeat: int) -> Iterator[tuple[int, W, T]]:
    """(repetition, work, arm) in running order; `plan`: each work with its arms. Warm-up has numbers below 0."""
    for repetition in range(-WARM_UP, repeat):
        for work, arms in plan:
            for arm in rotated(arms, repetition):
                yield repetition, work, arm


def best_setting(seconds: Mapping[str, Sequence[float]]) -> str:
    """The setting with the quickest run; of equals the one named first."""
    return min(seconds, key=lambda setting: min(seconds[setting]))
