"""A GGUF file taken apart the slow way, from the format's description: the judge of gguf_writer where no other is."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FIXED = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
GROUP_BYTES = {0: 4 * 32, 1: 2 * 32, 2: 18, 8: 34}  # of 32 values, by tensor type


@dataclass
class Cursor:
    raw: bytes
    at: int = 0

    def fixed(self, code: str) -> Any:
        (value,) = struct.unpack_from(f"<{code}", self.raw, self.at)
        self.at += struct.calcsize(f"<{code}")
        return value

    def string(self) -> str:
        length = self.fixed("Q")
        self.at += length
        return self.raw[self.at - length : self.at].decode()

    def value(self, kind: int) -> Any:
        if kind == 8:
            return self.string()
        if kind == 9:
            item, count = self.fixed("I"), self.fixed("Q")
            return [self.value(item) for _ in range(count)]
        return self.fixed(FIXED[kind])


def read(path: Path) -> tuple[dict[str, Any], dict[str, tuple[int, tuple[int, ...], bytes]]]:
    """Metadata, and by name of tensor: its type, its shape (outer size first), its bytes. Asserts what must hold."""
    cursor = Cursor(path.read_bytes())
    assert cursor.raw[:4] == b"GGUF"
    cursor.at = 4
    assert cursor.fixed("I") == 3
    tensors, pairs = cursor.fixed("Q"), cursor.fixed("Q")
    metadata: dict[str, Any] = {}
    for _ in range(pairs):
        key = cursor.string()
        assert key not in metadata
        metadata[key] = cursor.value(cursor.fixed("I"))
    infos = []
    for _ in range(tensors):
        name = cursor.string()
        sizes = [cursor.fixed("Q") for _ in range(cursor.fixed("I"))]
        infos.append((name, tuple(sizes[::-1]), cursor.fixed("I"), cursor.fixed("Q")))
    align = metadata["general.alignment"]
    start = cursor.at + -cursor.at % align
    assert not any(cursor.raw[cursor.at : start])
    found, end = {}, start
    for name, shape, kind, offset in infos:
        assert start + offset == end, f"{name} starts at the first aligned byte after the one before it"
        nbytes = math.prod(shape) * GROUP_BYTES[kind] // 32
        found[name] = kind, shape, cursor.raw[end : end + nbytes]
        assert len(found[name][2]) == nbytes
        end += nbytes + -nbytes % align
    assert end == len(cursor.raw) and len(found) == tensors
    return metadata, found
