"""Bytes of one GGUF tensor to arrays: its parts (whole numbers, scales, minimums), or the float32 values of it.

Used by `loading`, and by what packs a type in a tile of its own width. No I/O. Taken apart some rows at a time:
beside the result a few megabytes are needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.gguf.blocks import FORMS, Groups
from llmproc.checkpoints.gguf.tensor_types import TensorType
from llmproc.checkpoints.halves import widened
from llmproc.checkpoints.weights import Float32, Floats

TensorBytes: TypeAlias = npt.NDArray[np.uint8]
_PIECE = 1 << 19  # values taken apart at once


@dataclass(frozen=True, slots=True)
class GroupedParts:
    """A quantised matrix: row r, column c stands for values[r, c] * scales[r, c // group] (+ the minimum there)."""

    values: npt.NDArray[np.int8]  # (rows, cols)
    scales: Float32  # (rows, cols // group)
    minimums: Float32 | None  # (rows, cols // group); None: 0
    group: int  # columns per scale: 16 or 32

    def dequantise(self) -> Float32:
        """Return the float32 values (rows, cols), rounded after the product and after the sum."""
        rows, cols = self.values.shape
        grouped = self.values.reshape(rows, -1, self.group).astype(np.float32)
        with np.errstate(all="ignore"):  # as in `dequantised`
            grouped *= self.scales[:, :, None]
            if self.minimums is not None:
                grouped += self.minimums[:, :, None]
        return grouped.reshape(rows, cols)


def grouped_parts(kind: TensorType, raw: TensorBytes, shape: tuple[int, int]) -> GroupedParts:
    """Return the parts of a quantised matrix (rows, cols) with the bytes `raw`. KeyError for a type of floats."""
    rows, cols = shape
    form = FORMS[kind.name]
    groups = cols // form.group
    values = np.empty(shape, np.int8)
    scales = np.empty((rows, groups), np.float32)
    minimums = None
    for part, blocks in _pieces(kind, raw, shape):
        whole, scale, minimum = _split(kind, blocks)
        values[part] = whole.reshape(-1, cols)
        scales[part] = scale.reshape(-1, groups)
        if minimum is not None:
            minimums = np.empty((rows, groups), np.float32) if minimums is None else minimums
            minimums[part] = minimum.reshape(-1, groups)
    return GroupedParts(values, scales, minimums, form.group)


def dequantised(kind: TensorType, raw: TensorBytes, shape: tuple[int, ...]) -> Float32:
    """Return the float32 values of a tensor of any type that is read."""
    if kind.name not in FORMS:
        return widened(floats(kind, raw, shape))
    rows, cols = int(np.prod(shape[:-1], dtype=object)), shape[-1]
    found = np.empty((rows, cols), np.float32)
    for part, blocks in _pieces(kind, raw, (rows, cols)):
        whole, scale, minimum = _split(kind, blocks)
        into = found[part].reshape(-1, FORMS[kind.name].group)
        with np.errstate(all="ignore"):  # what is not finite is looked for later
            np.multiply(whole.reshape(into.shape), scale.reshape(-1, 1), out=into)
            if minimum is not None:
                into += minimum.reshape(-1, 1)
    return found.reshape(shape)


def floats(kind: TensorType, raw: TensorBytes, shape: tuple[int, ...]) -> Floats | npt.NDArray[np.uint16]:
    """Return a view of a tensor of floats; BF16 as the upper halves of float32, which `widened` makes of them."""
    return raw.view({"F32": "<f4", "F16": "<f2", "BF16": "<u2"}[kind.name]).reshape(shape)


def _split(kind: TensorType, blocks: TensorBytes) -> Groups:
    with np.errstate(all="ignore"):
        return FORMS[kind.name].split(blocks)


def _pieces(kind: TensorType, raw: TensorBytes, shape: tuple[int, int]) -> Iterator[tuple[slice, TensorBytes]]:
    """Yield rows and their blocks (blocks, bytes of one)."""
    rows, cols = shape
    in_rows = raw.reshape(rows, cols // kind.block * kind.block_bytes)
    step = max(1, _PIECE // cols)
    for start in range(0, rows, step):
        part = slice(start, start + step)
        yield part, in_rows[part].reshape(-1, kind.block_bytes)
