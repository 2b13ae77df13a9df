"""One row of an embedding table that is stored in tiles, as float32. Used by `kernels.forward`."""

from __future__ import annotations

import numpy as np

from llmproc.kernels.kinds import F16, F32, F32_C, INT8, Q4_0, Q8_0
from llmproc.kernels.registry import overload, types
from llmproc.simd.layout import LANES, NIBBLE_OFFSET, OFFSET, STEP_K
from llmproc.simd.scalars import get_f16, get_f32, get_u8, put_f32


def embed(kind, model, out, row):  # type: ignore[no-untyped-def]
    """out (dim; padding is left as it is) = dequantised row `row`; one function per kind below."""


@overload(embed, prefer_literal=True)
def _embed_overload(kind, model, out, row):  # type: ignore[no-untyped-def]
    return _KINDS[kind.literal_value] if isinstance(kind, types.IntegerLiteral) else None


def _int8(kind, model, out, row):  # type: ignore[no-untyped-def]
    tile, lane = row // LANES, row % LANES
    values = model.weights.embedding.values + tile * LANES * model.sizes.dim
    scales = model.weights.embedding.scales + tile * LANES * (model.sizes.dim // model.sizes.group) * 4
    for k in range(model.sizes.dim):
        value = np.int8(get_u8(values + (k // STEP_K * LANES + lane) * STEP_K + k % STEP_K) - OFFSET)
        put_f32(out + 4 * k, np.float32(value) * get_f32(scales + (k // model.sizes.group * LANES + lane) * 4))


def _q8_0(kind, model, out, row):  # type: ignore[no-untyped-def]
    tile, lane = row // LANES, row % LANES
    values = model.weights.embedding.values + tile * LANES * model.sizes.dim
    scales = model.weights.embedding.scales + tile * LANES * (model.sizes.dim // model.sizes.group) * 2
    for k in range(model.sizes.dim):
        value = np.int8(get_u8(values + (k // STEP_K * LANES + lane) * STEP_K + k % STEP_K) - OFFSET)
        put_f32(out + 4 * k, np.float32(value) * get_f16(scales + (k // model.sizes.group * LANES + lane) * 2))


def _q4_0(kind, model, out, row):  # type: ignore[no-untyped-def]
    tile, lane = row // LANES, row % LANES
    values = model.weights.embedding.values + tile * LANES * model.sizes.dim // 2
    scales = model.weights.embedding.scales + tile * LANES * (model.sizes.dim // model.sizes.group) * 2
    for k in range(model.sizes.dim):
        step = k // STEP_K
        packed = np.int64(get_u8(values + (step // 2 * LANES + lane) * STEP_K + k % STEP_K))
        value = (packed >> 4 * (step % 2) & 15) - NIBBLE_OFFSET
        put_f32(out + 4 * k, np.float32(value) * get_f16(scales + (k // model.sizes.group * LANES + lane) * 2))


def _f16(kind, model, out, row):  # type: ignore[no-untyped-def]
    values = model.weights.embedding.values + (row // LANES * LANES * model.sizes.dim + row % LANES) * 2
    for k in range(model.sizes.dim):
        put_f32(out + 4 * k, get_f16(values + k * LANES * 2))


def _f32(kind, model, out, row):  # type: ignore[no-untyped-def]
    values = model.weights.embedding.values + (row // LANES * LANES * model.sizes.dim + row % LANES) * 4
    for k in range(model.sizes.dim):
        put_f32(out + 4 * k, get_f32(values + k * LANES * 4))


_KINDS = {INT8: _int8, Q8_0: _q8_0, Q4_0: _q4_0, F16: _f16, F32: _f32, F32_C: _f32}
