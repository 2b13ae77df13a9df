"""What a bench run needs to know: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """All options of a bench run, checked as far as is possible without the checkpoint."""

    model: Path | None
    shape: str
    weights: str | None
    threads: int
    kv_type: str
    batch_tokens: int
    prompt: tuple[int, ...]  # sizes of prefills, of generations
    generate: tuple[int, ...]
    batched: tuple[int, ...]
    batched_steps: int
    repeat: int
    format: str
    output: Path | None
    peer: str | None
    kernels: bool
    limits: bool
    run_dir: str | None
    fixed_threads: bool = False  # else fewer take part while other programs hold CPUs, as in a worker
    phases: bool = False  # trace every work once more, and say where its time goes

    @property
    def sequences(self) -> int:
        """Return the largest number of sequences in one step."""
        return max((1, *self.batched))
