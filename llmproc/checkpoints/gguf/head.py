"""The head of a GGUF file: everything before its tensors' data, judged rule by rule. No weights are read, no NumPy.

Used by `model_file`. The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md (the writer's header draws
it), versions 2 and 3, little endian. No count or length of the file is trusted: each must fit the bytes that are left.
Tensors count by name and offset, in any order; where they lie may leave gaps, but never overlap.
"""

from __future__ import annotations

import math
import os
import struct
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llmproc.checkpoints.gguf.cursor import HeadCursor
from llmproc.checkpoints.gguf.metadata import Metadata, Value
from llmproc.checkpoints.gguf.tensor_types import TENSOR_TYPES, TensorType, read_types, type_name
from llmproc.checkpoints.source_file import identity, open_regular, refuse

MAGIC = b"GGUF"
ALIGNMENT_KEY = "general.alignment"
PAIRS_LIMIT = TENSORS_LIMIT = 1 << 16
KEY_LIMIT, NAME_LIMIT, TEXT_LIMIT = 65535, 1024, 1 << 26  # bytes
ARRAY_LIMIT = 1 << 22  # numbers in one array
_U32, _U64, _VALUE_COUNTS = struct.Struct("<I"), struct.Struct("<Q"), struct.Struct("<IQ")
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "B", 10: "Q", 11: "q", 12: "d"}
_BOOL, _STRING, _ARRAY = 7, 8, 9


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor of a file: `shape` has the innermost size last, `offset` counts from the start of the file."""

    name: str
    type: TensorType
    shape: tuple[int, ...]
    offset: int

    @property
    def nbytes(self) -> int:
        """Return the bytes of its data."""
        return math.prod(self.shape) // self.type.block * self.type.block_bytes


@dataclass(frozen=True, slots=True)
class GgufHead:
    """A head that broke no rule, of a file with this identity (device, inode, size, time of change)."""

    path: Path
    version: int
    identity: tuple[int, int, int, int]
    metadata: Metadata = field(compare=False)
    tensors: Mapping[str, TensorInfo]

    @property
    def size(self) -> int:
        """Return the bytes of the file."""
        return self.identity[2]


def read_head(path: Path | str) -> GgufHead:
    """Read and check the head of `path`. CheckpointError names file, field, value and rule; it never hangs."""
    path = Path(path)
    with open_regular(path) as (fd, status):
        cursor = HeadCursor(path, fd, status.st_size)
        version = _version(path, cursor)
        tensors, pairs = _counts(path, cursor)
        metadata = Metadata(path, _pairs(path, cursor, pairs))
        alignment = metadata.whole(ALIGNMENT_KEY, 8, 1 << 16) or 32
        if alignment & (alignment - 1):
            raise refuse(path, ALIGNMENT_KEY, alignment, "must be a power of two")
        found = [_tensor(path, cursor) for _ in range(tensors)]
        start = cursor.at + -cursor.at % alignment
        if identity(os.fstat(fd)) != identity(status):
            raise refuse(path, "file", "changed", "must not be written to while it is read")
    placed = _placed(path, found, start, alignment, status.st_size)
    return GgufHead(path, version, identity(status), metadata, placed)


def read_metadata(path: Path | str) -> Metadata:
    """Read no more than the metadata, for a file whose tensors cannot be read. CheckpointError."""
    path = Path(path)
    with open_regular(path) as (fd, status):
        cursor = HeadCursor(path, fd, status.st_size)
        _version(path, cursor)
        _, pairs = _counts(path, cursor)
        return Metadata(path, _pairs(path, cursor, pairs))


def _version(path: Path, cursor: HeadCursor) -> int:
    magic = cursor.take(4, "magic")
    if magic != MAGIC:
        raise refuse(path, "magic", repr(magic), 'must be "GGUF"')
    (version,) = cursor.unpack(_U32, "version")
    if version and not version & 0xFFFF:
        raise refuse(path, "version", f"{version:#010x}", "big-endian files are not read, only little-endian ones")
    if version not in (2, 3):
        raise refuse(path, "version", version, "must be 2 or 3")
    return version


def _counts(path: Path, cursor: HeadCursor) -> tuple[int, int]:
    """Return the numbers of tensors and of metadata pairs, each at least as small as the file allows."""
    (tensors,), (pairs,) = cursor.unpack(_U64, "number of tensors"), cursor.unpack(_U64, "number of metadata pairs")
    for label, count, least, limit in (
        ("tensors", tensors, 8 + 4 + 8 + 4 + 8, TENSORS_LIMIT),
        ("metadata pairs", pairs, 8 + 4 + 1, PAIRS_LIMIT),
    ):
        if count > min(limit, cursor.left() // least):
            raise refuse(path, f"number of {label}", count, f"must fit the {cursor.left()} bytes left, at most {limit}")
    return tensors, pairs


def _pairs(path: Path, cursor: HeadCursor, count: int) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for number in range(count):
        key = cursor.string(f"key {number}", KEY_LIMIT)
        if not key or key in values:
            raise refuse(path, f"key {number}", repr(key[:60]), "must be new and not empty")
        (kind,) = cursor.unpack(_U32, f"{key}: type")
        values[key] = _array(path, cursor, key) if kind == _ARRAY else _scalar(path, cursor, key, kind)
    return values


def _scalar(path: Path, cursor: HeadCursor, key: str, kind: int) -> Value:
    if kind == _STRING:
        return cursor.string(key, TEXT_LIMIT)
    if kind not in _SCALARS:
        raise refuse(path, f"{key}: type", kind, "must be a value type of GGUF, 0 to 12")
    (value,) = cursor.unpack(struct.Struct("<" + _SCALARS[kind]), key)
    if kind != _BOOL:
        return value
    if value > 1:
        raise refuse(path, key, value, "must be 0 or 1, since it is a bool")
    return bool(value)


def _array(path: Path, cursor: HeadCursor, key: str) -> Value:
    kind, count = cursor.unpack(_VALUE_COUNTS, f"{key}: array")
    if kind == _STRING:
        return cursor.strings(count, key)
    if kind == _ARRAY:
        raise refuse(path, f"{key}: element type", "array", "arrays of arrays are not read")
    if kind not in _SCALARS:
        raise refuse(path, f"{key}: element type", kind, "must be a value type of GGUF, 0 to 12")
    values = array(_SCALARS[kind])
    if count > min(ARRAY_LIMIT, cursor.left() // values.itemsize):
        rule = f"must fit the {cursor.left()} bytes left, at most {ARRAY_LIMIT}"
        raise refuse(path, f"{key}: number of elements", count, rule)
    values.frombytes(cursor.take(count * values.itemsize, key))
    return values


def _tensor(path: Path, cursor: HeadCursor) -> TensorInfo:
    """Read one tensor's entry; its offset still counts from the start of the data."""
    name = cursor.string("name of a tensor", NAME_LIMIT)
    (dimensions,) = cursor.unpack(_U32, f"{name}: number of dimensions")
    if not 1 <= dimensions <= 4:
        raise refuse(path, f"{name}: number of dimensions", dimensions, "must be 1 to 4")
    sizes = cursor.unpack(struct.Struct(f"<{dimensions}Q"), f"{name}: sizes")
    number, offset = cursor.unpack(struct.Struct("<IQ"), f"{name}: type and offset")
    if number not in TENSOR_TYPES:
        raise refuse(path, f"{name}: type", type_name(number), f"must be one of {read_types()}")
    kind = TENSOR_TYPES[number]
    if 0 in sizes or math.prod(sizes) >= 1 << 62:
        raise refuse(path, f"{name}: sizes", list(sizes), "must be at least 1, and their product below 2**62")
    if sizes[0] % kind.block:
        raise refuse(path, f"{name}: row of", sizes[0], f"must be a multiple of {kind.block}, the block of {kind.name}")
    return TensorInfo(name, kind, sizes[::-1], offset)


def _placed(path: Path, found: list[TensorInfo], start: int, alignment: int, size: int) -> dict[str, TensorInfo]:
    """Return the tensors by name with offsets from the start of the file, once none leaves it or meets another."""
    tensors: dict[str, TensorInfo] = {}
    end = 0
    for info in sorted(found, key=lambda info: info.offset):
        if info.name in tensors:
            raise refuse(path, "tensor", info.name, "must stand in the file once")
        if info.offset % alignment:
            raise refuse(path, f"{info.name}: offset", info.offset, f"must be a multiple of {alignment}")
        if info.offset < end:
            raise refuse(path, f"{info.name}: offset", info.offset, f"must be at least {end}: tensors never overlap")
        end = info.offset + info.nbytes
        if start + end > size:
            rule = f"must end within the file's {size} bytes, it would end at {start + end} (is it cut short?)"
            raise refuse(path, f"{info.name}: offset", info.offset, rule)
        tensors[info.name] = TensorInfo(info.name, info.type, info.shape, start + info.offset)
    return tensors
