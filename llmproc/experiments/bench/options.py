"""What a bench run needs to know: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class BenchOptions:
    """Everything a bench run needs to know, checked as far as that is possible without the checkpoint."""

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

    @property
    def sequences(self) -> int:
        """At most, in one step."""
        return max((1, *self.batched))
