"""Sums over scored positions, and the figures made of them. Pure: no arrays, no I/O.

    perplexity   exp(mean of -ln p(the next id)); its error: perplexity * error of that mean
    divergence   Kullback-Leibler: mean over positions of the sum over ids of q * ln(q / p), q the reference's
    same top     share of positions at which the likeliest id is the reference's
    error        of a mean m of n values: sqrt((mean of squares - m * m) / (n - 1)); a share is the mean of 0s and 1s
    ln ratio     ln(perplexity / the reference's); both are of one text, so their covariance makes its error smaller
    delta p      root of the mean square of p(the next id) - q(the next id)

as llama.cpp's perplexity tool prints them, with --kl-divergence the last four. It keeps the reference's probabilities
in 16 bits and leaves out those below e**-16; here they are as exact as float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class ScoreSums:
    """Sums over `count` scored positions. `nll`: -ln p of the next id; what compares is 0 without a reference."""

    count: int = 0
    nll: float = 0.0
    nll_squares: float = 0.0
    nll_products: float = 0.0  # with the reference's
    divergence: float = 0.0
    divergence_squares: float = 0.0
    divergence_largest: float = 0.0  # of one position, no sum
    same_top: int = 0
    difference_squares: float = 0.0  # of probabilities of the next id

    def as_dict(self) -> dict[str, float]:
        """Return the sums as a document holds them."""
        return asdict(self)


def total(parts: Iterable[ScoreSums]) -> ScoreSums:
    """Add sums up."""
    found = ScoreSums()
    for part in parts:
        added = {field.name: getattr(found, field.name) + getattr(part, field.name) for field in fields(ScoreSums)}
        added["divergence_largest"] = max(found.divergence_largest, part.divergence_largest)
        found = ScoreSums(**added)
    return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure, and its standard error."""

    value: float
    error: float

    def as_dict(self) -> dict[str, float]:
        """Return the estimate as a document holds it."""
        return asdict(self)


def mean_of(count: int, added: float, squares: float) -> Estimate:
    """Return the mean of `count` values, with its error (0 for fewer than two). ValueError when there are none."""
    if count < 1:
        raise ValueError("nothing was scored")
    mean = added / count
    variance = max(0.0, squares / count - mean * mean)
    return Estimate(mean, math.sqrt(variance / (count - 1)) if count > 1 else 0.0)


def perplexity_of(sums: ScoreSums) -> Estimate:
    """Return the perplexity. ValueError when nothing was scored."""
    mean = mean_of(sums.count, sums.nll, sums.nll_squares)
    value = _exponential(mean.value)
    return Estimate(value, value * mean.error)


def comparison_of(sums: ScoreSums, reference: ScoreSums) -> dict[str, Any]:
    """Return the figures that compare a setting with the reference: see the module.

    ValueError when they are not of the same positions.
    """
    if sums.count != reference.count:
        raise ValueError(f"{sums.count} positions against {reference.count}")
    share = sums.same_top / sums.count
    return {
        "ln_ratio": _ln_ratio(sums, reference).as_dict(),
        "divergence": mean_of(sums.count, sums.divergence, sums.divergence_squares).as_dict(),
        "divergence_largest": sums.divergence_largest,
        "same_top": Estimate(share, math.sqrt(share * (1 - share) / max(1, sums.count - 1))).as_dict(),
        "delta_p": math.sqrt(sums.difference_squares / sums.count),
    }


def _ln_ratio(sums: ScoreSums, reference: ScoreSums) -> Estimate:
    count = sums.count
    own = mean_of(count, sums.nll, sums.nll_squares)
    other = mean_of(count, reference.nll, reference.nll_squares)
    covariance = (sums.nll_products / count - own.value * other.value) / max(1, count - 1)
    variance = own.error**2 + other.error**2 - 2 * covariance
    return Estimate(own.value - other.value, math.sqrt(max(0.0, variance)))


def _exponential(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:  # more than 709 nats an id: a broken model
        return math.inf
