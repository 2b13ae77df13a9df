"""Metadata of a GGUF file that is written: a key and its value as the bytes that stand in the file. No I/O, no NumPy.

Used by the writers. The reader's counterpart is `metadata`. llama.cpp refuses a value of another type than it expects:
sizes are u32, floats f32, elements of arrays i32 or f32.
"""

from __future__ import annotations

import struct
from array import array
from collections.abc import Iterable, Sequence
from typing import NamedTuple

ALIGNMENT = 32  # of every tensor's data in a file that is written
_U32, _I32, _F32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9  # value types of metadata


class MetadataPair(NamedTuple):
    """A key, the type of its value, and the value's bytes."""

    key: str
    type: int
    value: bytes

    def packed(self) -> bytes:
        """Return the pair as it stands in the file."""
        return string(self.key) + struct.pack("<I", self.type) + self.value


def text(key: str, value: str) -> MetadataPair:
    """Return a string."""
    return MetadataPair(key, _STRING, string(value))


def whole(key: str, value: int) -> MetadataPair:
    """Return a number in 0..2**32 - 1. struct.error for another."""
    return MetadataPair(key, _U32, struct.pack("<I", value))


def number(key: str, value: float) -> MetadataPair:
    """Return a float32."""
    return MetadataPair(key, _F32, struct.pack("<f", value))


def flag(key: str, value: bool) -> MetadataPair:
    """Return true or false."""
    return MetadataPair(key, _BOOL, struct.pack("<?", value))


def texts(key: str, values: Iterable[str | bytes]) -> MetadataPair:
    """Return an array of strings; bytes as they are, maybe not UTF-8."""
    return _array(key, _STRING, [string(value) for value in values])


def wholes(key: str, values: Sequence[int]) -> MetadataPair:
    """Return an array of int32."""
    return _array(key, _I32, [struct.pack(f"<{len(values)}i", *values)], len(values))


def numbers(key: str, values: Sequence[float]) -> MetadataPair:
    """Return an array of float32."""
    return _array(key, _F32, [struct.pack(f"<{len(values)}f", *values)], len(values))


def as_read(key: str, value: object) -> MetadataPair:
    """Return the pair for a value that `metadata` holds, in the type that llama.cpp expects. TypeError for another."""
    if isinstance(value, bool):
        return flag(key, value)
    if isinstance(value, int):
        return whole(key, value)
    if isinstance(value, float):
        return number(key, value)
    if isinstance(value, str):
        return text(key, value)
    if isinstance(value, array):
        return numbers(key, value) if value.typecode in "fd" else wholes(key, value)
    if isinstance(value, Sequence):
        return texts(key, value)
    raise TypeError(f"{key} is {type(value).__name__}")


def string(value: str | bytes) -> bytes:
    """Return a string as it stands in the file: its length in 8 bytes, then its bytes."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(raw)) + raw


def _array(key: str, kind: int, packed: list[bytes], count: int | None = None) -> MetadataPair:
    return MetadataPair(
        key, _ARRAY, struct.pack("<IQ", kind, len(packed) if count is None else count) + b"".join(packed)
    )
