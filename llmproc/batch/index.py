"""Where each row's result lies in a .part file: 12 bytes a row, so that millions fit.

Used by `journal`. Kept in arrays by the row's place in the input; the last result of a row is the one that counts.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

MOST_AHEAD = 1 << 20  # rows that results may be out of order by: a place far beyond the others is not a result of ours
_ABSENT = -1


@dataclass(frozen=True, slots=True)
class RowPlace:
    """The place of one result: the bytes from `offset`, `length` of them with the line's end."""

    offset: int
    length: int
    failed: bool


class RowIndex:
    """RowPlace of the result of row 0, 1, 2, ... or none."""

    def __init__(self) -> None:
        self._offsets = array("q")
        self._lengths = array("i")  # negative: the row failed
        self.rows = 0  # that have a result
        self.failed = 0

    def put(self, index: int, place: RowPlace) -> bool:
        """Keep the place of the result of row `index` instead of an earlier one. False for an impossible place."""
        if not 0 <= index < len(self._offsets) + MOST_AHEAD or not 0 < place.length < 1 << 31:
            return False
        if index >= len(self._offsets):
            count = index + 1 - len(self._offsets)
            self._offsets.extend([_ABSENT] * count)
            self._lengths.extend([0] * count)
        self.forget(index)
        self._offsets[index] = place.offset
        self._lengths[index] = -place.length if place.failed else place.length
        self.rows, self.failed = self.rows + 1, self.failed + place.failed
        return True

    def get(self, index: int) -> RowPlace | None:
        """Return where the result of row `index` lies, None when it has none."""
        if not 0 <= index < len(self._offsets) or self._offsets[index] == _ABSENT:
            return None
        length = self._lengths[index]
        return RowPlace(self._offsets[index], abs(length), length < 0)

    def forget(self, index: int) -> None:
        """Treat row `index` as one without a result."""
        if (place := self.get(index)) is not None:
            self._offsets[index] = _ABSENT
            self.rows, self.failed = self.rows - 1, self.failed - place.failed

    @property
    def end(self) -> int:
        """Return one more than the last row that has or had a result."""
        return len(self._offsets)

    def __iter__(self) -> Iterator[RowPlace | None]:
        return (self.get(index) for index in range(self.end))
