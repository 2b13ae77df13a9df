"""Int8 weights as tiles: sixteen rows side by side, so that every SIMD lane owns one row and no sum crosses lanes.

    weights  [row tile][group][step][16 rows][k of a step]   bytes, in the form `simd.dot` reads (see there)
    scales   [row tile][group][16 rows]                      float32

Serves `engine.products`. Per group of columns: exact int32 sum, as float, times weight scale, times activation scale,
added from left to right: llama2.c's order per row, so the results are the serial kernel's bit by bit, for one token or
many. Rows are padded to a multiple of 16 with zeros; columns need no padding (a group is a multiple of 4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import literally, njit, types

from llmproc.kernels.registry import F32_IN, F32_IN_2D, F32_OUT_2D, I64, VOID, kernel
from llmproc.simd.dot import ACTIVATION_BYTES, OFFSET, STEP_BYTES, STEP_K, dot, load_weights
from llmproc.simd.tiles import add_scaled, store_tile, zero_f32, zero_i32
from llmproc.simd.types import LANES
from llmproc.simd.vectors import load_f32x16

U8_IN = types.Array(types.uint8, 1, "C", readonly=True)
I8_IN_2D = types.Array(types.int8, 2, "C", readonly=True)
ACTIVATIONS_IN = types.Array(types.int8 if ACTIVATION_BYTES == 1 else types.int16, 2, "C", readonly=True)
ACTIVATIONS_OUT = types.Array(types.int8 if ACTIVATION_BYTES == 1 else types.int16, 2, "C")
ACTIVATION_TYPE = np.int8 if ACTIVATION_BYTES == 1 else np.int16
I32_IN_2D = types.Array(types.int32, 2, "C", readonly=True)
I32_OUT_2D = types.Array(types.int32, 2, "C")


@dataclass(frozen=True, slots=True)
class Int8Tiles:
    """A packed matrix of `rows` x `columns`, quantised in groups of `group` columns."""

    weights: npt.NDArray[np.uint8]  # (padded rows * columns,)
    scales: npt.NDArray[np.float32]  # (padded rows * columns / group,)
    rows: int
    columns: int
    group: int


def pack(values: npt.NDArray[np.int8], scales: npt.NDArray[np.float32]) -> Int8Tiles:
    """Tiles of values (rows, columns) and scales (rows, columns / group)."""
    rows, columns = values.shape
    groups = scales.shape[1]
    group = columns // groups
    padding = -rows % LANES
    values = np.pad(values, ((0, padding), (0, 0)))
    scales = np.pad(scales, ((0, padding), (0, 0)))
    tiles = len(values) // LANES
    steps = values.reshape(tiles, LANES, groups, group // STEP_K, STEP_K).transpose(0, 2, 3, 1, 4)
    stored = np.ascontiguousarray(steps).view(np.uint8).ravel()
    stored += np.uint8(OFFSET)  # modulo 256: the sign bit flipped, or nothing
    side_by_side = np.ascontiguousarray(scales.reshape(tiles, LANES, groups).transpose(0, 2, 1))
    return Int8Tiles(stored, side_by_side.ravel(), rows, columns, group)


@kernel(VOID, ACTIVATIONS_OUT, I32_OUT_2D, I8_IN_2D)
def widen(activations, offsets, values):  # type: ignore[no-untyped-def]
    """The form the dot product reads, and per token and group what its stored offset adds to the sum.

    activations (tokens, columns), offsets (tokens, groups), values (tokens, columns) int8.
    """
    group = values.shape[1] // offsets.shape[1]
    for t in range(values.shape[0]):
        for g in range(offsets.shape[1]):
            total = np.int32(0)
            for k in range(g * group, (g + 1) * group):
                activations[t, k] = values[t, k]
                total = np.int32(total + np.int32(values[t, k]))
            offsets[t, g] = total * np.int32(OFFSET)


@njit
def _block(count, out, out_stride, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps):  # type: ignore[no-untyped-def]
    """One row tile times `count` tokens; every address and stride in bytes."""
    literally(count)
    total = zero_f32(count)
    for _ in range(groups):
        sums = zero_i32(count)
        for _ in range(steps):
            sums = dot(sums, load_weights(weights), x, x_stride)
            weights += STEP_BYTES
            x += 4
        total = add_scaled(total, sums, offsets, load_f32x16(scales), x_scales, stride)
        scales, offsets, x_scales = scales + 4 * LANES, offsets + 4, x_scales + 4
    store_tile(out, out_stride, total)


@njit
def _tokens(out, out_stride, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps, tokens):  # type: ignore[no-untyped-def]
    """One row tile times all tokens, in blocks that fit the registers: the tile stays in the first-level cache."""
    t = 0
    while t < tokens:
        left = tokens - t
        o, a, f, s = out + t * out_stride, x + t * x_stride, offsets + t * stride, x_scales + t * stride
        if left >= 8:
            _block(8, o, out_stride, weights, scales, a, x_stride, f, s, stride, groups, steps)
            t += 8
        elif left >= 4:
            _block(4, o, out_stride, weights, scales, a, x_stride, f, s, stride, groups, steps)
            t += 4
        elif left >= 2:
            _block(2, o, out_stride, weights, scales, a, x_stride, f, s, stride, groups, steps)
            t += 2
        else:
            _block(1, o, out_stride, weights, scales, a, x_stride, f, s, stride, groups, steps)
            t += 1


@kernel(VOID, F32_OUT_2D, ACTIVATIONS_IN, I32_IN_2D, F32_IN_2D, U8_IN, F32_IN, I64)
def matmul_tiles(out, x, offsets, x_scales, weights, scales, first):  # type: ignore[no-untyped-def]
    """out (tokens, rows) = x (tokens, columns) times the tiles from row `first` (a multiple of 16) on.

    `offsets` and `x_scales`: (tokens, groups). `weights` and `scales` as in Int8Tiles; out may have fewer rows than
    the tiles are padded to.
    """
    tokens, rows = out.shape
    columns, groups = x.shape[1], x_scales.shape[1]
    steps = columns // groups // STEP_K
    edge = np.empty((tokens, LANES), np.float32)  # a last tile with fewer than 16 rows is stored here first
    for r in range(0, rows, LANES):
        w = weights.ctypes.data + (first + r) * columns
        s = scales.ctypes.data + (first + r) * groups * 4
        whole = r + LANES <= rows
        target = out.ctypes.data + 4 * r if whole else edge.ctypes.data
        out_stride = 4 * rows if whole else 4 * LANES
        _tokens(
            np.int64(target), np.int64(out_stride), np.int64(w), np.int64(s), np.int64(x.ctypes.data),
            np.int64(columns * ACTIVATION_BYTES), np.int64(offsets.ctypes.data), np.int64(x_scales.ctypes.data),
            np.int64(4 * groups), groups, steps, tokens,
        )  # fmt: skip
        if not whole:
            for t in range(tokens):
                for i in range(rows - r):
                    out[t, r + i] = edge[t, i]
