"""Matrix times vectors, int8 and fp32, every row summed in the C engine's order.

Serves `engine.transformer`. The weights run in the outer loop, so that a block of tokens reads them once; the order
of the sum of a row does not depend on the number of tokens.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.registry import F32_IN_2D, F32_OUT_2D, I8_IN_2D, VOID, kernel

USUAL_GROUP = 64
ROWS = 8  # rows summed side by side: one sum alone waits for the adder most of the time


@kernel(VOID, F32_OUT_2D, I8_IN_2D, F32_IN_2D, I8_IN_2D, F32_IN_2D)
def matmul_int8(out, x, x_scales, values, scales):  # type: ignore[no-untyped-def]
    """out (tokens, rows) = dequantised x (tokens, cols) times dequantised values (rows, cols).

    Per group of columns: exact int32 sum, as float, times weight scale, times activation scale; added from left to
    right. A group holds at most 2^17 columns (no int32 overflow); its size is cols / scales.shape[1].
    """
    groups = scales.shape[1]
    size = values.shape[1] // groups
    for r in range(values.shape[0]):
        for t in range(x.shape[0]):
            total = np.float32(0)
            for g in range(groups):
                a, b = x[t, g * size : (g + 1) * size], values[r, g * size : (g + 1) * size]
                dot = np.int32(0)
                if size == USUAL_GROUP:  # a known length becomes straight code
                    for k in range(USUAL_GROUP):
                        dot = np.int32(dot + np.int32(a[k]) * np.int32(b[k]))
                else:
                    for k in range(size):
                        dot = np.int32(dot + np.int32(a[k]) * np.int32(b[k]))
                total += np.float32(dot) * scales[r, g] * x_scales[t, g]
            out[t, r] = total


@kernel(VOID, F32_OUT_2D, F32_IN_2D, F32_IN_2D)
def matmul_f32(out, x, weights):  # type: ignore[no-untyped-def]
    """out (tokens, rows) = x (tokens, cols) times weights (rows, cols); each sum runs from left to right."""
    rows, columns = weights.shape
    blocked = rows - rows % ROWS
    for r in range(0, blocked, ROWS):
        w0, w1, w2, w3 = weights[r], weights[r + 1], weights[r + 2], weights[r + 3]
        w4, w5, w6, w7 = weights[r + 4], weights[r + 5], weights[r + 6], weights[r + 7]
        for t in range(x.shape[0]):
            s0 = s1 = s2 = s3 = s4 = s5 = s6 = s7 = np.float32(0)
            for k in range(columns):
                value = x[t, k]
                s0 += w0[k] * value
                s1 += w1[k] * value
                s2 += w2[k] * value
                s3 += w3[k] * value
                s4 += w4[k] * value
                s5 += w5[k] * value
                s6 += w6[k] * value
                s7 += w7[k] * value
            out[t, r], out[t, r + 1], out[t, r + 2], out[t, r + 3] = s0, s1, s2, s3
            out[t, r + 4], out[t, r + 5], out[t, r + 6], out[t, r + 7] = s4, s5, s6, s7
    for r in range(blocked, rows):
        for t in range(x.shape[0]):
            total = np.float32(0)
            for k in range(columns):
                total += weights[r, k] * x[t, k]
            out[t, r] = total
