"""Blocks of matrices that hold four to six bits for each weight. Used by `blocks`."""

from __future__ import annotations

import numpy as np

from llmproc.kernels.block_parts import STEPS_16, STEPS_32, finish
from llmproc.kernels.registry import njit
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
    load_packed,
    low_nibbles,
    six_bits_0,
    six_bits_1,
    six_bits_2,
    six_bits_3,
    start,
)
from llmproc.simd.layout import LANES, STEP_BYTES
from llmproc.simd.narrow import load_f16x16, load_i8x16, load_u8x16
from llmproc.simd.tiles import fuse_scaled, multiply_add, zero_f32, zero_i32
from llmproc.simd.vectors import broadcast_f32, mul_f32, prefetch_alone

_MINUS_ONE, _MINUS_32 = np.float32(-1), np.float32(-32)
_QUAD = 3 * STEP_BYTES  # of four steps of 6-bit weights: two times nibbles, once pairs of bits
_OCTET = 5 * STEP_BYTES  # of eight steps of 5-bit weights: four times nibbles, once single bits


def q4_0(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.nibble_offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, 1, f, x.group_stride)
        for _ in range(STEPS_16):
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
    finish(how, out, apart, out_stride, first, second)


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


def q5_0(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.nibble_offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, 2, f, x.group_stride)
        for _ in range(STEPS_32 // 8):
            one = _octet(one, w, a, x.stride)
            two = _octet(two, w + pair.values_apart, a, x.stride)
            for line in range(0, _OCTET, STEP_BYTES):
                prefetch_alone(count, w + line + ahead)
                prefetch_alone(count, w + line + pair.values_apart + ahead)
            w, a = w + _OCTET, a + 32
        first = fuse_scaled(first, one, load_f16x16(s), xs, x.group_stride)
        second = fuse_scaled(second, two, load_f16x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 2 * LANES, f + 4, xs + 4
    finish(how, out, apart, out_stride, first, second)


def q4_k(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, h, xs = pair.values, pair.scales, x.values, x.shifts, x.scales
    first, second, ahead, far = zero_f32(count), zero_f32(count), 2 * pair.values_apart, pair.scales_apart
    minus = broadcast_f32(_MINUS_ONE)
    for _ in range(groups // 8):
        scale, scale_2 = load_f16x16(s), load_f16x16(s + far)
        least, least_2 = mul_f32(minus, load_f16x16(s + 32)), mul_f32(minus, load_f16x16(s + far + 32))
        s += 64
        for _ in range(8):
            one = two = zero_i32(count)
            for _ in range(STEPS_16):
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
    finish(how, out, apart, out_stride, first, second)


@njit
def _quad(sums, w, a, stride):  # type: ignore[no-untyped-def]
    """Add four steps of 6-bit weights."""
    low, high, pairs = load_packed(w), load_packed(w + STEP_BYTES), load_packed(w + 2 * STEP_BYTES)
    sums = dot(sums, six_bits_0(low, pairs), a, stride)
    sums = dot(sums, six_bits_1(low, pairs), a + 4, stride)
    sums = dot(sums, six_bits_2(high, pairs), a + 8, stride)
    return dot(sums, six_bits_3(high, pairs), a + 12, stride)


def q6_k(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, h, xs = pair.values, pair.scales, x.values, x.half_shifts, x.scales
    first, second, ahead, far = zero_f32(count), zero_f32(count), 2 * pair.values_apart, pair.scales_apart
    offset = broadcast_f32(_MINUS_32)
    for _ in range(groups // 16):
        scale, scale_2 = load_f16x16(s), load_f16x16(s + far)
        s += 32
        for _ in range(8):
            for _ in range(2):
                one = two = zero_i32(count)
                for _ in range(STEPS_16 // 4):
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
    finish(how, out, apart, out_stride, first, second)
