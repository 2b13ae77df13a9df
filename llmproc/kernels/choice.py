"""From logits to a token: softmax, and the two ways of drawing from it.

Serves `engine.sampling`. fp32 throughout, in the order of llama2.c's sampler.
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import (
    F32,
    F32_IN,
    F32_OUT,
    F32_ROWS,
    I64,
    I64_OUT,
    U64_IN,
    U64_OUT,
    VOID,
    kernel,
    njit,
)
from llmproc.simd.scalars import get_f32
from llmproc.simd.types import LANES
from llmproc.simd.vectors import add_f32, broadcast_f32, largest_f32, load_f32x16, max_f32, sub_f32, sum_f32

BLOCK = 16  # vectors looked at together


@njit(inline="never")
def _largest(address, size):  # type: ignore[no-untyped-def]
    """Index of the largest of `size` floats at an address, the lowest one on ties; -1 when one is NaN or infinite.

    First the block with the largest value, by vectors; then the place in it.
    """
    step = BLOCK * LANES
    best, where = get_f32(address), 0
    poison = broadcast_f32(np.float32(0))
    for start in range(0, size - step + 1, step):
        largest = load_f32x16(address + 4 * start)
        for i in range(BLOCK):
            part = load_f32x16(address + 4 * (start + i * LANES))
            largest = max_f32(largest, part)
            poison = add_f32(poison, sub_f32(part, part))  # stays zero while all is finite
        top = largest_f32(largest)
        if top > best:
            best, where = top, start
    finite = sum_f32(poison) == np.float32(0)
    for i in range(size // step * step, size):
        value = get_f32(address + 4 * i)
        finite &= abs(value) < np.float32(np.inf)
        if value > best:
            best, where = value, i
    if not finite:
        return -1
    while get_f32(address + 4 * where) != best:
        where += 1
    return where


@kernel(VOID, I64_OUT, F32_ROWS)
def argmax(out, x):  # type: ignore[no-untyped-def]
    """Of each row the index of its largest value, the lowest one on ties; -1 when a value is NaN or infinite.

    x: (len(out), n); rows may lie apart, the values of a row may not.
    """
    for i in range(x.shape[0]):
        out[i] = _largest(np.int64(x.ctypes.data) + i * x.strides[0], x.shape[1])


@kernel(I64, F32_OUT, F32_IN, F32)
def probabilities(out, logits, temperature):  # type: ignore[no-untyped-def]
    """out = softmax(logits / temperature), the sum from left to right; -1 when it is not finite, else 0."""
    largest = logits[0] / temperature
    for i in range(logits.shape[0]):
        out[i] = logits[i] / temperature
        if out[i] > largest:
            largest = out[i]
    total = np.float32(0)
    for i in range(logits.shape[0]):
        out[i] = math.exp(out[i] - largest)
        total += out[i]
    for i in range(logits.shape[0]):
        out[i] /= total
    return 0 if total < np.float32(np.inf) and largest < np.float32(np.inf) else -1


@kernel(I64, F32_IN, F32)
def draw(shares, coin):  # type: ignore[no-untyped-def]
    """First index whose running sum exceeds the coin, the last index when rounding left none."""
    running = np.float32(0)
    for i in range(shares.shape[0]):
        running += shares[i]
        if coin < running:
            return i
    return shares.shape[0] - 1


@kernel(I64, U64_OUT, F32_IN, F32)
def candidates(keys, shares, top_p):  # type: ignore[no-untyped-def]
    """Fill `keys` with one number per index whose share is at least (1 - top_p) / (n - 1); returns how many.

    Sorted upwards, the keys stand for falling shares, the lower index first on ties: the complement of the share's bits
    (a positive float32 sorts like its bits) above the index.
    """
    bits = shares.view(np.uint32)
    floor = (np.float32(1) - top_p) / np.float32(shares.shape[0] - 1)
    count = 0
    for i in range(shares.shape[0]):
        if shares[i] >= floor:
            keys[count] = (np.uint64(0xFFFFFFFF - bits[i]) << np.uint64(32)) | np.uint64(i)
            count += 1
    return count


@kernel(I64, U64_IN, F32_IN, F32, F32)
def draw_top_p(keys, shares, top_p, coin):  # type: ignore[no-untyped-def]
    """Draw among the sorted `keys` up to where the running sum first exceeds top_p; returns the index."""
    mask = np.uint64(0xFFFFFFFF)
    last, running = keys.shape[0] - 1, np.float32(0)
    for k in range(keys.shape[0]):
        running += shares[np.int64(keys[k] & mask)]
        if running > top_p:
            last = k
            break
    mark, running = coin * running, np.float32(0)
    for k in range(last):
        index = np.int64(keys[k] & mask)
        running += shares[index]
        if mark < running:
            return index
    return np.int64(keys[last] & mask)
