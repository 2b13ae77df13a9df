"""Counts by labels, where labels come from clients: at most a bound of them, for each is a time series for ever.

Used by `http_counts`. One thread adds, any thread reads.
"""

from __future__ import annotations

from collections.abc import Iterable

OTHER = "other"
_LONGEST = 64  # characters of a label


class LabelledCounts:
    """Counts of each combination of labels. What comes when `most` are known already counts as "other"."""

    def __init__(self, labels: int, most: int = 64, known: Iterable[tuple[str, ...]] = ()) -> None:
        """Begin with `known` at 0. `labels`: how many a combination has."""
        self._counts: dict[tuple[str, ...], float] = dict.fromkeys(known, 0.0)
        self._other, self._most = (OTHER,) * labels, most

    def add(self, *labels: str, count: float = 1) -> None:
        """Count it. Long labels are cut, for clients may send any."""
        key = tuple(_plain(label) for label in labels)
        if key not in self._counts and len(self._counts) >= self._most:
            key = self._other
        self._counts[key] = self._counts.get(key, 0.0) + count

    def counts(self) -> dict[tuple[str, ...], float]:
        """Return a copy."""
        return dict(self._counts)


def _plain(label: str) -> str:
    """Return a label that UTF-8 can carry: JSON may bring half of a surrogate pair."""
    return label[:_LONGEST].encode("utf-8", "replace").decode()
