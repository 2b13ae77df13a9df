"""What a measurement of perplexity needs to know: one frozen, checked object."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_CONTEXT = 512  # positions of a window, as llama.cpp's tool has them


@dataclass(frozen=True, slots=True)
class PerplexityOptions:
    """All options of a measurement, checked as far as is possible without the model."""

    model: Path
    tokenizer: Path | None
    text: Path
    against: str | None  # type of the reference's weights, or a model; None: the most exact type there is
    weights: tuple[str, ...]  # types to measure; (): all that the model can be loaded as
    kv_types: tuple[str, ...]
    context: int | None  # positions of a window; None: DEFAULT_CONTEXT, or the model's if it has fewer
    chunks: int | None  # windows at most; None: all of the text
    threads: int
    json: Path | None
    run_dir: str | None
