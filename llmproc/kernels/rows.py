"""What happens to the activations of one token between two products: norm, quantisation, gated unit, rotation.

Used by `kernels.forward`. Rows are padded to whole vectors with zeros. Two orders of arithmetic: `c_order` keeps
that of llama2.c's run.c and runq.c (MIT, Andrej Karpathy) and is bit-equal to the C engine; the other sums in sixteen
fixed lanes and uses `exp_f32`. Neither depends on how many tokens or ranks there are.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from llmproc.kernels.registry import njit
from llmproc.kernels.sizes import VECTOR
from llmproc.simd.dot import put_activation, store_activations
from llmproc.simd.exponential import exp_f32
from llmproc.simd.layout import ACTIVATION_BYTES, LANES, NIBBLE_OFFSET
from llmproc.simd.scalars import as_f32, get_f32, put_f32, put_i32
from llmproc.simd.vectors import (
    abs_f32,
    add_f32,
    add_i32,
    and_i32,
    bits_f32,
    broadcast_f32,
    broadcast_i32,
    div_f32,
    f32_bits,
    fma_f32,
    i32_to_f32,
    largest_i32,
    load_f32x16,
    max_f32,
    max_i32,
    min_f32,
    mul_f32,
    or_i32,
    store,
    sub_f32,
    sum_f32,
    sum_i32,
    swap_pairs,
    truncate_f32,
    where_at_least,
)

_ONE, _ZERO, _HALF = np.float32(1), np.float32(0), np.float32(0.5)
_LIMIT, _INFINITY, _NAN = np.float32(127), np.float32(np.inf), np.float32(np.nan)
_SIGN, _MAGNITUDE, _ONE_BITS = np.int32(-(1 << 31)), np.int32(0x7FFFFFFF), np.int32(0x3F800000)


@njit
def normalise(out, x, weight, size, eps, c_order):  # type: ignore[no-untyped-def]
    """out = weight * (x / sqrt(mean(x^2) + eps)), `size` numbers; addresses of padded rows."""
    vectors = (size + LANES - 1) // LANES
    total = _ZERO
    if c_order:
        for i in range(size):
            value = get_f32(x + 4 * i)
            total += value * value
    else:
        squares = broadcast_f32(_ZERO)
        for i in range(vectors):
            part = load_f32x16(x + i * VECTOR)
            squares = fma_f32(part, part, squares)
        total = sum_f32(squares)
    total /= np.float32(size)
    total += eps
    factor = broadcast_f32(_ONE / math.sqrt(total))
    for i in range(vectors):
        value = mul_f32(factor, load_f32x16(x + i * VECTOR))
        store(out + i * VECTOR, mul_f32(load_f32x16(weight + i * VECTOR), value))


class Quantised(NamedTuple):
    """Addresses of a row of activations: integers in the form `simd.dot` reads, and what belongs to every group.

    Its scale (float32), -128 times the sum of its values (int32), that sum times the scale, the same of every half of
    it (float32), -8 times the sum (int32); 0 where the last three are not wanted.
    """

    values: int
    scales: int
    offsets: int
    shifts: int
    half_shifts: int
    nibble_offsets: int


@njit
def quantise_groups(x, to, groups, group):  # type: ignore[no-untyped-def]
    """Per group: scale = max|x| / 127, value = x / scale rounded half away from zero; a zero group gives zeros.

    `to`: Quantised. A group with NaN or infinity gets scale NaN, so that it reaches the logits and is found there.
    """
    for g in range(groups):
        source, values = x + g * group * 4, to.values + g * group * ACTIVATION_BYTES
        if group % LANES == 0:
            _quantise_vectors(source, values, to, g, group // LANES)
        else:
            _quantise_scalars(source, values, to, g, group)


@njit
def _quantise_vectors(x, values, to, g, vectors):  # type: ignore[no-untyped-def]
    # As integers magnitudes have the same order, and NaN is the largest of all: one maximum finds what is not finite.
    largest, magnitude = broadcast_i32(np.int32(0)), broadcast_i32(_MAGNITUDE)
    for i in range(vectors):
        largest = max_i32(largest, and_i32(f32_bits(load_f32x16(x + i * VECTOR)), magnitude))
    scale = as_f32(largest_i32(largest)) / _LIMIT
    if not scale < _INFINITY:
        scale = _NAN
    put_f32(to.scales + 4 * g, scale)
    divisor, half, zero = broadcast_f32(scale), broadcast_f32(_HALF), broadcast_f32(_ZERO)
    top, bottom = broadcast_f32(_LIMIT), broadcast_f32(-_LIMIT)
    total = broadcast_i32(np.int32(0))
    for i in range(vectors):
        rounded = broadcast_i32(np.int32(0))
        if scale > _ZERO:
            quotient = min_f32(max_f32(div_f32(load_f32x16(x + i * VECTOR), divisor), bottom), top)
            whole = i32_to_f32(truncate_f32(quotient))
            sign = and_i32(f32_bits(quotient), broadcast_i32(_SIGN))
            away = bits_f32(or_i32(sign, broadcast_i32(_ONE_BITS)))
            rest = abs_f32(sub_f32(quotient, whole))  # exact, which quotient + 0.5 would not be
            rounded = truncate_f32(add_f32(whole, where_at_least(rest, half, away, zero)))
        store_activations(values + i * LANES * ACTIVATION_BYTES, rounded)
        if to.half_shifts != 0:  # groups are 32 columns then
            put_f32(to.half_shifts + 4 * (2 * g + i), scale * np.float32(sum_i32(rounded)))
        total = add_i32(total, rounded)
    _put_sums(to, g, scale, sum_i32(total))


@njit
def _put_sums(to, g, scale, total):  # type: ignore[no-untyped-def]
    put_i32(to.offsets + 4 * g, np.int32(np.int32(-128) * total))
    if to.nibble_offsets != 0:
        put_i32(to.nibble_offsets + 4 * g, np.int32(np.int32(-NIBBLE_OFFSET) * total))
    if to.shifts != 0:
        put_f32(to.shifts + 4 * g, scale * np.float32(total))


@njit
def _quantise_scalars(x, values, to, g, group):  # type: ignore[no-untyped-def]
    """Do the same for a group that does not fill whole vectors."""
    largest = poison = _ZERO
    for i in range(group):
        value = get_f32(x + 4 * i)
        largest = max(largest, abs(value))
        poison += value - value
    scale = largest / _LIMIT + poison
    put_f32(to.scales + 4 * g, scale)
    total = np.int32(0)
    for i in range(group):
        rounded = np.int32(0)
        if scale > _ZERO:
            quotient = min(max(np.float64(get_f32(x + 4 * i) / scale), -127.0), 127.0)
            rounded = np.int32(quotient + 0.5) if quotient >= 0 else np.int32(quotient - 0.5)
        put_activation(values + i * ACTIVATION_BYTES, rounded)
        total = np.int32(total + rounded)
    _put_sums(to, g, scale, total)


@njit
def gated_unit(gate, up, vectors, c_order):  # type: ignore[no-untyped-def]
    """gate = gate * sigmoid(gate) * up, in place."""
    one = broadcast_f32(_ONE)
    for i in range(vectors):
        at = gate + i * VECTOR
        if c_order:
            for lane in range(LANES):
                value = get_f32(at + 4 * lane)
                value *= _ONE / (_ONE + math.exp(-value))
                put_f32(at + 4 * lane, value * get_f32(up + i * VECTOR + 4 * lane))
        else:
            value = load_f32x16(at)
            share = div_f32(value, add_f32(one, exp_f32(sub_f32(broadcast_f32(_ZERO), value))))
            store(at, mul_f32(share, load_f32x16(up + i * VECTOR)))


@njit
def add_row(out, row, vectors):  # type: ignore[no-untyped-def]
    """out += row, in whole vectors."""
    for i in range(vectors):
        store(out + i * VECTOR, add_f32(load_f32x16(out + i * VECTOR), load_f32x16(row + i * VECTOR)))


@njit
def scale_row(out, x, size, scale):  # type: ignore[no-untyped-def]
    """out = x * scale, `size` numbers."""
    for i in range(size):
        put_f32(out + 4 * i, get_f32(x + 4 * i) * scale)


@njit
def rotate(out, x, angles, head_dim, scale):  # type: ignore[no-untyped-def]
    """out = x with interleaved pairs rotated, times `scale`; out and x do not overlap.

    `angles`: of this position, head_dim cosines (each twice), then head_dim sines (the first of each two negative).
    Formula: RoFormer, Su et al. 2021.
    """
    factor = broadcast_f32(scale)
    whole = head_dim // LANES * LANES
    for i in range(0, whole, LANES):
        pair = load_f32x16(x + 4 * i)
        turned = mul_f32(swap_pairs(pair), load_f32x16(angles + 4 * (head_dim + i)))
        store(out + 4 * i, mul_f32(add_f32(mul_f32(pair, load_f32x16(angles + 4 * i)), turned), factor))
    for i in range(whole, head_dim):
        other = get_f32(x + 4 * (i + 1 if i % 2 == 0 else i - 1))
        turned = other * get_f32(angles + 4 * (head_dim + i))
        put_f32(out + 4 * i, (get_f32(x + 4 * i) * get_f32(angles + 4 * i) + turned) * scale)
