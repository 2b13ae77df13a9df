"""Blocks of matrices that hold numbers without scales: column by column, one after another. Used by `blocks`."""

from __future__ import annotations

from llmproc.kernels.block_parts import finish
from llmproc.simd.layout import LANES
from llmproc.simd.narrow import load_bf16x16, load_f16x16
from llmproc.simd.tiles import add_product, multiply_add, zero_f32
from llmproc.simd.vectors import load_f32x16, prefetch_alone


def f16(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_f16x16(w), a, x.floats_stride)
        second = multiply_add(second, load_f16x16(w + pair.values_apart), a, x.floats_stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 2 * LANES, a + 4
    finish(how, out, apart, out_stride, first, second)


def bf16(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_bf16x16(w), a, x.floats_stride)
        second = multiply_add(second, load_bf16x16(w + pair.values_apart), a, x.floats_stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 2 * LANES, a + 4
    finish(how, out, apart, out_stride, first, second)


def f32(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_f32x16(w), a, x.floats_stride)
        second = multiply_add(second, load_f32x16(w + pair.values_apart), a, x.floats_stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 4 * LANES, a + 4
    finish(how, out, apart, out_stride, first, second)


def f32_c(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.floats
    first, second = zero_f32(count), zero_f32(count)
    for _ in range(groups * group):
        first = add_product(first, load_f32x16(w), a, x.floats_stride)
        second = add_product(second, load_f32x16(w + pair.values_apart), a, x.floats_stride)
        w, a = w + 4 * LANES, a + 4
    finish(how, out, apart, out_stride, first, second)
