"""A GGUF file (version 3, little endian) written piece by piece: pairs, names of tensors, then their data.

Used by the writers: what the pairs say and where the data comes from is theirs. The format:
https://github.com/ggml-org/ggml/blob/master/docs/gguf.md

    "GGUF" version:u32 tensors:u64 pairs:u64
    pairs     key:string type:u32 value              string = length:u64 bytes
    tensors   name:string dims:u32 sizes:u64[] type:u32 offset:u64     innermost size first; offsets count from the data
    data      every tensor starts at a multiple of 32
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.gguf.pairs import ALIGNMENT, MetadataPair, string
from llmproc.checkpoints.gguf.planning import PlannedTensor
from llmproc.checkpoints.gguf.tensor_types import TYPE_NUMBERS
from llmproc.checkpoints.replacement import replacing

Progress: TypeAlias = Callable[[int, int], None]  # bytes written, bytes in all
Pieces: TypeAlias = Iterable[npt.NDArray[Any]]  # the bytes of one tensor in order, as arrays of any type


def write_container(
    path: Path | str,
    pairs: Sequence[MetadataPair],
    tensors: Sequence[PlannedTensor],
    data: Callable[[PlannedTensor], Pieces],
    progress: Progress | None = None,
) -> None:
    """Write a whole file or nothing. `data(tensor)` is asked for each tensor once, in order.

    CheckpointError when the file cannot be written; ValueError when a tensor's data has another size than it must have.
    """
    head = _head(pairs, tensors)
    done, total = 0, len(head) + sum(_padded(tensor.nbytes) for tensor in tensors)
    with replacing(path) as file:
        done += file.write(head)
        for tensor in tensors:
            start = done
            for piece in data(tensor):
                done += file.write(np.ascontiguousarray(piece).data.cast("B"))
                if progress is not None:
                    progress(done, total)
            if done != start + tensor.nbytes:
                raise ValueError(f"{tensor.label} has {done - start} bytes, it must have {tensor.nbytes}")
            done += file.write(bytes(-done % ALIGNMENT))
    if progress is not None:
        progress(total, total)


def _head(pairs: Sequence[MetadataPair], tensors: Sequence[PlannedTensor]) -> bytes:
    """Return everything before the data, padded to where it starts."""
    head = bytearray(b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(pairs)))
    for pair in pairs:
        head += pair.packed()
    offset = 0
    for tensor in tensors:
        sizes = tensor.shape[::-1]
        head += string(tensor.name) + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes)
        head += struct.pack("<IQ", TYPE_NUMBERS[tensor.type.name], offset)
        offset += _padded(tensor.nbytes)
    return bytes(head) + bytes(-len(head) % ALIGNMENT)


def _padded(count: int) -> int:
    return count + -count % ALIGNMENT
