"""A pair of tiles times one token or four, in registers: one function for each kind of matrix. Used by `products`.

A group's sum of integers is exact; then come its scales, in one order for every count of tokens: results do not depend
on it. Minimums of weights are multiplied by the sum of a group's activations, which its input brings along.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from llmproc.kernels.kinds import BF16, F16, F32, F32_C, INT8, INT8_MIN, Q4_0, Q4_K, Q5_0, Q6_K, Q8_0
from llmproc.kernels.registry import njit, overload, types
from llmproc.simd.dot import (
    dot,
    five_bits_0,
    five_bits_1,
    five_bits_2,
    five_bits_3,
    five_bits_4,
    five_bits_5,
    five_bits_6,
    five_bits_7,
    high_nibbles,
    load_bytes,
    load_packed,
    load_weights,
    low_nibbles,
    six_bits_0,
    six_bits_1,
    six_bits_2,
    six_bits_3,
    start,
)
from llmproc.simd.layout import LANES, NIBBLE_OFFSET, OFFSET, STEP_BYTES, STEP_K
from llmproc.simd.tiles import (
    add_product,
    add_scaled,
    add_to_memory,
    fuse_scaled,
    multiply_add,
    store_tile,
    zero_f32,
    zero_i32,
)
from llmproc.simd.vectors import (
    broadcast_f32,
    load_bf16x16,
    load_f16x16,
    load_f32x16,
    load_i8x16,
    load_u8x16,
    mul_f32,
    prefetch_alone,
)

STORE, ADD = 0, 1  # what becomes of a product: written, or added to what is there
_MINUS_ONE, _MINUS_32 = np.float32(-1), np.float32(-32)
_QUAD = 3 * STEP_BYTES  # of four steps of 6-bit weights: two times nibbles, once pairs of bits
_OCTET = 5 * STEP_BYTES  # of eight steps of 5-bit weights: four times nibbles, once single bits
_STEPS_32, _STEPS_16 = 32 // STEP_K, 16 // STEP_K


class Activations(NamedTuple):
    """Addresses of what is multiplied, of the first token; distances in bytes to the next token's.

    `kinds.reads` says which of them a product looks at; a group is that of the activations.
    """

    floats: int  # float32
    floats_stride: int
    values: int  # int8, or int16 where `simd.dot` works on pairs
    stride: int
    scales: int  # float32 of each group
    offsets: int  # int32 of each group: minus the sum of its values
    shifts: int  # float32 of each group: the sum of its values times its scale
    half_shifts: int  # the same of each half of a group
    group_stride: int  # from one token's scales (offsets, shifts) to the next's; twice this for halves


class Pair(NamedTuple):
    """Two tiles of weights: addresses of the first, distances of the second."""

    values: int
    values_apart: int
    scales: int
    scales_apart: int


@njit
def _finish(how, out, apart, stride, first, second):  # type: ignore[no-untyped-def]
    """Bring two tiles of sums to their place."""
    if how == STORE:
        store_tile(out, stride, first)
        store_tile(out + apart, stride, second)
        return
    add_to_memory(out, stride, first)
    if apart != 0:
        add_to_memory(out + apart, stride, second)


def _int8(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, OFFSET, f, x.group_stride)
        for _ in range(group // STEP_K):
            one = dot(one, load_weights(w), a, x.stride)
            two = dot(two, load_weights(w + pair.values_apart), a, x.stride)
            prefetch_alone(count, w + ahead)
            prefetch_alone(count, w + pair.values_apart + ahead)
            w, a = w + STEP_BYTES, a + 4
        first = add_scaled(first, one, load_f32x16(s), xs, x.group_stride)
        second = add_scaled(second, two, load_f32x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 4 * LANES, f + 4, xs + 4
    _finish(how, out, apart, out_stride, first, second)


def _q8_0(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, OFFSET, f, x.group_stride)
        for _ in range(_STEPS_32):
            one = dot(one, load_weights(w), a, x.stride)
            two = dot(two, load_weights(w + pair.values_apart), a, x.stride)
            prefetch_alone(count, w + ahead)
            prefetch_alone(count, w + pair.values_apart + ahead)
            w, a = w + STEP_BYTES, a + 4
        first = fuse_scaled(first, one, load_f16x16(s), xs, x.group_stride)
        second = fuse_scaled(second, two, load_f16x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 2 * LANES, f + 4, xs + 4
    _finish(how, out, apart, out_stride, first, second)


def _q4_0(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, NIBBLE_OFFSET, f, x.group_stride)
        for _ in range(_STEPS_16):
            packed = load_packed(w)
            one = dot(one, low_nibbles(packed), a, x.stride)
            one = dot(one, high_nibbles(packed), a + 4, x.stride)
            packed = load_packed(w + pair.values_apart)
            two = dot(two, low_nibbles(packed), a, x.stride)
            two = dot(two, high_nibbles(packed), a + 4, x.stride)
            prefetch_alone(count, w + ahead)
            prefetch_alone(count, w + pair.values_apart + ahead)
            w, a = w + STEP_BYTES, a + 8
        first = fuse_scaled(first, one, load_f16x16(s), xs, x.group_stride)
        second = fuse_scaled(second, two, load_f16x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 2 * LANES, f + 4, xs + 4
    _finish(how, out, apart, out_stride, first, second)


@njit
def _octet(sums, w, a, stride):  # type: ignore[no-untyped-def]
    """Add eight steps of 5-bit weights."""
    bits, packed = load_packed(w + 4 * STEP_BYTES), load_packed(w)
    sums = dot(sums, five_bits_0(packed, bits), a, stride)
    sums = dot(sums, five_bits_1(packed, bits), a + 4, stride)
    packed = load_packed(w + STEP_BYTES)
    sums = dot(sums, five_bits_2(packed, bits), a + 8, stride)
    sums = dot(sums, five_bits_3(packed, bits), a + 12, stride)
    packed = load_packed(w + 2 * STEP_BYTES)
    sums = dot(sums, five_bits_4(packed, bits), a + 16, stride)
    sums = dot(sums, five_bits_5(packed, bits), a + 20, stride)
    packed = load_packed(w + 3 * STEP_BYTES)
    sums = dot(sums, five_bits_6(packed, bits), a + 24, stride)
    return dot(sums, five_bits_7(packed, bits), a + 28, stride)


def _q5_0(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, 16, f, x.group_stride)
        for _ in range(_STEPS_32 // 8):
            one = _octet(one, w, a, x.stride)
            two = _octet(two, w + pair.values_apart, a, x.stride)
            for line in range(0, _OCTET, STEP_BYTES):
                prefetch_alone(count, w + line + ahead)
                prefetch_alone(count, w + line + pair.values_apart + ahead)
            w, a = w + _OCTET, a + 32
        first = fuse_scaled(first, one, load_f16x16(s), xs, x.group_stride)
        second = fuse_scaled(second, two, load_f16x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 2 * LANES, f + 4, xs + 4
    _finish(how, out, apart, out_stride, first, second)


def _q4_k(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, h, xs = pair.values, pair.scales, x.values, x.shifts, x.scales
    first, second, ahead, far = zero_f32(count), zero_f32(count), 2 * pair.values_apart, pair.scales_apart
    minus = broadcast_f32(_MINUS_ONE)
    for _ in range(groups // 8):
        scale, scale_2 = load_f16x16(s), load_f16x16(s + far)
        least, least_2 = mul_f32(minus, load_f16x16(s + 32)), mul_f32(minus, load_f16x16(s + far + 32))
        s += 64
        for _ in range(8):
            one = two = zero_i32(count)
            for _ in range(_STEPS_16):
                packed = load_packed(w)
                one = dot(one, low_nibbles(packed), a, x.stride)
                one = dot(one, high_nibbles(packed), a + 4, x.stride)
                packed = load_packed(w + pair.values_apart)
                two = dot(two, low_nibbles(packed), a, x.stride)
                two = dot(two, high_nibbles(packed), a + 4, x.stride)
                prefetch_alone(count, w + ahead)
                prefetch_alone(count, w + pair.values_apart + ahead)
                w, a = w + STEP_BYTES, a + 8
            first = fuse_scaled(first, one, mul_f32(scale, load_u8x16(s)), xs, x.group_stride)
            second = fuse_scaled(second, two, mul_f32(scale_2, load_u8x16(s + far)), xs, x.group_stride)
            first = multiply_add(first, mul_f32(least, load_u8x16(s + LANES)), h, x.group_stride)
            second = multiply_add(second, mul_f32(least_2, load_u8x16(s + far + LANES)), h, x.group_stride)
            s, h, xs = s + 2 * LANES, h + 4, xs + 4
    _finish(how, out, apart, out_stride, first, second)


@njit
def _quad(sums, w, a, stride):  # type: ignore[no-untyped-def]
    """Add four steps of 6-bit weights."""
    low, high, pairs = load_packed(w), load_packed(w + STEP_BYTES), load_packed(w + 2 * STEP_BYTES)
    sums = dot(sums, six_bits_0(low, pairs), a, stride)
    sums = dot(sums, six_bits_1(low, pairs), a + 4, stride)
    sums = dot(sums, six_bits_2(high, pairs), a + 8, stride)
    return dot(sums, six_bits_3(high, pairs), a + 12, stride)


def _q6_k(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, h, xs = pair.values, pair.scales, x.values, x.half_shifts, x.scales
    first, second, ahead, far = zero_f32(count), zero_f32(count), 2 * pair.values_apart, pair.scales_apart
    offset = broadcast_f32(_MINUS_32)
    for _ in range(groups // 16):
        scale, scale_2 = load_f16x16(s), load_f16x16(s + far)
        s += 32
        for _ in range(8):
            for _ in range(2):
                one = two = zero_i32(count)
                for _ in range(_STEPS_16 // 4):
                    one = _quad(one, w, a, x.stride)
                    two = _quad(two, w + pair.values_apart, a, x.stride)
                    for line in range(0, _QUAD, STEP_BYTES):
                        prefetch_alone(count, w + line + ahead)
                        prefetch_alone(count, w + line + pair.values_apart + ahead)
                    w, a = w + _QUAD, a + 16
                here, here_2 = mul_f32(scale, load_i8x16(s)), mul_f32(scale_2, load_i8x16(s + far))
                first = fuse_scaled(first, one, here, xs, x.group_stride)
                second = fuse_scaled(second, two, here_2, xs, x.group_stride)
                first = multiply_add(first, mul_f32(offset, here), h, 2 * x.group_stride)
                second = multiply_add(second, mul_f32(offset, here_2), h, 2 * x.group_stride)
                s, h = s + LANES, h + 4
            xs += 4
    _finish(how, out, apart, out_stride, first, second)


def _int8_min(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, far = pair.values, pair.scales, x.values, pair.scales_apart
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    halves = 32 // group  # groups of weights to one of activations
    h, h_stride = x.shifts if halves == 1 else x.half_shifts, halves * x.group_stride
    for g in range(groups):
        one = two = zero_i32(count)
        for _ in range(group // STEP_K):
            one = dot(one, load_bytes(w), a, x.stride)
            two = dot(two, load_bytes(w + pair.values_apart), a, x.stride)
            prefetch_alone(count, w + ahead)
            prefetch_alone(count, w + pair.values_apart + ahead)
            w, a = w + STEP_BYTES, a + 4
        xs = x.scales + g // halves * 4
        first = fuse_scaled(first, one, load_f32x16(s), xs, x.group_stride)
        second = fuse_scaled(second, two, load_f32x16(s + far), xs, x.group_stride)
        first = multiply_add(first, load_f32x16(s + 4 * LANES), h, h_stride)
        second = multiply_add(second, load_f32x16(s + far + 4 * LANES), h, h_stride)
        s, h = s + 8 * LANES, h + 4
    _finish(how, out, apart, out_stride, first, second)


def _f16(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_f16x16(w), a, x.floats_stride)
        second = multiply_add(second, load_f16x16(w + pair.values_apart), a, x.floats_stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 2 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


def _bf16(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_bf16x16(w), a, x.floats_stride)
        second = multiply_add(second, load_bf16x16(w + pair.values_apart), a, x.floats_stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 2 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


def _f32(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_f32x16(w), a, x.floats_stride)
        second = multiply_add(second, load_f32x16(w + pair.values_apart), a, x.floats_stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 4 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


def _f32_c(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second = zero_f32(count), zero_f32(count)
    for _ in range(groups * group):
        first = add_product(first, load_f32x16(w), a, x.floats_stride)
        second = add_product(second, load_f32x16(w + pair.values_apart), a, x.floats_stride)
        w, a = w + 4 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


_BLOCKS = {
    INT8: _int8, Q8_0: _q8_0, Q4_0: _q4_0, F16: _f16, F32: _f32, F32_C: _f32_c,
    Q4_K: _q4_k, Q6_K: _q6_k, INT8_MIN: _int8_min, BF16: _bf16, Q5_0: _q5_0,
}  # fmt: skip


def block(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    """Multiply `count` tokens (a literal) by a pair of tiles.

    `groups` groups of `group` columns, as the matrix has them. `apart`: bytes from one tile's sums to the other's in
    `out`, zero for the same tile twice.
    """


@overload(block, prefer_literal=True)
def _block_overload(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    return _BLOCKS[kind.literal_value] if isinstance(kind, types.IntegerLiteral) else None
