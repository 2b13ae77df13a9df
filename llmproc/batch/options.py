"""What a batch run needs to know: one frozen, checked object. Used by the verb and by every stage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.config import EngineOptions, SamplingParams, Scheduling
from llmproc.remote.options import RemoteOptions
from llmproc.telemetry.settings import ExportSettings


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Everything a run needs to know, checked as far as that is possible without its files."""

    input: str  # a path, or -, or the name of a workload
    workload: str | None  # in place of a file
    format: str
    output: Path | None  # None: no results file
    rows_on_stdout: bool
    force: bool
    resume: bool
    retry_failed: bool
    stream: bool
    elapsed: bool
    json: bool
    mode: str
    workers: int
    engine: EngineOptions
    model: Path
    tokenizer: Path | None  # None: the model's own
    template_options: Mapping[str, Any]
    sampling: SamplingParams
    seed_drawn: bool
    system: str | None
    raw: bool
    scheduling: Scheduling
    interval_s: float
    log: str | None
    run_dir: str | None
    traces: ExportSettings | None
    arguments: tuple[str, ...]  # as they were given
    remote: RemoteOptions | None = (
        None  # servers in place of workers: `workers` of them, `engine.sequences` requests each
    )

    @property
    def slots(self) -> int:
        """Return how many requests run at the same time at most."""
        return self.workers * self.engine.sequences
