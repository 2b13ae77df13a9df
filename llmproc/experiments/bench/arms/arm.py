"""What an arm is: something that can do a piece of work, and what is said of it in the report.

Used by `arm_process`, which times `run` and nothing else: what a step needs but a user would not wait for (a context of
the right size, ids drawn beforehand, an emptied cache) belongs into `prepare`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from llmproc.errors import UsageError
from llmproc.experiments.bench.work import Work


@dataclass(frozen=True, slots=True)
class ArmOptions:
    """The options of every arm; they cross the pipe as JSON."""

    model: str  # checkpoint
    weights: str | None = None  # type an fp32 checkpoint is quantised to; None: its own
    threads: int = 1
    kv_type: str = "f16"
    sequences: int = 1  # at most
    context: int = 512  # positions of one sequence at most
    batch_tokens: int = 128
    adapt: bool = True  # llmproc alone: fewer threads while other programs hold CPUs
    peer_file: str = ""  # where a peer's copy of the weights lies or is to be written

    @property
    def path(self) -> Path:
        """Return the path of the checkpoint."""
        return Path(self.model)


class BenchArm(Protocol):
    """One thing under test."""

    name: str

    def about(self) -> dict[str, Any]:
        """Return versions and fixed settings, for the report."""

    def settings(self, work: Work) -> list[str]:
        """Return the settings worth trying for this work; a single one if there is nothing to choose."""

    def prepare(self, work: Work, setting: str) -> None:
        """Get ready, untimed."""

    def run(self, work: Work) -> float:
        """Do the work, timed; return how much was done: tokens, bytes or multiply-adds."""

    def close(self) -> None:
        """Free what it holds; its threads end."""


@runtime_checkable
class Traceable(Protocol):
    """An arm that can tell where the time of a work goes."""

    def trace(self, work: Work) -> dict[str, Any]:
        """Do the work and return its sums, as `bench.phases` reads them."""


class ModelArm:
    """The base of arms that run a model: `run` as prefill, decode or matmuls."""

    name = "?"

    def prefill(self, tokens: int) -> None:
        """Compute a prompt of `tokens` ids in an empty sequence; logits after the last."""
        raise NotImplementedError

    def decode(self, sequences: int, steps: int) -> None:
        """Make `steps` steps, each of one id for each of `sequences` sequences that are empty at first."""
        raise NotImplementedError

    def matmuls(self, tokens: int, outputs: int, steps: int) -> None:
        """Make all matrix products of a pass over `tokens` ids with `outputs` rows of logits, `steps` times, alone."""
        raise UsageError(f"the matrix products of {self.name} cannot be run alone")

    def run(self, work: Work) -> float:
        if work.kind == "prefill":
            self.prefill(work.tokens)
        elif work.kind == "decode":
            self.decode(work.sequences, work.steps)
        elif work.kind == "matmuls":
            self.matmuls(work.tokens * work.sequences, work.sequences, work.steps)
        else:
            raise UsageError(f"{self.name} cannot run {work.name}")
        return work.amount


@cache
def random_ids(count: int, vocab_size: int, seed: int = 42) -> tuple[int, ...]:
    """Return ids below `vocab_size`, the same for every arm; drawn in the warm-up, remembered after it."""
    source = random.Random(seed)
    return tuple(source.randrange(vocab_size) for _ in range(count))
