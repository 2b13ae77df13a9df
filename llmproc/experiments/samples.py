"""Summaries of repeated measurements, and ratios made pair by pair. Pure: no clock, no I/O.

A ratio is made of the two runs of one repetition, which shared good and bad minutes of the machine (`turns`); the ratio
of two medians would mix them. Used by all experiments. How sure a ratio is: `intervals`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

UNSTEADY = 0.10  # interquartile range over median from which a figure is doubtful


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary of a row of samples. `iqr`: between the quartiles; `mad`: median distance from the median."""

    count: int
    median: float
    minimum: float
    maximum: float
    iqr: float
    mad: float

    @property
    def spread(self) -> float:
        """Return the interquartile range as a share of the median."""
        return self.iqr / self.median if self.median else 0.0

    @property
    def unsteady(self) -> bool:
        """Return whether the figure is doubtful."""
        return self.spread > UNSTEADY

    def as_dict(self) -> dict[str, float]:
        """Return the summary as a document holds it."""
        return asdict(self)


def summarise(values: Sequence[float]) -> Summary:
    """Summarise values; quartiles by linear interpolation, the ends included. ValueError when there are none."""
    if not values:
        raise ValueError("nothing to summarise")
    middle = statistics.median(values)
    low, high = (values[0], values[0]) if len(values) == 1 else _quartiles(values)
    mad = statistics.median(abs(value - middle) for value in values)
    return Summary(len(values), middle, min(values), max(values), high - low, mad)


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def quantile_of(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) of them lies, between neighbours by linear interpolation.

    ValueError when there are none.
    """
    if not values:
        raise ValueError("nothing to summarise")
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def paired_ratios(own: Mapping[int, float], peer: Mapping[int, float]) -> dict[int, float]:
    """Return own / peer for each repetition that both have (repetition -> tokens per second)."""
    return {n: own[n] / peer[n] for n in sorted(own) if n in peer}
