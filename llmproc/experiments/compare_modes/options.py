"""What a comparison of dispatch modes needs to know: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from llmproc.config import EngineOptions, SamplingParams
from llmproc.remote.options import RemoteOptions


@dataclass(frozen=True, slots=True)
class CompareOptions:
    """All options of a comparison, checked as far as is possible without reading a file."""

    prompts: Path | None  # else the workload
    workload: str
    source: Path | None  # a result to show again: nothing is run
    modes: tuple[str, ...]
    workers: tuple[int, ...]
    repeat: int
    work: Literal["generate", "wait"]
    unit_s: float  # of a wait, for each unit of cost
    model: Path
    tokenizer: Path | None  # None: the model's own
    engine: EngineOptions
    sampling: SamplingParams
    system: str | None
    json: bool
    out: Path | None
    chart: Path | None
    run_dir: str | None
    remote: RemoteOptions | None = None  # servers in place of workers: `workers` counts connections to all of them

    @property
    def threads(self) -> int:
        """Return the threads of one worker."""
        return self.engine.threads or 1
