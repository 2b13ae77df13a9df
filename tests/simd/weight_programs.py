"""Small compiled functions around the intrinsics for weights of four to eight bits, and around calls by address.

Imported by `weight_checks`, once per process, under one instruction set.
"""

from __future__ import annotations

from llmproc.kernels import environment

environment.prepare()

from numba import njit, types  # noqa: E402

from llmproc.simd import dot as dots  # noqa: E402
from llmproc.simd import layout, narrow, scalars, tiles, vectors  # noqa: E402
from llmproc.simd.code import call_code  # noqa: E402

I64 = types.int64


@njit(types.void(I64, I64, I64, I64))
def six_bits(out, weights, x, x_stride):
    """Integer sums of 16 rows of 6-bit weights, four steps, for 3 tokens; nothing is taken off."""
    low, high = dots.load_packed(weights), dots.load_packed(weights + layout.STEP_BYTES)
    pairs, sums = dots.load_packed(weights + 2 * layout.STEP_BYTES), tiles.zero_i32(3)
    sums = dots.dot(sums, dots.six_bits_0(low, pairs), x, x_stride)
    sums = dots.dot(sums, dots.six_bits_1(low, pairs), x + 4, x_stride)
    sums = dots.dot(sums, dots.six_bits_2(high, pairs), x + 8, x_stride)
    tiles.store_tile(out, 64, dots.dot(sums, dots.six_bits_3(high, pairs), x + 12, x_stride))


@njit(types.void(I64, I64, I64, I64))
def five_bits(out, weights, x, x_stride):
    """The same of 5-bit weights, eight steps."""
    step, sums = layout.STEP_BYTES, tiles.zero_i32(3)
    bits, packed = dots.load_packed(weights + 4 * step), dots.load_packed(weights)
    sums = dots.dot(sums, dots.five_bits_0(packed, bits), x, x_stride)
    sums = dots.dot(sums, dots.five_bits_1(packed, bits), x + 4, x_stride)
    packed = dots.load_packed(weights + step)
    sums = dots.dot(sums, dots.five_bits_2(packed, bits), x + 8, x_stride)
    sums = dots.dot(sums, dots.five_bits_3(packed, bits), x + 12, x_stride)
    packed = dots.load_packed(weights + 2 * step)
    sums = dots.dot(sums, dots.five_bits_4(packed, bits), x + 16, x_stride)
    sums = dots.dot(sums, dots.five_bits_5(packed, bits), x + 20, x_stride)
    packed = dots.load_packed(weights + 3 * step)
    sums = dots.dot(sums, dots.five_bits_6(packed, bits), x + 24, x_stride)
    tiles.store_tile(out, 64, dots.dot(sums, dots.five_bits_7(packed, bits), x + 28, x_stride))


@njit(types.void(I64, I64, I64, I64))
def whole_bytes(out, weights, x, x_stride):
    """The same of one step of bytes that are stored as they are."""
    tiles.store_tile(out, 64, dots.dot(tiles.zero_i32(3), dots.load_bytes(weights), x, x_stride))


@njit(types.void(I64, I64, I64))
def starts(out, numbers, stride):
    """Tiles of three vectors: none, once, and twice a number of each token."""
    tiles.store_tile(out, 64, dots.start(3, 0, numbers, stride))
    tiles.store_tile(out + 192, 64, dots.start(3, 1, numbers, stride))
    tiles.store_tile(out + 384, 64, dots.start(3, 2, numbers, stride))


@njit(types.void(I64, I64))
def widened(out, source):
    """Three vectors of the same bytes: unsigned, signed, as upper halves of float32."""
    vectors.store(out, narrow.load_u8x16(source))
    vectors.store(out + 64, narrow.load_i8x16(source))
    vectors.store(out + 128, narrow.load_bf16x16(source))


@njit(types.void(I64, I64))
def float_of_bits(out, bits):
    scalars.put_f32(out, scalars.as_f32(scalars.get_i32(bits)))


@njit(types.void(I64, I64, I64))
def call(address, to, value):
    """Call a function of 22 integers that is known by its address alone: as many as a product takes."""
    call_code(address, (to, value, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21))
