"""Small compiled functions around each intrinsic, for tests. Imported once per process, under one instruction set."""

from __future__ import annotations

from llmproc.hardware import isa  # noqa: F401
from llmproc.kernels import cache

cache.prepare()

from numba import literally, njit, types  # noqa: E402

from llmproc.simd import dot as dots  # noqa: E402
from llmproc.simd import tiles, vectors  # noqa: E402
from llmproc.simd.vectors import (  # noqa: E402
    abs_f32,
    add_f32,
    bits_f32,
    broadcast_f32,
    div_f32,
    f32_bits,
    fma_f32,
    i32_to_f32,
    largest_f32,
    load_f16x16,
    load_f32x16,
    load_i32x16,
    max_f32,
    min_f32,
    mul_f32,
    store,
    store_f16x16,
    sub_f32,
    sum_f32,
)  # fmt: skip

I64 = types.int64


@njit(types.void(I64, I64, I64, I64))
def arithmetic(out, a, b, c):
    """Eleven results of 64 bytes each."""
    x, y, z = load_f32x16(a), load_f32x16(b), load_f32x16(c)
    store(out, add_f32(x, y))
    store(out + 64, sub_f32(x, y))
    store(out + 128, mul_f32(x, y))
    store(out + 192, div_f32(x, y))
    store(out + 256, max_f32(x, y))
    store(out + 320, min_f32(x, y))
    store(out + 384, fma_f32(x, y, z))
    store(out + 448, abs_f32(x))
    store(out + 512, bits_f32(f32_bits(x)))
    store(out + 576, i32_to_f32(load_i32x16(c)))
    store(out + 640, broadcast_f32(sum_f32(x)))
    store(out + 704, broadcast_f32(largest_f32(x)))


@njit(types.void(I64, I64))
def half_to_single(out, a):
    store(out, load_f16x16(a))


@njit(types.void(I64, I64))
def single_to_half(out, a):
    store_f16x16(out, load_f32x16(a))


@njit
def _block(count, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps):
    literally(count)
    total = tiles.zero_f32(count)
    for _ in range(groups):
        sums = tiles.zero_i32(count)
        for _ in range(steps):
            sums = dots.dot(sums, dots.load_weights(weights), x, x_stride)
            weights += dots.STEP_BYTES
            x += 4
        total = tiles.add_scaled(total, sums, offsets, vectors.load_f32x16(scales), x_scales, stride)
        scales, offsets, x_scales = scales + 64, offsets + 4, x_scales + 4
    tiles.store_tile(out, 64, total)


@njit(types.void(I64, I64, I64, I64, I64, I64, I64, I64, I64, I64, I64))
def matmul(count, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps):
    """One tile of 16 rows, for 1, 3 or 6 tokens."""
    if count == 1:
        _block(1, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps)
    elif count == 3:
        _block(3, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps)
    elif count == 6:
        _block(6, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps)


@njit
def _float_block(count, out, weights, x, x_stride, steps):
    literally(count)
    total = tiles.zero_f32(count)
    for _ in range(steps):
        total = tiles.multiply_add(total, vectors.load_f32x16(weights), x, x_stride)
        weights += 64
        x += 4
    tiles.store_tile(out, 64, total)


@njit(types.void(I64, I64, I64, I64, I64, I64))
def float_matmul(count, out, weights, x, x_stride, steps):
    """One tile of 16 rows of float32 weights, for 1 or 4 tokens."""
    if count == 1:
        _float_block(1, out, weights, x, x_stride, steps)
    elif count == 4:
        _float_block(4, out, weights, x, x_stride, steps)
