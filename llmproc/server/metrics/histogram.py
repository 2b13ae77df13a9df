"""A histogram that is cheap to add to: two lists and a binary search, no lock.

Used by the counts of this room: ids of 64 streams are thousands of observations a second on the event loop, and others
are made on the I/O thread. One thread adds, any thread reads.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

# Upper bounds. A model of a few megabytes makes a token in well under a millisecond, one of gigabytes in a second.
TOKEN_SECONDS = (
    0.00025, 0.0005, 0.00075, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05,
    0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
REQUEST_SECONDS = (
    0.001, 0.0025, 0.005, 0.0075, 0.01, 0.02, 0.03, 0.04, 0.06, 0.08, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5,
    2.5, 5.0, 7.5, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0, 640.0,
)  # fmt: skip
TOKENS = tuple(float(base * 10**power) for power in range(5) for base in (1, 2, 5))
BYTES = tuple(float(1 << power) for power in range(12, 35, 2))  # 4 KiB to 16 GiB


class BucketCounts:
    """Observations by bucket: bucket i has those up to bounds[i] and above the one before; the last one all others."""

    __slots__ = ("_counts", "_names", "_sum", "bounds")

    def __init__(self, bounds: Sequence[float]) -> None:
        """Begin without observations. `bounds`: ascending."""
        self.bounds = tuple(bounds)
        self._names = [*(repr(float(bound)) for bound in self.bounds), "+Inf"]
        self._counts = [0] * len(self._names)
        self._sum = 0.0

    def add(self, value: float, count: int = 1) -> None:
        """Add `count` observations of a value."""
        self._counts[bisect_left(self.bounds, value)] += count
        self._sum += value * count

    def cumulative(self) -> tuple[list[tuple[str, float]], float]:
        """Return (bound as text, observations up to it) for each bound and +Inf, and the sum of all values."""
        counts, total = self._counts[:], self._sum
        found, below = [], 0
        for bound, count in zip(self._names, counts, strict=True):
            below += count
            found.append((bound, float(below)))
        return found, total
