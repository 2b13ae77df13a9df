"""Rows as GGUF and safetensors files store them to tiles as products read them: an entry for each stored type.

A row is taken apart a block at a time into words of four columns, a byte each, whatever the type; what becomes of words
is the affair of the tile's kind. Layouts of blocks: ggml-common.h, as `checkpoints.gguf.blocks` writes them down.
Used by `engine.filling`; judged by `checkpoints.gguf.dequantising`, which does the same in NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.kernels.entries import tile_name
from llmproc.kernels.kinds import INT8_MIN, Q4_0, Q4_K, Q5_0, Q6_K, Q8_0
from llmproc.kernels.registry import entry, njit, overload, types
from llmproc.kernels.stored import BLOCKS, STORED_TYPES, TILES
from llmproc.simd.layout import LANES, OFFSET, STEP_BYTES, STEP_K
from llmproc.simd.scalars import (
    as_f32,
    get_f16,
    get_f32,
    get_i8,
    get_i16,
    get_i32,
    get_u8,
    put_f32,
    put_i8,
    put_i16,
    put_i32,
)

_LOW, _ONES, _TOP = np.int32(0x0F0F0F0F), np.int32(0x01010101), np.int32(-0x7F7F7F80)
_PAIRS, _SIXTEENS = np.int32(0x03030303), np.int32(0x10101010)
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
def _finite(value):  # type: ignore[no-untyped-def]
    return abs(value) <= _MOST


# -- words of a block: each of four columns, a byte each ------------------------------------------------------------


@njit
def _nibble_words(src, words):  # type: ignore[no-untyped-def]
    """32 columns from 16 bytes: the low halves of all, then the high ones."""
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
    return _finite(get_f16(src))


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
    return _finite(scale) and _finite(least)


def _q5_0(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 6, words)
    _add_fifth_bits(src + 2, words)
    return _copy_half(scales + 2 * lane, src)


def _q5_1(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    _nibble_words(src + 8, words)
    _add_fifth_bits(src + 4, words)
    scale, least = get_f16(src), get_f16(src + 2)
    _put_scale(scales, 0, lane, scale, least)
    return _finite(scale) and _finite(least)


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
    return _finite(scale)


@njit
def _quarter_words(src, words):  # type: ignore[no-untyped-def]
    """256 columns from 64 bytes: of each 32 bytes the lowest pairs of bits, then the next, four times."""
    for half in range(2):
        for shift in range(4):
            for i in range(8):
                word = (get_i32(src + half * 32 + 4 * i) >> 2 * shift) & _PAIRS
                put_i32(words + 4 * (half * 32 + shift * 8 + i), word)


@njit
def _half_words(src, words):  # type: ignore[no-untyped-def]
    """256 columns from 128 bytes: of each 32 bytes the low halves, then the high ones."""
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
    return _finite(d) and _finite(m)


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
    return _finite(d)


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
    return _finite(d) and _finite(m)


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


_UNPACK = {
    "Q8_0": _q8_0, "Q4_0": _q4_0, "Q4_1": _q4_1, "Q5_0": _q5_0, "Q5_1": _q5_1, "IQ4_NL": _iq4_nl, "MXFP4": _mxfp4,
    "Q2_K": _q2_k, "Q3_K": _q3_k, "Q4_K": _q4_k, "Q5_K": _q5_k, "Q6_K": _q6_k,
}  # fmt: skip


def unpack(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    """Put the columns of the block at `src` into `words`, and its scales in lane `lane` of a tile's.

    Returns whether they are finite. `stored`: the number of a stored type, a literal; one function for each above.
    """


@overload(unpack, prefer_literal=True)
def _unpack_overload(stored, src, words, scales, lane):  # type: ignore[no-untyped-def]
    return _UNPACK[STORED_TYPES[stored.literal_value]] if isinstance(stored, types.IntegerLiteral) else None


# -- words of one lane to the values of a tile ----------------------------------------------------------------------


@njit
def _put_bytes(to, words, count, lane):  # type: ignore[no-untyped-def]
    for i in range(count):
        word = get_i32(words + 4 * i)
        if STEP_K == 4:
            put_i32(to + (i * LANES + lane) * 4, word)
        else:
            put_i16(to + (2 * i * LANES + lane) * 2, np.int16(word & 0xFFFF))
            put_i16(to + ((2 * i + 1) * LANES + lane) * 2, np.int16(word >> 16))


@njit
def _put_nibbles(to, words, count, lane):  # type: ignore[no-untyped-def]
    if STEP_K == 4:
        for i in range(count // 2):
            both = get_i32(words + 8 * i) | get_i32(words + 8 * i + 4) << 4
            put_i32(to + (i * LANES + lane) * 4, both)
    else:
        for i in range(count):
            word = get_i32(words + 4 * i)
            put_i16(to + (i * LANES + lane) * 2, np.int16((word & 0xFFFF) | (word >> 16) << 4))


@njit
def _put_six_bits(to, words, count, lane):  # type: ignore[no-untyped-def]
    """Quads of steps: nibbles of two, nibbles of two, pairs of bits of all four."""
    if STEP_K == 4:
        for i in range(count // 4):
            at, place = words + 16 * i, to + i * 3 * STEP_BYTES + lane * 4
            a, b, c, d = get_i32(at), get_i32(at + 4), get_i32(at + 8), get_i32(at + 12)
            put_i32(place, (a & _LOW) | (b & _LOW) << 4)
            put_i32(place + STEP_BYTES, (c & _LOW) | (d & _LOW) << 4)
            low = (a >> 4 & _PAIRS) | (b >> 4 & _PAIRS) << 2
            put_i32(place + 2 * STEP_BYTES, low | (c >> 4 & _PAIRS) << 4 | (d >> 4 & _PAIRS) << 6)
    else:
        for i in range(count // 2):
            at, place = words + 8 * i, to + i * 3 * STEP_BYTES + lane * 2
            ab, cd = get_i32(at), get_i32(at + 4)
            four, six = ab & _LOW, cd & _LOW
            put_i16(place, np.int16((four & 0xFFFF) | (four >> 16) << 4))
            put_i16(place + STEP_BYTES, np.int16((six & 0xFFFF) | (six >> 16) << 4))
            four, six = ab >> 4 & _PAIRS, cd >> 4 & _PAIRS
            both = (four & 0xFFFF) | (four >> 16) << 2 | (six & 0xFFFF) << 4 | (six >> 16) << 6
            put_i16(place + 2 * STEP_BYTES, np.int16(both))


@njit
def _put_five_bits(to, words, count, lane):  # type: ignore[no-untyped-def]
    """Octets of steps: nibbles of two steps four times, single bits of all eight."""
    for octet in range(count * 4 // (8 * STEP_K)):
        place, bits = to + octet * 5 * STEP_BYTES + lane * STEP_K, np.int32(0)
        for i in range(4):
            if STEP_K == 4:
                at = words + 4 * (8 * octet + 2 * i)
                first, second = get_i32(at), get_i32(at + 4)
                put_i32(place + i * STEP_BYTES, (first & _LOW) | (second & _LOW) << 4)
            else:
                word = get_i32(words + 4 * (4 * octet + i))
                first, second = word & 0xFFFF, word >> 16
                put_i16(place + i * STEP_BYTES, np.int16((first & _LOW) | (second & _LOW) << 4))
            bits |= (first >> 4 & _ONES) << 2 * i | (second >> 4 & _ONES) << (2 * i + 1)
        if STEP_K == 4:
            put_i32(place + 4 * STEP_BYTES, bits)
        else:
            put_i16(place + 4 * STEP_BYTES, np.int16(bits))


def put_words(kind, to, words, count, lane):  # type: ignore[no-untyped-def]
    """Bring `count` words of one lane to the values of a tile. `kind`: a literal."""


@overload(put_words, prefer_literal=True)
def _put_words_overload(kind, to, words, count, lane):  # type: ignore[no-untyped-def]
    if not isinstance(kind, types.IntegerLiteral):
        return None
    put = {Q8_0: _put_bytes, INT8_MIN: _put_bytes, Q4_0: _put_nibbles, Q4_K: _put_nibbles, Q6_K: _put_six_bits}
    put[Q5_0] = _put_five_bits
    chosen = put[kind.literal_value]
    return lambda kind, to, words, count, lane: chosen(to, words, count, lane)


# -- whole matrices -------------------------------------------------------------------------------------------------


@njit
def _row_of(order, place):  # type: ignore[no-untyped-def]
    return np.int64(get_i32(order + 4 * place)) if order != 0 else place


def _tile_blocks_of(number: int) -> Any:
    stored = STORED_TYPES[number]
    kind, block = TILES[stored].kind, BLOCKS[stored]
    columns_of_block, block_bytes = block.columns, block.nbytes
    value_bytes, scale_bytes = TILES[stored].bytes_of(columns_of_block)

    def tile(values, scales, raw, order, rows, columns, scratch):  # type: ignore[no-untyped-def]
        """Bring `rows` rows of blocks to tiles; rows that fill no tile up are zero.

        `order`: address of the row (int32) for each place of the tiles, 0: as they come; `scratch`: 256 bytes. Returns
        the first row whose scales are not finite, or -1.
        """
        blocks = columns // columns_of_block
        for place in range((rows + LANES - 1) // LANES * LANES):
            lane = place % LANES
            to = values + place // LANES * blocks * value_bytes
            to_scales = scales + place // LANES * blocks * scale_bytes
            row = _row_of(order, place) if place < rows else rows
            for b in range(blocks):
                if row < rows:
                    src = raw + (row * blocks + b) * block_bytes
                    if not unpack(number, src, scratch, to_scales, lane):
                        return row
                    put_words(kind, to, scratch, columns_of_block // 4, lane)
                to += value_bytes
                to_scales += scale_bytes
        return -1

    return tile


def _tile_floats_of(number: int) -> Any:
    stored = STORED_TYPES[number]
    size = BLOCKS[stored].nbytes
    most = 0x7C00 if stored == "F16" else 0x7F80  # all bits of the exponent: not a finite number

    def tile(values, scales, raw, order, rows, columns, scratch):  # type: ignore[no-untyped-def]
        """Bring `rows` rows of numbers to tiles, as above; a number that is not finite is reported."""
        for place in range((rows + LANES - 1) // LANES * LANES):
            to = values + (place // LANES * columns * LANES + place % LANES) * size
            row = _row_of(order, place) if place < rows else rows
            src, good = raw + row * columns * size, True
            for k in range(columns if row < rows else 0):
                if size == 4:
                    put_f32(to + k * LANES * 4, get_f32(src + 4 * k))
                    good &= _finite(get_f32(src + 4 * k))
                else:
                    bits = np.int32(get_i16(src + 2 * k))
                    put_i16(to + k * LANES * 2, np.int16(bits))
                    good &= bits & most != most
            if not good:
                return row
        return -1

    return tile


for _number, _stored in enumerate(STORED_TYPES):
    entry((_tile_blocks_of if _stored in _UNPACK else _tile_floats_of)(_number), tile_name(_stored))
