"""How a model's makers would sample from it: generation_config.json, as far as llmproc can follow it.

transformers fills gaps of that file with its own defaults; here nothing is filled in, and what differs is said.
Used by the reader of Hugging Face folders. Pure. Never in it: what ends a text (`tokenizers/ends.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

TRANSFORMERS_TOP_K = 50  # what transformers samples from when the file does not say


@dataclass(frozen=True, slots=True)
class SuggestedSampling:
    """Sampling options of a model's makers; None: the file does not say."""

    temperature: float | None = None  # 0: the most likely token
    top_p: float | None = None
    notes: tuple[str, ...] = ()  # where an answer is drawn otherwise than transformers would


def suggested_sampling(generation: Mapping[str, Any]) -> SuggestedSampling:
    """Return the options in a generation_config.json; values that are not numbers in their range count as missing.

    Without do_sample transformers takes the most likely token, whatever temperature the file names.
    """
    if generation.get("do_sample") is not True:
        return SuggestedSampling(temperature=0.0)
    top_k = generation.get("top_k")
    if top_k is None:
        theirs = f"transformers draws from {TRANSFORMERS_TOP_K} tokens"
        said = f"generation_config.json has no top_k: {theirs}, llmproc from all within top_p"
    else:
        said = f"generation_config.json has top_k {top_k!r:.20}: llmproc draws from all tokens within top_p"
    return SuggestedSampling(
        temperature=_number(generation.get("temperature"), 0.0, 100.0),
        top_p=_number(generation.get("top_p"), 0.0, 1.0),
        notes=() if top_k == 0 else (said,),
    )


def _number(value: Any, low: float, high: float) -> float | None:
    """Return a number in (low, high]; None for anything else."""
    usable = isinstance(value, int | float) and not isinstance(value, bool) and low < value <= high
    return float(value) if usable else None
