"""Float32 matrices to groups of int8 with one scale each: the arithmetic of llama2.c's version 2 files.

Used by the writer, training and tests. No I/O, and nothing of the kernels' own quantisation of activations.
"""

from __future__ import annotations

import numpy as np

from llmproc.checkpoints.weights import Float32, Int8Matrix

BLOCK = 1 << 20  # values quantised at once: temporaries stay small beside a large matrix


def quantise(array: Float32, group: int) -> Int8Matrix:
    """Quantise (rows, cols) along its rows in groups of `group` columns, all in float32.

    scale = max|x| / 127; value = x / scale rounded half away from zero; a group of zeros (or one so small that its
    scale is zero) has scale 0 and values 0. ValueError for a wrong shape, a group that does not divide cols, or
    values that are not finite.
    """
    array = np.asarray(array, dtype=np.float32)
    if array.ndim != 2 or group < 1 or array.shape[1] % group:
        raise ValueError(f"groups of {group} do not divide the columns of an array of shape {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("only finite values can be quantised")
    rows, cols = array.shape
    values = np.empty((rows, cols), np.int8)
    scales = np.empty((rows, cols // group), np.float32)
    step = max(1, BLOCK // max(1, cols))
    for start in range(0, rows, step):
        block = array[start : start + step].reshape(-1, cols // group, group)
        scale = np.abs(block).max(axis=2) / np.float32(127)
        divided = block / np.where(scale == 0, np.float32(1), scale)[:, :, None]
        whole = np.trunc(divided)
        whole += np.copysign(np.abs(divided - whole) >= 0.5, divided)  # the difference is exact, x + 0.5 is not
        whole[scale == 0] = 0
        np.clip(whole, -127, 127, out=whole)  # a denormal scale is coarse
        values[start : start + step] = whole.reshape(-1, cols)
        scales[start : start + step] = scale
    return Int8Matrix(values, scales)
