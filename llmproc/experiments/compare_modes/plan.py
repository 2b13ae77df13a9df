"""Which modes run with how many workers, in which order, and what warms them up. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llmproc.dispatch import CLIENT_POLICIES
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.experiments.turns import rotated, rounds


@dataclass(frozen=True, slots=True)
class ModeSetting:
    """A mode and a number of workers. UsageError for an unknown mode or less than one worker."""

    mode: str
    workers: int

    def __post_init__(self) -> None:
        if self.mode not in CLIENT_POLICIES:
            raise UsageError(f"mode is {self.mode}: must be one of {', '.join(CLIENT_POLICIES)}")
        if self.workers < 1:
            raise UsageError(f"workers is {self.workers}: must be at least 1")

    def __str__(self) -> str:
        return f"{self.mode} with {self.workers} worker{'s' * (self.workers != 1)}"


BASELINE = ModeSetting("seq", 1)


def settings(modes: Sequence[str], workers: Sequence[int]) -> tuple[ModeSetting, ...]:
    """Return the baseline, then every other mode at every number of workers, grouped by number of workers."""
    others = [mode for mode in dict.fromkeys(modes) if mode != BASELINE.mode]
    return (BASELINE, *(ModeSetting(mode, count) for count in sorted(set(workers)) for mode in others))


def order(found: Sequence[ModeSetting], repeat: int) -> Iterator[tuple[int, ModeSetting]]:
    """Yield (repetition, setting) in running order: a warm-up round, then `repeat` rounds, each starting one later."""
    for repetition in rounds(repeat):
        for setting in rotated(found, max(repetition, 0)):
            yield repetition, setting


def warm_up_prompts(prompts: Sequence[Prompt], workers: int) -> list[Prompt]:
    """Return the cheapest prompts, two for each worker: enough to load what a first request loads."""
    return sorted(prompts, key=lambda prompt: prompt.cost or 0.0)[: 2 * workers]
