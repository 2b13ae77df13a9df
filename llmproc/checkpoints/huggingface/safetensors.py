"""The header of a safetensors file, judged rule by rule. No weights are read, no NumPy.

    length:u64  JSON object of that many bytes: name -> {dtype, shape, data_offsets: [begin, end]}  then the data

The package `safetensors` is not used: without PyTorch it cannot give BF16 tensors, and it maps files, whose reader dies
with SIGBUS when one is cut short meanwhile. The rules are the format's own: offsets count from the end of the header,
tensors leave no gap, never overlap, and end where the file ends.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.checkpoints.huggingface.json_files import INDEX_LIMIT, parse_object
from llmproc.checkpoints.source_file import identity, open_regular, read_span, refuse

DTYPE_BYTES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
    "U8": 1, "BOOL": 1, "F8_E4M3": 1, "F8_E5M2": 1,
}  # fmt: skip
_METADATA = "__metadata__"


@dataclass(frozen=True, slots=True)
class SafetensorInfo:
    """One tensor: `offset` counts from the start of the file."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    offset: int

    @property
    def nbytes(self) -> int:
        """Return the bytes of its data."""
        return math.prod(self.shape) * DTYPE_BYTES[self.dtype]


@dataclass(frozen=True, slots=True)
class SafetensorsHead:
    """A header that broke no rule, of a file with this identity (device, inode, size, time of change)."""

    path: Path
    identity: tuple[int, int, int, int]
    tensors: Mapping[str, SafetensorInfo]

    @property
    def size(self) -> int:
        """Return the bytes of the file."""
        return self.identity[2]


def read_safetensors(path: Path) -> SafetensorsHead:
    """Read and check the header of `path`. CheckpointError names file, field, value and rule."""
    with open_regular(path) as (fd, status):
        size = status.st_size
        raw = _read(path, fd, 0, 8, size)
        (length,) = struct.unpack("<Q", raw)
        if length > min(INDEX_LIMIT, size - 8):
            raise refuse(path, "header length", length, f"must be at most {min(INDEX_LIMIT, size - 8)}")
        entries = parse_object(path, _read(path, fd, 8, length, size), "header")
        if identity(os.fstat(fd)) != identity(status):
            raise refuse(path, "file", "changed", "must not be written to while it is read")
    entries.pop(_METADATA, None)
    infos = [_info(path, name, entry) for name, entry in entries.items()]
    return SafetensorsHead(path, identity(status), _placed(path, infos, 8 + length, size))


def _read(path: Path, fd: int, offset: int, count: int, size: int) -> bytes:
    if offset + count > size:
        raise refuse(path, "file size", f"{size} bytes", f"must be at least {offset + count}")
    raw = bytearray(count)
    with memoryview(raw) as view:
        read_span(path, fd, offset, view)
    return bytes(raw)


def _info(path: Path, name: str, entry: Any) -> tuple[SafetensorInfo, int]:
    """Return a tensor with its offset in the data, and where it ends there."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise refuse(path, f"{name}", "not dtype, shape and data_offsets", "must be exactly these")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPE_BYTES:
        raise refuse(path, f"{name}: dtype", repr(dtype)[:40], f"must be one of {', '.join(DTYPE_BYTES)}")
    if not _whole_numbers(shape, 8):
        raise refuse(path, f"{name}: shape", repr(shape)[:60], "must be at most 8 whole numbers")
    if not _whole_numbers(offsets, 2) or len(offsets) != 2:
        raise refuse(path, f"{name}: data_offsets", repr(offsets)[:60], "must be two whole numbers")
    info = SafetensorInfo(name, dtype, tuple(shape), offsets[0])
    if offsets[1] - offsets[0] != info.nbytes:
        rule = f"must be {info.nbytes} bytes apart, for {dtype} {shape}"
        raise refuse(path, f"{name}: data_offsets", offsets, rule)
    return info, offsets[1]


def _whole_numbers(value: Any, most: int) -> bool:
    if not isinstance(value, list) or len(value) > most:
        return False
    return all(type(number) is int and 0 <= number < 1 << 62 for number in value)


def _placed(path: Path, infos: list[tuple[SafetensorInfo, int]], start: int, size: int) -> dict[str, SafetensorInfo]:
    """Return the tensors by name with offsets from the start of the file, once they fill the data without a gap."""
    end = 0
    for info, following in sorted(infos, key=lambda item: (item[0].offset, item[1])):
        if info.offset != end:
            problem = "overlaps the tensor before it" if info.offset < end else "leaves a gap"
            raise refuse(
                path, f"{info.name}: data_offsets", f"[{info.offset}, ...] ({problem})", f"must begin at {end}"
            )
        end = following
    if start + end != size:
        word = "truncated" if size < start + end else "too long"
        raise refuse(
            path, "file size", f"{size} bytes ({word})", f"must be exactly the {start + end} its header implies"
        )
    return {i.name: SafetensorInfo(i.name, i.dtype, i.shape, start + i.offset) for i, _ in infos}
