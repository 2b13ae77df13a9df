"""One row of an embedding table that is stored in tiles, as float32: an entry for each kind of matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.kernels.entries import embed_name
from llmproc.kernels.kinds import BF16, F16, F32, F32_C, INT8, INT8_MIN, NAMES, Q4_0, Q4_K, Q5_0, Q6_K, Q8_0
from llmproc.kernels.registry import entry, njit, overload, types
from llmproc.simd.layout import LANES, NIBBLE_OFFSET, OFFSET, STEP_BYTES, STEP_K
from llmproc.simd.scalars import as_f32, get_f16, get_f32, get_i8, get_i16, get_u8, put_f32


def weight(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    """Return the weight of column `k` and row `lane` of a tile; one function per kind below."""


@overload(weight, prefer_literal=True)
def _weight_overload(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    return _KINDS[kind.literal_value] if isinstance(kind, types.IntegerLiteral) else None


@njit
def _byte(values, lane, k):  # type: ignore[no-untyped-def]
    return np.int64(get_u8(values + (k // STEP_K * LANES + lane) * STEP_K + k % STEP_K))


@njit
def _nibble(values, lane, k):  # type: ignore[no-untyped-def]
    step = k // STEP_K
    return np.int64(get_u8(values + (step // 2 * LANES + lane) * STEP_K + k % STEP_K)) >> 4 * (step % 2) & 15


def _int8(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    value = np.int8(_byte(values, lane, k) - OFFSET)
    return np.float32(value) * get_f32(scales + (k // group * LANES + lane) * 4)


def _q8_0(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    value = np.int8(_byte(values, lane, k) - OFFSET)
    return np.float32(value) * get_f16(scales + (k // 32 * LANES + lane) * 2)


def _q4_0(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    value = _nibble(values, lane, k) - NIBBLE_OFFSET
    return np.float32(value) * get_f16(scales + (k // 32 * LANES + lane) * 2)


def _q5_0(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    step = k // STEP_K
    octet, part, byte = values + step // 8 * 5 * STEP_BYTES, step % 8, lane * STEP_K + k % STEP_K
    low = np.int64(get_u8(octet + part // 2 * STEP_BYTES + byte)) >> 4 * (part % 2) & 15
    high = np.int64(get_u8(octet + 4 * STEP_BYTES + byte)) >> part & 1
    return np.float32((low | high << 4) - 16) * get_f16(scales + (k // 32 * LANES + lane) * 2)


def _q4_k(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    at = scales + k // 256 * 320
    here = at + 64 + k % 256 // 32 * 32 + lane
    scale = get_f16(at + 2 * lane) * np.float32(get_u8(here))
    least = get_f16(at + 32 + 2 * lane) * np.float32(get_u8(here + LANES))
    return np.float32(_nibble(values, lane, k)) * scale - least


def _q6_k(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    step = k // STEP_K
    quad, part, byte = values + step // 4 * 3 * STEP_BYTES, step % 4, lane * STEP_K + k % STEP_K
    low = np.int64(get_u8(quad + part // 2 * STEP_BYTES + byte)) >> 4 * (part % 2) & 15
    high = np.int64(get_u8(quad + 2 * STEP_BYTES + byte)) >> 2 * part & 3
    at = scales + k // 256 * 288
    scale = get_f16(at + 2 * lane) * np.float32(get_i8(at + 32 + k % 256 // 16 * LANES + lane))
    return np.float32((low | high << 4) - 32) * scale


def _int8_min(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    at = scales + (k // group * 2 * LANES + lane) * 4
    return np.float32(_byte(values, lane, k)) * get_f32(at) + get_f32(at + 4 * LANES)


def _f16(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    return get_f16(values + (k * LANES + lane) * 2)


def _bf16(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    return as_f32(np.int32(np.int32(get_i16(values + (k * LANES + lane) * 2)) << 16))


def _f32(kind, values, scales, lane, k, group):  # type: ignore[no-untyped-def]
    return get_f32(values + (k * LANES + lane) * 4)


_KINDS = {
    INT8: _int8, Q8_0: _q8_0, Q4_0: _q4_0, F16: _f16, F32: _f32, F32_C: _f32,
    Q4_K: _q4_k, Q6_K: _q6_k, INT8_MIN: _int8_min, BF16: _bf16, Q5_0: _q5_0,
}  # fmt: skip


def _embed_of(kind: int) -> Any:
    def embed(out, values, scales, tile_bytes, scale_bytes, row, columns, group):  # type: ignore[no-untyped-def]
        """out (columns; padding is left as it is) = row `row` of a matrix, dequantised."""
        tile, lane = row // LANES, row % LANES
        for k in range(columns):
            found = weight(kind, values + tile * tile_bytes, scales + tile * scale_bytes, lane, k, group)
            put_f32(out + 4 * k, found)

    return embed


for _kind in range(len(NAMES)):
    entry(_embed_of(_kind), embed_name(_kind))
