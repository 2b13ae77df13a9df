"""What is said about repeated measurements: summaries, pairs, turns. Pure: no clock, no I/O.

A slow minute of the machine must fall on all arms alike: arms run side by side within a repetition, the first place
moving on, and a ratio is made of the two runs of one repetition; the ratio of two medians would mix good and bad
minutes.

Serves every comparison of `experiments`, and bench. How sure a ratio is: `intervals`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TypeVar

UNSTEADY = 0.10  # interquartile range over median from which a figure is doubtful

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a row of samples. `iqr`: between the quartiles; `mad`: median distance from the median."""

    count: int
    median: float
    minimum: float
    maximum: float
    iqr: float
    mad: float

    @property
    def spread(self) -> float:
        """Interquartile range as a share of the median."""
        return self.iqr / self.median if self.median else 0.0

    @property
    def unsteady(self) -> bool:
        """Whether to warn."""
        return self.spread > UNSTEADY

    def as_dict(self) -> dict[str, float]:
        """For a report."""
        return asdict(self)


def summarise(values: Sequence[float]) -> Summary:
    """Quartiles by linear interpolation with the ends included. ValueError when there is nothing."""
    if not values:
        raise ValueError("nothing to summarise")
    middle = statistics.median(values)
    low, high = (values[0], values[0]) if len(values) == 1 else _quartiles(values)
    mad = statistics.median(abs(value - middle) for value in values)
    return Summary(len(values), middle, min(values), max(values), high - low, mad)


def _quartiles(values: Sequence[float]) -> tuple[float, float]:
    low, _, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, high


def rotated(items: Sequence[T], by: int) -> list[T]:
    """The items in a ring, starting with the `by`-th."""
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]


def paired_ratios(own: Mapping[int, float], peer: Mapping[int, float]) -> dict[int, float]:
    """own / peer in each repetition that both have (repetition -> tokens per second)."""
    return {n: own[n] / peer[n] for n in sorted(own) if n in peer}
