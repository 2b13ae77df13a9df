"""Logits beside the reference's: how far they are, and whether one engine keeps its bars beside the other. Pure NumPy.

divergence   sum over ids of q ln(q / p) at a position, q the reference's, in nats
error        of one logit, as it is: a shift of all logits of a position counts
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

RATIO, LARGEST, MORE_CHANGED = 1.1, 8.0, 2
Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class ErrorFigures:
    """Errors over the positions of all models of one type."""

    positions: int
    mean_divergence: float
    largest_divergence: float  # of one position
    root_mean_square: float  # of all logits
    largest_error: float  # of one logit
    changed: int  # positions with another likeliest id than the reference

    @property
    def largest_over_mean(self) -> float:
        """Return the largest error over the root mean square; 0 when both are."""
        return self.largest_error / self.root_mean_square if self.root_mean_square else 0.0

    def as_dict(self) -> dict[str, float]:
        """Return the figures as a document holds them."""
        return {**asdict(self), "largest_over_mean": self.largest_over_mean}


def figures_of(pairs: Iterable[tuple[Array, Array]]) -> ErrorFigures:
    """Return the figures over (logits, the reference's), each (positions, vocab_size). ValueError without any."""
    divergences, squares, count, largest, changed = [], 0.0, 0, 0.0, 0
    for found, exact in pairs:
        error = np.abs(found.astype(np.float64) - exact)
        divergences.append(divergence_of(found, exact))
        squares, count, largest = squares + float((error**2).sum()), count + error.size, max(largest, error.max())
        changed += int((found.argmax(axis=1) != exact.argmax(axis=1)).sum())
    values = np.concatenate(divergences)
    return ErrorFigures(
        positions=len(values),
        mean_divergence=float(values.mean()),
        largest_divergence=float(values.max()),
        root_mean_square=math.sqrt(squares / count),
        largest_error=float(largest),
        changed=changed,
    )


def divergence_of(found: Array, exact: Array) -> Array:
    """Return the divergence of each position, (positions,)."""
    own, other = _log_softmax(found.astype(np.float64)), _log_softmax(exact.astype(np.float64))
    divergence: Array = (np.exp(other) * (other - own)).sum(axis=1)
    return divergence


def broken_bars(own: ErrorFigures, peer: ErrorFigures) -> list[str]:
    """Return which bars are broken, in words; [] when none is."""
    found = []
    for name in ("mean_divergence", "root_mean_square"):
        ratio = ratio_of(getattr(own, name), getattr(peer, name))
        if not ratio <= RATIO:
            found.append(f"{name.replace('_', ' ')} is {ratio:.2f} times llama.cpp's: at most {RATIO}")
    if not own.largest_over_mean <= LARGEST:
        found.append(f"the largest error is {own.largest_over_mean:.1f} times the mean: at most {LARGEST:g}")
    if own.changed > peer.changed + MORE_CHANGED:
        found.append(f"{own.changed} positions changed, {peer.changed} in llama.cpp: at most {MORE_CHANGED} more")
    return found


def ratio_of(own: float, peer: float) -> float:
    """Return own / peer; infinity when only ours is wrong, 1 when neither is."""
    if peer == 0:
        return 1.0 if own == 0 else math.inf
    return own / peer


def _log_softmax(logits: Array) -> Array:
    shifted = logits - logits.max(axis=1, keepdims=True)
    found: Array = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return found
