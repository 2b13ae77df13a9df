"""Blocks of GGUF's types taken apart: words of four columns, a byte each, and the scales that a tile has for a lane.

Used by `tiling`. Layouts of blocks: ggml-common.h, as `checkpoints.gguf.blocks` writes them down before each function.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.registry import njit, overload, types
from llmproc.kernels.stored import STORED_TYPES
from llmproc.simd.layout import LANES, OFFSET
from llmproc.simd.scalars import as_f32, get_f16, get_i8, get_i16, get_i32, get_u8, put_f32, put_i8, put_i16, put_i32

_LOW, _ONES, _TOP = np.int32(0x0F0F0F0F), np.int32(0x01010101), np.int32(-0x7F7F7F80)
_PAIRS = np.int32(0x03030303)
_SIGN = _TOP if OFFSET else np.int32(0)  # turns signed bytes into what is stored
_MOST = np.float32(3.4028235e38)


def _table(values: list[int]) -> tuple[np.int64, np.int64]:
    """Return sixteen bytes as two numbers."""
    low, high = (
        int.from_bytes(bytes(v & 255 for v in part), "little", signed=True) for part in (values[:8], values[8:])
    )
    return np.int64(low), np.int64(high)


# As in `checkpoints.gguf.blocks`; those of IQ4_NL plus 128, of MXFP4 (twice the value) plus 12.
_IQ4_LOW, _IQ4_HIGH = _table(
    [v + 128 for v in (-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)]
)
_FP4_LOW, _FP4_HIGH = _table([v + 12 for v in (0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12)])


@njit
def finite(value):  # type: ignore[no-untyped-def]
    return abs(value) <= _MOST


# -- words of a block: each of four columns, a byte each ------------------------------------------------------------


@njit
def _nibble_words(src, words):  # type: ignore[no-untyped-def]
    """Take 32 columns from 16 bytes: the low halves of all, then the high ones."""
    for i in range(4):
        word = get_i32(src + 4 * i)
        put_i32(words + 4 * i, word & _LOW)
        put_i32(words + 4 * (i + 4), (word >> 4) & _LOW)


@njit
def _spread(bits):  # type: ignore[no-untyped-def]
    """Four bits, each in the lowest place of a byte."""
    return np.int32(bits * 0x00204081 & 0x01010101)


@njit
def _add_fifth_bits(src, words):  # type: ignore[no-untyped-def]
    bits = np.int64(get_i32(src))
    for i in range(8):
        put_i32(words + 4 * i, get_i32(words + 4 * i) | _spread((bits >> 4 * i) & 15) << 4)


@njit
def _looked_up(low, high, words):  # type: ignore[no-untyped-def]
    """Put the bytes of a table in the places of their numbers."""
    for i in range(32):
        number = np.int64(get_u8(words + i))
        put_i8(words + i, np.int8(((low if number < 8 else high) >> 8 * (number & 7)) & 255))


@njit
def _put_scale(scales, group, lane, scale, least):  # type: ignore[no-untyped-def]
    """Store a scale and a minimum of INT8_MIN."""
    at = scales + (group * 2 * LANES + lane) * 4
    put_f32(at, scale)
    put_f32(at + 4 * LANES, least)


@njit
def _copy_half(to, src):  # type: ignore[no-untyped-def]
    put_i16(to, get_i16(src))
    return finite(get_f16(src))


def _q8_0(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    for i in range(8):
        put_i32(words + 4 * i, get_i32(src + 2 + 4 * i) ^ _SIGN)
    return _copy_half(scales + 2 * lane, src)


def _q4_0(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 2, words)
    return _copy_half(scales + 2 * lane, src)


def _q4_1(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 4, words)
    scale, least = get_f16(src), get_f16(src + 2)
    _put_scale(scales, 0, lane, scale, least)
    return finite(scale) and finite(least)


def _q5_0(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 6, words)
    _add_fifth_bits(src + 2, words)
    return _copy_half(scales + 2 * lane, src)


def _q5_1(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 8, words)
    _add_fifth_bits(src + 4, words)
    scale, least = get_f16(src), get_f16(src + 2)
    _put_scale(scales, 0, lane, scale, least)
    return finite(scale) and finite(least)


def _iq4_nl(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 2, words)
    _looked_up(_IQ4_LOW, _IQ4_HIGH, words)
    for i in range(8):
        put_i32(words + 4 * i, get_i32(words + 4 * i) ^ (_TOP ^ _SIGN))
    return _copy_half(scales + 2 * lane, src)


def _mxfp4(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 1, words)
    _looked_up(_FP4_LOW, _FP4_HIGH, words)
    exponent = np.int64(get_u8(src))
    bits = np.int32(0x00200000) << exponent if exponent < 2 else (exponent - 1) << 23
    scale = as_f32(np.int32(bits))
    _put_scale(scales, 0, lane, scale, np.float32(-12) * scale)
    return finite(np.float32(24) * scale)  # the largest byte times it


@njit
def _quarter_words(src, words):  # type: ignore[no-untyped-def]
    """Take 256 columns from 64 bytes: of each 32 bytes the lowest pairs of bits, then the next, four times."""
    for half in range(2):
        for shift in range(4):
            for i in range(8):
                word = (get_i32(src + half * 32 + 4 * i) >> 2 * shift) & _PAIRS
                put_i32(words + 4 * (half * 32 + shift * 8 + i), word)


@njit
def _half_words(src, words):  # type: ignore[no-untyped-def]
    """Take 256 columns from 128 bytes: of each 32 bytes the low halves, then the high ones."""
    for part in range(4):
        for i in range(8):
            word = get_i32(src + part * 32 + 4 * i)
            put_i32(words + 4 * (part * 16 + i), word & _LOW)
            put_i32(words + 4 * (part * 16 + 8 + i), (word >> 4) & _LOW)


def _q2_k(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _quarter_words(src + 16, words)
    d, m = get_f16(src + 80), get_f16(src + 82)
    for g in range(16):
        both = np.int64(get_u8(src + g))
        _put_scale(scales, g, lane, d * np.float32(both & 15), -(m * np.float32(both >> 4)))
    return finite(d) and finite(m)


def _q3_k(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _quarter_words(src + 32, words)
    for plane in range(8):
        for i in range(8):
            at = words + 4 * (plane * 8 + i)
            put_i32(at, get_i32(at) | ((get_i32(src + 4 * i) >> plane) & _ONES) << 2)
    d = get_f16(src + 108)
    for g in range(16):
        low = np.int64(get_u8(src + 96 + g % 8)) >> 4 * (g // 8) & 15
        high = np.int64(get_u8(src + 104 + g % 4)) >> 2 * (g // 4) & 3
        scale = d * np.float32((low | high << 4) - 32)
        _put_scale(scales, g, lane, scale, np.float32(-4) * scale)
    return finite(d)


@njit
def _six_bit_scale(src, g):  # type: ignore[no-untyped-def]
    """Scale and minimum (each 0 to 63) of group `g`, from the twelve bytes of Q4_K and Q5_K."""
    first, second = np.int64(get_u8(src + g % 4)), np.int64(get_u8(src + 4 + g % 4))
    if g < 4:
        return first & 63, second & 63
    third = np.int64(get_u8(src + 8 + g % 4))
    return third & 15 | first >> 6 << 4, third >> 4 | second >> 6 << 4


def _q4_k(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _half_words(src + 16, words)
    for g in range(8):
        scale, least = _six_bit_scale(src + 4, g)
        put_i8(scales + 64 + g * 32 + lane, np.int8(scale))
        put_i8(scales + 64 + g * 32 + LANES + lane, np.int8(least))
    return _copy_half(scales + 2 * lane, src) and _copy_half(scales + 2 * (LANES + lane), src + 2)


def _q5_k(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _half_words(src + 48, words)
    for plane in range(8):
        for i in range(8):
            at = words + 4 * (plane * 8 + i)
            put_i32(at, get_i32(at) | ((get_i32(src + 16 + 4 * i) >> plane) & _ONES) << 4)
    d, m = get_f16(src), get_f16(src + 2)
    for g in range(8):
        scale, least = _six_bit_scale(src + 4, g)
        _put_scale(scales, g, lane, d * np.float32(scale), -(m * np.float32(least)))
    return finite(d) and finite(m)


def _q6_k(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    for half in range(2):
        low, high = src + half * 64, src + 128 + half * 32
        for part in range(4):  # 32 columns each
            for i in range(8):
                four = (get_i32(low + part % 2 * 32 + 4 * i) >> 4 * (part // 2)) & _LOW
                two = (get_i32(high + 4 * i) >> 2 * part) & _PAIRS
                put_i32(words + 4 * (half * 32 + part * 8 + i), four | two << 4)
    for g in range(16):
        put_i8(scales + 32 + g * LANES + lane, get_i8(src + 192 + g))
    return _copy_half(scales + 2 * lane, src + 208)


UNPACK = {
    "Q8_0": _q8_0, "Q4_0": _q4_0, "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1, "IQ4_NL": _iq4_nl, "MXFP4": _mxfp4,
    "Q2_K": _q2_k, "Q3_K": _q3_k, "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k,
}  # fmt: skip


def unpack(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    """Put the columns of the block at `src` into `words`, and its scales in lane `lane` of a tile's.

    Returns whether they are finite. `stored`: the number of a stored type, a literal; one function for each above.
    """


@overload(unpack, prefer_literal=True)
def _unpack_overload(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    return UNPACK[STORED_TYPES[stored.literal_value]] if isinstance(stored, types.IntegerLiteral) else None
