"""Small compiled functions around each intrinsic, for tests. Imported once per process, under one instruction set."""

from __future__ import annotations

from llmproc.hardware import isa  # noqa: F401
from llmproc.kernels import environment

environment.prepare()

import numpy as np  # noqa: E402
from numba import literally, njit, types  # noqa: E402

from llmproc.simd import dot as dots  # noqa: E402
from llmproc.simd import layout, narrow, scalars, tiles, vectors  # noqa: E402
from llmproc.simd.exponential import exp_f32  # noqa: E402
from llmproc.simd.narrow import load_f16x16, store_f16x16  # noqa: E402
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
    load_f32x16,
    load_i32x16,
    max_f32,
    min_f32,
    mul_f32,
    store,
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
def _block(count, fused, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps):
    literally(count)
    total = tiles.zero_f32(count)
    for _ in range(groups):
        sums = dots.start(count, 1, offsets, stride)
        for _ in range(steps):
            sums = dots.dot(sums, dots.load_weights(weights), x, x_stride)
            weights += layout.STEP_BYTES
            x += 4
        if fused:
            total = tiles.fuse_scaled(total, sums, narrow.load_f16x16(scales), x_scales, stride)
            scales += 32
        else:
            total = tiles.add_scaled(total, sums, vectors.load_f32x16(scales), x_scales, stride)
            scales += 64
        offsets, x_scales = offsets + 4, x_scales + 4
    tiles.store_tile(out, 64, total)


@njit(types.void(*[I64] * 12))
def matmul(count, fused, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps):
    """One tile of 16 rows, for 1, 3 or 6 tokens; `fused`: half scales, one rounding less."""
    if count == 1:
        _block(1, fused, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps)
    elif count == 3:
        _block(3, fused, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps)
    elif count == 6:
        _block(6, fused, out, weights, scales, x, x_stride, offsets, x_scales, stride, groups, steps)


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


@njit(types.void(*[I64] * 6))
def nibbles(out, weights, x, x_stride, offsets, steps):
    """Integer sums of 16 rows of 4-bit weights, two steps a byte, for 3 tokens."""
    sums = dots.start(3, 1, offsets, 4)
    for _ in range(steps):
        packed = dots.load_packed(weights)
        sums = dots.dot(sums, dots.low_nibbles(packed), x, x_stride)
        sums = dots.dot(sums, dots.high_nibbles(packed), x + 4, x_stride)
        weights += layout.STEP_BYTES
        x += 8
    tiles.store_tile(out, 64, sums)


@njit(types.void(I64, I64, I64))
def activations(one, many, values):
    """Sixteen int32 stored as activations, at once and one by one."""
    dots.store_activations(many, load_i32x16(values))
    for i in range(16):
        dots.put_activation(one + i * layout.ACTIVATION_BYTES, scalars.get_i32(values + 4 * i))


@njit(types.void(I64, I64, I64, I64))
def tile_steps(out, tile, weights, x):
    """Three results of three vectors each: a product added, memory added to, a tile as it was."""
    loaded = tiles.load_tile(3, tile, 64)
    tiles.store_tile(out, 64, tiles.add_product(loaded, load_f32x16(weights), x, 4))
    tiles.add_to_memory(out + 192, 64, loaded)
    tiles.store_tile(out + 384, 64, loaded)


@njit(types.void(I64, I64, I64, I64, I64))
def integers(out, a, b, x, y):
    """Nine results of 64 bytes: integer arithmetic, conversions, choices."""
    i, j, v, w = load_i32x16(a), load_i32x16(b), load_f32x16(x), load_f32x16(y)
    store(out, vectors.add_i32(i, j))
    store(out + 64, vectors.sub_i32(i, j))
    store(out + 128, vectors.and_i32(i, j))
    store(out + 192, vectors.or_i32(i, j))
    store(out + 256, vectors.shift_left_i32(i, vectors.and_i32(j, vectors.broadcast_i32(np.int32(31)))))
    store(out + 320, vectors.truncate_f32(v))
    store(out + 384, vectors.where_less(v, w, v, w))
    store(out + 448, vectors.where_at_least(v, w, v, w))
    store(out + 512, vectors.broadcast_i32(vectors.sum_i32(i)))


@njit(types.void(I64, I64, I64, I64))
def first_of(out, x, count, y):
    store(out, vectors.first_lanes(load_f32x16(x), count, load_f32x16(y)))


@njit(types.void(I64, I64))
def narrowed(out, a):
    """16 bytes, then 32."""
    vectors.narrow_i8(out, load_i32x16(a))
    vectors.narrow_i16(out + 16, load_i32x16(a))


@njit(types.void(I64, I64))
def exponentials(out, x):
    store(out, exp_f32(load_f32x16(x)))


@njit(types.float32(I64))
def half_at(address):
    return scalars.get_f16(address)


@njit(types.int64(I64, I64))
def copied(to, address):
    """Single numbers of every kind there is, copied; returns the sum of the small ones."""
    scalars.put_i16(to, scalars.get_i16(address))
    scalars.put_i32(to + 4, scalars.get_i32(address + 4))
    scalars.put_i64(to + 8, scalars.get_i64(address + 8))
    scalars.put_f32(to + 16, scalars.get_f32(address + 16))
    return np.int64(scalars.get_i8(address + 20)) + np.int64(scalars.get_u8(address + 20))
