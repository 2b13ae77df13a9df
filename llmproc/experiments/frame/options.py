"""What every experiment is told: one frozen, checked object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from llmproc.config import EngineOptions, SamplingParams
from llmproc.errors import UsageError

MOST_RUNS = 1000


@dataclass(frozen=True, slots=True)
class FrameOptions:
    """The options that all experiments have. `output`: the folder that result, report and pictures are written to."""

    experiment: str
    model: Path
    tokenizer: Path | None
    prompts: tuple[str, ...]
    output: Path
    num_runs: int = 5
    warmup_runs: int = 1
    engine: EngineOptions = field(default_factory=EngineOptions)
    sampling: SamplingParams = field(default_factory=SamplingParams)
    system: str | None = None

    def __post_init__(self) -> None:
        for option, value, least in (("--num-runs", self.num_runs, 1), ("--warmup-runs", self.warmup_runs, 0)):
            if not least <= value <= MOST_RUNS:
                raise UsageError(f"{option} is {value}: must be from {least} to {MOST_RUNS}")
        if not self.prompts or not all(self.prompts):
            raise UsageError("--prompt is empty: must be a text")

    def as_config(self, own: Mapping[str, Any]) -> dict[str, Any]:
        """Return `config` of the document; `own`: the experiment's own options."""
        return {
            "experiment": self.experiment,
            "model": str(self.model),
            "tokenizer": None if self.tokenizer is None else str(self.tokenizer),
            "prompts": list(self.prompts),
            "num_runs": self.num_runs,
            "warmup_runs": self.warmup_runs,
            "max_tokens": self.sampling.max_tokens,
            "seed": self.sampling.seed,
            "system": self.system,
            "sampling": asdict(self.sampling),
            "engine": asdict(self.engine),
            "options": dict(own),
        }
