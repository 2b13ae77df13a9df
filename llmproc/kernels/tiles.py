"""Int8 weights as tiles: sixteen rows side by side, so that every SIMD lane owns one row and no sum crosses lanes.

    values   [row tile][group][step][16 rows][k of a step]   int8, in the form `simd.dot` reads (see there)
    scales   [row tile][group][16 rows]                      float32

Serves `engine.products`. A tile holds the very bytes of its sixteen rows in another order, so a matrix is arranged in
place and keeps its size; rows that fill no tile stay as they are at the end. Per group of columns: exact int32 sum, as
float, times weight scale, times activation scale, added from left to right: llama2.c's order per row, so the results
are the serial kernel's bit by bit, for one token or many.
"""

from __future__ import annotations

import numpy as np
from numba import literally, njit, types

from llmproc.kernels.registry import F32_IN_2D, F32_OUT_2D, I8_IN_2D, I8_OUT_2D, I64_IN, VOID, kernel
from llmproc.simd.dot import ACTIVATION_BYTES, OFFSET, STEP_BYTES, STEP_K, dot, load_weights
from llmproc.simd.tiles import add_scaled, store_tile, zero_f32, zero_i32
from llmproc.simd.types import LANES
from llmproc.simd.vectors import load_f32x16

ACTIVATION_TYPE = np.int8 if ACTIVATION_BYTES == 1 else np.int16
_ACTIVATION = types.int8 if ACTIVATION_BYTES == 1 else types.int16
ACTIVATIONS_IN = types.Array(_ACTIVATION, 2, "C", readonly=True)
ACTIVATIONS_OUT = types.Array(_ACTIVATION, 2, "C")
I32_IN_2D = types.Array(types.int32, 2, "C", readonly=True)
I32_OUT_2D = types.Array(types.int32, 2, "C")


@kernel(VOID, I8_OUT_2D, F32_OUT_2D)
def arrange(values, scales):  # type: ignore[no-untyped-def]
    """Turn the full tiles of values (rows, columns) and scales (rows, groups) into tile order, in place."""
    rows, columns = values.shape
    groups = scales.shape[1]
    steps = columns // groups // STEP_K
    old_values, old_scales = np.empty((LANES, columns), np.int8), np.empty((LANES, groups), np.float32)
    flat_values, flat_scales = values.reshape(rows * columns), scales.reshape(rows * groups)
    for first in range(0, rows - rows % LANES, LANES):
        old_values[:] = values[first : first + LANES]
        old_scales[:] = scales[first : first + LANES]
        to = first * columns
        for step in range(groups * steps):
            for r in range(LANES):
                for k in range(STEP_K):
                    flat_values[to] = np.int8(old_values[r, step * STEP_K + k] + OFFSET)  # modulo 256: sign bit flipped
                    to += 1
        to = first * groups
        for g in range(groups):
            for r in range(LANES):
                flat_scales[to] = old_scales[r, g]
                to += 1


@kernel(VOID, F32_OUT_2D, I64_IN, I8_IN_2D, F32_IN_2D)
def embed_tiles(out, tokens, values, scales):  # type: ignore[no-untyped-def]
    """out (tokens, dim) = dequantised rows `tokens` of an arranged matrix."""
    rows, columns = values.shape
    groups = scales.shape[1]
    group = columns // groups
    flat_values, flat_scales = values.reshape(rows * columns), scales.reshape(rows * groups)
    full = rows - rows % LANES
    for t in range(tokens.shape[0]):
        row = tokens[t]
        tile, lane = row // LANES * LANES, row % LANES
        for k in range(columns):
            if row < full:
                step = k // STEP_K
                at = tile * columns + (step * LANES + lane) * STEP_K + k % STEP_K
                value = np.int8(flat_values[at] - OFFSET)
                scale = flat_scales[tile * groups + k // group * LANES + lane]
            else:
                value, scale = values[row, k], scales[row, k // group]
            out[t, k] = np.float32(value) * scale


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


@kernel(VOID, F32_OUT_2D, ACTIVATIONS_IN, I32_IN_2D, F32_IN_2D, I8_IN_2D, F32_IN_2D)
def matmul_tiles(out, x, offsets, x_scales, values, scales):  # type: ignore[no-untyped-def]
    """out (tokens, rows) = x (tokens, columns) times an arranged matrix.

    `x` and `offsets` as `widen` makes them; `x_scales` (tokens, groups); values (rows, columns), scales (rows, groups).
    """
    tokens, rows = out.shape
    columns, groups = x.shape[1], x_scales.shape[1]
    group = columns // groups
    full = rows - rows % LANES
    for r in range(0, full, LANES):
        _tokens(
            np.int64(out.ctypes.data) + 4 * r, 4 * rows, np.int64(values.ctypes.data) + r * columns,
            np.int64(scales.ctypes.data) + r * groups * 4, np.int64(x.ctypes.data), columns * ACTIVATION_BYTES,
            np.int64(offsets.ctypes.data), np.int64(x_scales.ctypes.data), 4 * groups, groups, group // STEP_K, tokens,
        )  # fmt: skip
    for r in range(full, rows):
        for t in range(tokens):
            total = np.float32(0)
            for g in range(groups):
                exact = np.int32(0)
                for k in range(g * group, (g + 1) * group):
                    exact = np.int32(exact + np.int32(x[t, k]) * np.int32(values[r, k]))
                total += np.float32(exact) * scales[r, g] * x_scales[t, g]
            out[t, r] = total
