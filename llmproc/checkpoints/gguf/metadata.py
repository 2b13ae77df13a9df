"""The metadata of a GGUF file: keys, values, and the rules by which a key is asked for. No I/O, no NumPy.

Values are Python's own; an array of numbers is an `array.array`, an array of strings a `StringArray`, which keeps the
bytes of the file and decodes one string when it is asked for: 150,000 tokens cost nothing until a tokenizer wants them.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias, overload

from llmproc.checkpoints.source_file import refuse


class StringArray(Sequence[bytes]):
    """Strings as they lie in the file: each its length (8 bytes), then its bytes. Items are bytes, maybe not UTF-8."""

    def __init__(self, buffer: bytearray, starts: array[int]) -> None:
        """Keep `buffer` and where each string's bytes start; the last of `starts` is where one more would start."""
        self._buffer, self._starts = buffer, starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> bytes: ...
    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...
    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[number] for number in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        index %= len(self)
        return bytes(self._buffer[self._starts[index] : self._starts[index + 1] - 8])

    def __iter__(self) -> Iterator[bytes]:
        view, start = memoryview(self._buffer), self._starts[0]
        for following in memoryview(self._starts)[1:]:
            yield view[start : following - 8].tobytes()
            start = following

    def places(self, item: bytes) -> list[int]:
        """Return where `item` stands, without taking every string apart."""
        found, wanted = [], len(item).to_bytes(8, "little") + item
        at, end = self._starts[0] - 8, self._starts[-1] - 8
        while (at := self._buffer.find(wanted, at, end)) >= 0:
            index = bisect_left(self._starts, at + 8)
            if self._starts[index] == at + 8:  # else these bytes stand within other strings
                found.append(index)
            at += 1
        return found

    def texts(self) -> list[str]:
        """Decode all of them at once. UnicodeDecodeError if one is not UTF-8."""
        return [item.decode() for item in self]


Value: TypeAlias = "int | float | bool | str | array[Any] | StringArray"


class Metadata(Mapping[str, Value]):
    """The metadata of one file, and its rules: the one who asks for a key says what it may hold."""

    def __init__(self, path: Path, values: Mapping[str, Value]) -> None:
        """Keep the values of `path`, which errors name."""
        self.path, self._values = path, values

    def __getitem__(self, key: str) -> Value:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def text(self, key: str) -> str | None:
        """Return a string, None if it is not there. CheckpointError for another type."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, str):
            raise refuse(self.path, key, _shown(value), "must be a string")
        return value

    def whole(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number, None if it is not there. CheckpointError for another type or out of `low`..`high`.

        An array of numbers that are all equal, one for each layer, counts as that number.
        """
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, array):
            value = self._only(key, value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise refuse(self.path, key, _shown(value), "must be a whole number")
        if not low <= value <= high:
            raise refuse(self.path, key, value, f"must be in {low}..{high}")
        return value

    def needed(self, key: str, low: int, high: int) -> int:
        """Return a whole number that must be there. CheckpointError."""
        found = self.whole(key, low, high)
        if found is None:
            raise refuse(self.path, key, "missing", f"must be a whole number in {low}..{high}")
        return found

    def number(self, key: str, low: float, high: float) -> float | None:
        """Return a floating-point number in `low`..`high`, None if it is not there. CheckpointError."""
        value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, float):
            raise refuse(self.path, key, _shown(value), "must be a floating-point number")
        if not (math.isfinite(value) and low <= value <= high):
            raise refuse(self.path, key, value, f"must be in {low:g}..{high:g}")
        return value

    def strings(self, key: str) -> StringArray | None:
        """Return an array of strings, None if it is not there. CheckpointError for another type."""
        value = self._values.get(key)
        if value is not None and not isinstance(value, StringArray):
            raise refuse(self.path, key, _shown(value), "must be an array of strings")
        return value

    def _only(self, key: str, values: array[Any]) -> Any:
        distinct = set(values)
        if len(distinct) != 1:
            rule = "must be the same in all layers: models whose layers differ in size are not run"
            raise refuse(self.path, key, f"an array of {len(values)} with {len(distinct)} different values", rule)
        return distinct.pop()


def _shown(value: Value | None) -> str:
    if isinstance(value, (array, StringArray)):
        return f"an array of {len(value)}"
    return repr(value) if not isinstance(value, str) else f"the string {value[:40]!r}"
