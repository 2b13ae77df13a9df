"""Blocks of matrices that hold a byte for each weight. Used by `blocks`."""

from __future__ import annotations

from llmproc.kernels.block_parts import STEPS_32, finish
from llmproc.simd.dot import dot, load_bytes, load_weights, start
from llmproc.simd.layout import LANES, OFFSET, STEP_BYTES, STEP_K
from llmproc.simd.narrow import load_f16x16
from llmproc.simd.tiles import add_scaled, fuse_scaled, multiply_add, zero_f32, zero_i32
from llmproc.simd.vectors import load_f32x16, prefetch_alone

_SIGNED = OFFSET // 128  # whether stored bytes are 128 more than weights


def int8(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, _SIGNED, f, x.group_stride)
        for _ in range(group // STEP_K):
            one = dot(one, load_weights(w), a, x.stride)
            two = dot(two, load_weights(w + pair.values_apart), a, x.stride)
            prefetch_alone(count, w + ahead)
            prefetch_alone(count, w + pair.values_apart + ahead)
            w, a = w + STEP_BYTES, a + 4
        first = add_scaled(first, one, load_f32x16(s), xs, x.group_stride)
        second = add_scaled(second, two, load_f32x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 4 * LANES, f + 4, xs + 4
    finish(how, out, apart, out_stride, first, second)


def q8_0(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, s, a, f, xs = pair.values, pair.scales, x.values, x.offsets, x.scales
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups):
        one = two = start(count, _SIGNED, f, x.group_stride)
        for _ in range(STEPS_32):
            one = dot(one, load_weights(w), a, x.stride)
            two = dot(two, load_weights(w + pair.values_apart), a, x.stride)
            prefetch_alone(count, w + ahead)
            prefetch_alone(count, w + pair.values_apart + ahead)
            w, a = w + STEP_BYTES, a + 4
        first = fuse_scaled(first, one, load_f16x16(s), xs, x.group_stride)
        second = fuse_scaled(second, two, load_f16x16(s + pair.scales_apart), xs, x.group_stride)
        s, f, xs = s + 2 * LANES, f + 4, xs + 4
    finish(how, out, apart, out_stride, first, second)


def int8_min(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
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
    finish(how, out, apart, out_stride, first, second)
