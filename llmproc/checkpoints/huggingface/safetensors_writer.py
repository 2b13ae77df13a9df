"""A safetensors file written piece by piece, so that a model larger than memory can be. Used by synthetic models.

The layout stands in `safetensors`: the header's length, the header, then the data without a gap.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.huggingface.safetensors import DTYPE_BYTES
from llmproc.checkpoints.replacement import replacing

Progress: TypeAlias = Callable[[int, int], None]  # bytes written, bytes in all


class SafetensorPlan(NamedTuple):
    """One tensor of a file to be written."""

    ours: str  # as in `tensors`
    part: str  # `weight` or `bias`
    name: str
    dtype: str
    shape: tuple[int, ...]

    @property
    def nbytes(self) -> int:
        """Return the bytes of its data."""
        return math.prod(self.shape) * DTYPE_BYTES[self.dtype]


def write_safetensors(
    path: Path,
    tensors: Sequence[SafetensorPlan],
    data: Callable[[SafetensorPlan], Iterable[npt.NDArray[Any]]],
    progress: Progress | None = None,
) -> None:
    """Write a whole file or nothing. `data(tensor)` is asked for each tensor once, in order.

    CheckpointError when the file cannot be written; ValueError when a tensor's data has another size than it must have.
    """
    entries: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for tensor in tensors:
        offsets = [offset, offset + tensor.nbytes]
        entries[tensor.name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": offsets}
        offset += tensor.nbytes
    header = json.dumps(entries, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    done, total = 0, 8 + len(header) + offset
    with replacing(path) as file:
        done += file.write(struct.pack("<Q", len(header)) + header)
        for tensor in tensors:
            start = done
            for piece in data(tensor):
                done += file.write(np.ascontiguousarray(piece).data.cast("B"))
                if progress is not None:
                    progress(done, total)
            if done != start + tensor.nbytes:
                raise ValueError(f"{tensor.name} has {done - start} bytes, it must have {tensor.nbytes}")
