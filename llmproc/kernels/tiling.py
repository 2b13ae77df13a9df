"""Rows as GGUF and safetensors files store them to tiles as products read them: an entry for each stored type.

A row is taken apart a block at a time into words of four columns (`unpacking`), whatever the type; what becomes of
words is the affair of the tile's kind. Used by `engine.filling`; judged by `checkpoints.gguf.dequantising`, which does
the same in NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.kernels.entries import tile_name
from llmproc.kernels.kinds import INT8_MIN, Q4_0, Q4_K, Q5_0, Q6_K, Q8_0
from llmproc.kernels.registry import entry, njit, overload, types
from llmproc.kernels.stored import BLOCKS, STORED_TYPES, TILES
from llmproc.kernels.unpacking import UNPACK, finite, unpack
from llmproc.simd.layout import LANES, STEP_BYTES, STEP_K
from llmproc.simd.scalars import get_f32, get_i16, get_i32, put_f32, put_i16, put_i32

_LOW, _ONES, _PAIRS = np.int32(0x0F0F0F0F), np.int32(0x01010101), np.int32(0x03030303)


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
        """Bring `rows` rows of blocks to tiles; places that no row fills stay as they are: zero.

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
                    good &= finite(get_f32(src + 4 * k))
                else:
                    bits = np.int32(get_i16(src + 2 * k))
                    put_i16(to + k * LANES * 2, np.int16(bits))
                    good &= bits & most != most
            if not good:
                return row
        return -1

    return tile


for _number, _stored in enumerate(STORED_TYPES):
    entry((_tile_blocks_of if _stored in UNPACK else _tile_floats_of)(_number), tile_name(_stored))
