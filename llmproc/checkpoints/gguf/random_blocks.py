"""Random weights in any of GGUF's types, as bytes of a file: valid blocks, values spread as those of real weights.

Used by synthetic models. A few megabytes of random blocks are made once for each type and row length, and are written
again and again from another place: such a file costs what a real one costs. Their number is a prime, so that rows of a
matrix begin at different places of them and none is like another for thousands of rows.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.gguf.blocks import FORMS
from llmproc.checkpoints.gguf.tensor_types import TensorType

Bytes = npt.NDArray[np.uint8]
_HALVES = {  # byte of the half that scales a block, and of the one that scales its minimums
    "Q4_0": (0, None), "Q4_1": (0, 2), "Q5_0": (0, None), "Q5_1": (0, 2), "Q8_0": (0, None), "IQ4_NL": (0, None),
    "Q2_K": (80, 82), "Q3_K": (108, None), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208, None),
}  # fmt: skip
_FLOATS = {"F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_BLOCKS = {1: 1_048_573, 32: 65_521, 256: 16_381}  # primes: 1 to 4 million values
_SPREAD = 0.2  # scales differ by up to this part, so that a mixed-up scale changes the result


class RandomBlocks:
    """The random bytes of all matrices of one file; the same seed and order of calls give the same bytes."""

    def __init__(self, seed: int) -> None:
        """Keep nothing yet: blocks are made when a type is first asked for."""
        self._random = np.random.default_rng(seed)
        self._made: dict[tuple[str, int], Bytes] = {}

    def matrix(self, kind: TensorType, shape: tuple[int, ...]) -> Iterator[Bytes]:
        """Yield the bytes of a matrix (rows, columns) whose values have standard deviation 1 / sqrt(columns)."""
        columns = shape[-1]
        if (kind.name, columns) not in self._made:
            self._made[kind.name, columns] = self._blocks(kind, 1 / math.sqrt(columns))
        pool = self._made[kind.name, columns]
        left, start = math.prod(shape) // kind.block, int(self._random.integers(len(pool)))
        while left:
            part = pool[start : start + left]
            yield part
            left, start = left - len(part), 0

    def norm(self, shape: tuple[int, ...]) -> Iterator[npt.NDArray[Any]]:
        """Yield float32 values around 1."""
        yield self._random.uniform(0.9, 1.1, shape).astype("<f4")

    def bias(self, shape: tuple[int, ...]) -> Iterator[npt.NDArray[Any]]:
        """Yield float32 values around 0."""
        yield self._random.uniform(-0.1, 0.1, shape).astype("<f4")

    def _blocks(self, kind: TensorType, deviation: float) -> Bytes:
        """Return random blocks (number, bytes of one) whose values have mean 0 and this standard deviation."""
        count = _BLOCKS[kind.block]
        if kind.name in _FLOATS:
            values = self._random.standard_normal(count, np.float32) * np.float32(deviation)
            if kind.name == "BF16":
                return (values.view(np.uint32) >> 16).astype("<u2").view(np.uint8).reshape(count, 2)
            return values.astype(_FLOATS[kind.name]).view(np.uint8).reshape(count, -1)
        blocks = self._random.integers(0, 256, (count, kind.block_bytes), np.uint8)
        if kind.name == "MXFP4":
            blocks[:, 0] = self._random.integers(126, 129, count)
            blocks[:, 0] += np.int8(round(math.log2(deviation / _measured(kind, blocks[:1000])[1]))).view(np.uint8)
            return blocks
        scale, minimum = self._scales(kind, blocks[:1000], deviation)
        share = self._random.uniform(1 - _SPREAD, 1 + _SPREAD, count)
        return _with_halves(kind, blocks, scale * share, minimum * share)

    def _scales(self, kind: TensorType, sample: Bytes, deviation: float) -> tuple[float, float]:
        """Return the scale of a block, and that of its minimums, which brings the mean to 0."""
        mean, spread = _measured(kind, _with_halves(kind, sample, 1, 0))
        if _HALVES[kind.name][1] is None:
            return deviation / spread, 0
        minimum = -mean / _measured(kind, _with_halves(kind, sample, 0, 1))[0]
        _, spread = _measured(kind, _with_halves(kind, sample, 1, minimum))
        return deviation / spread, minimum * deviation / spread


def _measured(kind: TensorType, blocks: Bytes) -> tuple[float, float]:
    """Return mean and standard deviation of the values of blocks."""
    whole, scales, minimums = FORMS[kind.name].split(blocks)
    grouped = whole.reshape(len(blocks), scales.shape[1], -1).astype(np.float64)
    values = grouped * scales[:, :, None] + (0 if minimums is None else minimums[:, :, None])
    return float(values.mean()), float(values.std())


def _with_halves(kind: TensorType, blocks: Bytes, scale: Any, minimum: Any) -> Bytes:
    """Return blocks with these scales and scales of minimums, one for all or one for each."""
    found = blocks.copy()
    for at, value in zip(_HALVES[kind.name], (scale, minimum), strict=True):
        if at is not None:
            halves = np.broadcast_to(np.asarray(value, "<f2"), len(found))
            found[:, at : at + 2] = np.ascontiguousarray(halves).view(np.uint8).reshape(-1, 2)
    return found
