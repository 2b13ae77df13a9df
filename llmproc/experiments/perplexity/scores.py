"""Rows of logits to sums over positions, in float64: how likely the text was, and how far from the reference.

Used by `measurement`, a few dozen rows at a time: of a large vocabulary one row is a megabyte.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.errors import LlmprocError
from llmproc.experiments.perplexity.figures import ScoreSums

Logits: TypeAlias = npt.NDArray[np.float32]  # (positions, vocab_size)
Float64: TypeAlias = npt.NDArray[np.float64]


def log_probabilities(logits: Logits) -> Float64:
    """Return ln of softmax of each row (positions, vocab_size). LlmprocError for logits that are not finite."""
    found = logits.astype(np.float64)
    found -= found.max(axis=1, keepdims=True)
    found -= np.log(np.exp(found).sum(axis=1, keepdims=True))
    if not np.isfinite(found).all():
        raise LlmprocError("the model's logits are not finite: nothing can be scored")
    return found


def sums_of(found: Float64, targets: Sequence[int], reference: Float64 | None = None) -> ScoreSums:
    """Return the sums over rows of log probabilities (positions, vocab_size).

    `targets`: the id that follows each position; `reference`: the rows of the reference at the same positions.
    """
    rows = np.arange(len(targets))
    nll = -found[rows, targets]
    if reference is None:
        return ScoreSums(len(rows), float(nll.sum()), float((nll * nll).sum()))
    other = -reference[rows, targets]
    divergence = (np.exp(reference) * (reference - found)).sum(axis=1)
    difference = np.exp(-nll) - np.exp(-other)
    return ScoreSums(
        count=len(rows),
        nll=float(nll.sum()),
        nll_squares=float((nll * nll).sum()),
        nll_products=float((nll * other).sum()),
        divergence=float(divergence.sum()),
        divergence_squares=float((divergence * divergence).sum()),
        divergence_largest=float(divergence.max(initial=0.0)),
        same_top=int((found.argmax(axis=1) == reference.argmax(axis=1)).sum()),
        difference_squares=float((difference * difference).sum()),
    )
