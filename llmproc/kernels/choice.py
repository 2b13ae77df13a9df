"""From logits to a token: softmax, and the two ways of drawing from it. Compiled; `calls` is how they are called.

fp32 throughout, in the order of llama2.c's sampler. Addresses are int64, in bytes; arrays are dense.
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import entry, njit
from llmproc.simd.layout import LANES
from llmproc.simd.scalars import get_f32, get_i32, get_i64, put_f32, put_i64
from llmproc.simd.vectors import (
    add_f32,
    broadcast_f32,
    div_f32,
    largest_f32,
    load_f32x16,
    max_f32,
    store,
    sub_f32,
    sum_f32,
)

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


@entry
def argmax(out, x, rows, columns, stride):  # type: ignore[no-untyped-def]
    """Find in each row the index of its largest value, the lowest one on ties; -1 when one is NaN or infinite.

    out: (rows,) int64; x: rows of `columns` float32, `stride` bytes apart.
    """
    for i in range(rows):
        put_i64(out + 8 * i, _largest(x + i * stride, columns))


@njit
def _divide(out, x, size, divisor):  # type: ignore[no-untyped-def]
    """out = x / divisor, `size` numbers, in place or not; returns the largest quotient."""
    largest = get_f32(x) / divisor
    all_largest, all_divisor = broadcast_f32(largest), broadcast_f32(divisor)
    whole = size // LANES * LANES
    for i in range(0, whole, LANES):
        part = div_f32(load_f32x16(x + 4 * i), all_divisor)
        all_largest = max_f32(all_largest, part)
        store(out + 4 * i, part)
    largest = largest_f32(all_largest)
    for i in range(whole, size):
        value = get_f32(x + 4 * i) / divisor
        put_f32(out + 4 * i, value)
        if value > largest:
            largest = value
    return largest


@entry
def probabilities(out, logits, size, temperature):  # type: ignore[no-untyped-def]
    """out = softmax(logits / temperature), the sum from left to right; -1 when it is not finite, else 0."""
    largest = _divide(out, logits, size, temperature)
    total = np.float32(0)
    for i in range(size):
        share = math.exp(get_f32(out + 4 * i) - largest)
        put_f32(out + 4 * i, share)
        total += share
    _divide(out, out, size, total)
    return 0 if total < np.float32(np.inf) and largest < np.float32(np.inf) else -1


@entry
def draw(shares, size, coin):  # type: ignore[no-untyped-def]
    """First index whose running sum exceeds the coin, the last index when rounding left none."""
    running = np.float32(0)
    for i in range(size):
        running += get_f32(shares + 4 * i)
        if coin < running:
            return i
    return size - 1


@entry
def candidates(keys, shares, size, top_p):  # type: ignore[no-untyped-def]
    """Fill `keys` with one uint64 per index whose share is at least (1 - top_p) / (n - 1); returns how many.

    Sorted upwards, the keys stand for falling shares, the lower index first on ties: the complement of the share's bits
    (a positive float32 sorts like its bits) above the index.
    """
    floor = (np.float32(1) - top_p) / np.float32(size - 1)
    count = 0
    for i in range(size):
        if get_f32(shares + 4 * i) >= floor:
            put_i64(keys + 8 * count, (0xFFFFFFFF - np.int64(get_i32(shares + 4 * i))) << 32 | i)
            count += 1
    return count


@entry
def draw_top_p(keys, count, shares, top_p, coin):  # type: ignore[no-untyped-def]
    """Draw among the sorted `keys` up to where the running sum first exceeds top_p; returns the index."""
    last, running = count - 1, np.float32(0)
    for k in range(count):
        running += get_f32(shares + 4 * (get_i64(keys + 8 * k) & 0xFFFFFFFF))
        if running > top_p:
            last = k
            break
    mark, running = coin * running, np.float32(0)
    for k in range(last):
        index = get_i64(keys + 8 * k) & 0xFFFFFFFF
        running += get_f32(shares + 4 * index)
        if mark < running:
            return index
    return get_i64(keys + 8 * last) & 0xFFFFFFFF
