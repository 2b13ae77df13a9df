"""Matrix products over tiles: two tiles of sixteen rows times up to four tokens at a time, in registers.

    values   [row tile][column step][16 rows][columns of a step]   as `kernels.kinds` says
    scales   [row tile][group][16 rows]

Used by `kernels.work`. The weights run in the outer loop: a pair of tiles stays in the first-level cache while all
tokens pass, and the next pair is fetched meanwhile. A token alone has nothing to hide the memory behind: it asks for
the next pair while it reads this one. Two tiles share every activation that is loaded; measured, 2 x 4 does 1.6 times
the work of 1 x 8. A range with an odd number of tiles ends with a pair of the same tile twice: no second copy of the
code.
"""

from __future__ import annotations

from typing import NamedTuple

from llmproc.kernels.kinds import F16, F32, F32_C, INT8, Q4_0, Q8_0
from llmproc.kernels.registry import literally, njit, overload, types
from llmproc.simd.dot import dot, high_nibbles, load_packed, load_weights, low_nibbles, start
from llmproc.simd.layout import LANES, LINE, STEP_BYTES, STEP_K
from llmproc.simd.tiles import add_product, add_scaled, add_to_memory, fuse_scaled, multiply_add, store_tile, zero_f32
from llmproc.simd.vectors import load_f16x16, load_f32x16, prefetch, prefetch_alone

STORE, ADD = 0, 1  # what becomes of a product: written, or added to what is there
MANY = 16  # tokens


class Activations(NamedTuple):
    """Addresses of what is multiplied: `stride` bytes of values per token, a scale and an offset per group."""

    values: int
    stride: int
    scales: int
    offsets: int
    group_stride: int  # bytes from one token's scales (or offsets) to the next's


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
        one = two = start(count, f, x.group_stride)
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
        one = two = start(count, f, x.group_stride)
        for _ in range(32 // STEP_K):
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
        one = two = start(count, f, x.group_stride)
        for _ in range(16 // STEP_K):
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


def _f16(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.values
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_f16x16(w), a, x.stride)
        second = multiply_add(second, load_f16x16(w + pair.values_apart), a, x.stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 2 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


def _f32(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.values
    first, second, ahead = zero_f32(count), zero_f32(count), 2 * pair.values_apart
    for _ in range(groups * group):
        first = multiply_add(first, load_f32x16(w), a, x.stride)
        second = multiply_add(second, load_f32x16(w + pair.values_apart), a, x.stride)
        prefetch_alone(count, w + ahead)
        prefetch_alone(count, w + pair.values_apart + ahead)
        w, a = w + 4 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


def _f32_c(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    w, a = pair.values, x.values
    first, second = zero_f32(count), zero_f32(count)
    for _ in range(groups * group):
        first = add_product(first, load_f32x16(w), a, x.stride)
        second = add_product(second, load_f32x16(w + pair.values_apart), a, x.stride)
        w, a = w + 4 * LANES, a + 4
    _finish(how, out, apart, out_stride, first, second)


_BLOCKS = {INT8: _int8, Q8_0: _q8_0, Q4_0: _q4_0, F16: _f16, F32: _f32, F32_C: _f32_c}


def block(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    """Multiply `count` tokens (a literal) by a pair of tiles.

    Each family above. `apart`: bytes from one tile's sums to the
    other's in `out`, zero for the same tile twice."""


@overload(block, prefer_literal=True)
def _block_overload(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    return _BLOCKS[kind.literal_value] if isinstance(kind, types.IntegerLiteral) else None


@njit
def multiply(  # type: ignore[no-untyped-def]
    kind, how, out, out_stride, values, scales, tile_bytes, scale_bytes, first, last, x, tokens, groups, group
):
    """Tiles `first` to `last` - 1 times all tokens. `out` is the address of row 16 * first of the first token.

    `tile_bytes`, `scale_bytes`: from one tile's values, or scales, to the next's.
    """
    literally(kind)
    # While a pair is used by many tokens, the next one is fetched bit by bit: its memory is far and the core busy.
    lines = 2 * tile_bytes * 4 // (tokens * LINE) + 1
    for tile in range(first, last, 2):
        other = 1 if tile + 1 < last else 0
        pair = Pair(values + tile * tile_bytes, other * tile_bytes, scales + tile * scale_bytes, other * scale_bytes)
        o, apart = out + (tile - first) * 4 * LANES, other * 4 * LANES
        ahead = pair.values + 2 * tile_bytes
        t = 0
        while t < tokens:
            if tokens >= MANY and tile + 2 < last:
                for _ in range(lines):
                    prefetch(ahead)
                    ahead += LINE
            part = Activations(
                x.values + t * x.stride, x.stride, x.scales + t * x.group_stride, x.offsets + t * x.group_stride,
                x.group_stride,
            )  # fmt: skip
            if tokens - t >= 4:
                block(kind, how, 4, o + t * out_stride, apart, out_stride, pair, part, groups, group)
                t += 4
            else:
                block(kind, how, 1, o + t * out_stride, apart, out_stride, pair, part, groups, group)
                t += 1
