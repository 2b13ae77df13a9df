"""Which modes run with how many workers, in which order, and what warms them up. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llmproc.dispatch import POLICIES
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.experiments.samples import rotated

WARM_UP = -1  # its repetition; it is not counted


@dataclass(frozen=True, slots=True)
class Setting:
    """One bar of the comparison. UsageError for an unknown mode or no worker."""

    mode: str
    workers: int

    def __post_init__(self) -> None:
        if self.mode not in POLICIES:
            raise UsageError(f"mode is {self.mode}: must be one of {', '.join(POLICIES)}")
        if self.workers < 1:
            raise UsageError(f"workers is {self.workers}: must be at least 1")

    def __str__(self) -> str:
        return f"{self.mode} with {self.workers} worker{'s' * (self.workers != 1)}"


BASELINE = Setting("seq", 1)


def settings(modes: Sequence[str], workers: Sequence[int]) -> tuple[Setting, ...]:
    """The baseline, always, then every other mode at every number of workers; modes of one number side by side."""
    others = [mode for mode in dict.fromkeys(modes) if mode != BASELINE.mode]
    return (BASELINE, *(Setting(mode, count) for count in sorted(set(workers)) for mode in others))


def order(found: Sequence[Setting], repeat: int) -> Iterator[tuple[int, Setting]]:
    """(repetition, setting) in running order: a round to warm up, then `repeat` rounds, each beginning one further."""
    for repetition in (WARM_UP, *range(repeat)):
        for setting in rotated(found, max(repetition, 0)):
            yield repetition, setting


def warm_up_prompts(prompts: Sequence[Prompt], workers: int) -> list[Prompt]:
    """The cheapest few, two for each worker if there are so many: they load what a first request has to load."""
    return sorted(prompts, key=lambda prompt: prompt.cost or 0.0)[: 2 * workers]
