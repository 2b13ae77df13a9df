"""The phases of a forward pass, each handed out in portions. Used by `kernels.forward`, which puts them in order.

Each takes the Phase its rank is in, and returns (portions finished here, portions there are): see `tickets`. No portion
writes what another one of its phase reads, and every number has one rank that computes it, from left to right.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.embedding import embed
from llmproc.kernels.products import STORE, Activations
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.rows import gated_unit, normalise, quantise_groups
from llmproc.kernels.sizes import FEW, VECTOR
from llmproc.kernels.views import token_at
from llmproc.kernels.work import (
    IS_QUANTISED,
    STORED_OFFSETS,
    activations,
    handful,
    prepare,
    product,
    take_portion,
    tile_portions,
    tiles_of,
)
from llmproc.simd.layout import ACTIVATION_BYTES, LANES
from llmproc.simd.scalars import get_i64, put_f32


@njit
def embed_all(kind, model, phase, tokens, count):  # type: ignore[no-untyped-def]
    """Fill the residual stream with the embeddings of the tokens, padded with zeros."""
    literally(kind)
    size, total = handful(count, phase.ranks)
    finished, dim = 0, model.sizes.dim
    while True:
        number = take_portion(phase, total)
        if number < 0:
            break
        for t in range(number * size, min((number + 1) * size, count)):
            x = model.rows.x + t * model.rows.x_stride
            embed(kind, model, x, token_at(tokens, t).id)
            for i in range(dim, (dim + LANES - 1) // LANES * LANES):
                put_f32(x + 4 * i, np.float32(0))  # NaN of a failed sequence may stand there
        finished += 1
    return finished, total


@njit
def inputs_of(kind, model, phase, tokens, columns):  # type: ignore[no-untyped-def]
    """Return where the activations of a product stand: this rank's own copy for few tokens, else one for all."""
    literally(kind)
    if tokens <= FEW:
        return activations(kind, model, model.inputs.own, phase.rank, columns)
    return activations(kind, model, model.inputs.shared, 0, columns)


@njit
def normalise_rows(kind, model, phase, outputs, weight, x_in, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` to `last` - 1 of activations with the norm of rows of the residual stream.

    `outputs`: address of which tokens, 0: the first ones.
    """
    literally(kind)
    scratch = model.work.scratch + phase.rank * model.work.scratch_bytes
    for t in range(first, last):
        source = model.rows.x + (get_i64(outputs + 8 * t) if outputs != 0 else t) * model.rows.x_stride
        out = scratch if IS_QUANTISED[kind] else x_in.values + t * x_in.stride
        normalise(out, source, weight, model.sizes.dim, model.arithmetic.eps, model.arithmetic.c_order)
        prepare(kind, model, out, t, x_in, model.sizes.dim)


@njit
def normalise_all(kind, model, phase, outputs, weight, x_in, tokens):  # type: ignore[no-untyped-def]
    """Normalise many tokens, for all ranks."""
    literally(kind)
    size, total = handful(tokens, phase.ranks)
    finished = 0
    while True:
        number = take_portion(phase, total)
        if number < 0:
            break
        last = min((number + 1) * size, tokens)
        normalise_rows(kind, model, phase, outputs, weight, x_in, number * size, last)
        finished += 1
    return finished, total


@njit
def queries_keys_values(kind, model, phase, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Compute three products as one: a portion may end in another matrix than it began in."""
    literally(kind)
    q, k, v = layer.wq.tiles, layer.wk.tiles, layer.wv.tiles
    stride, portions, finished = model.rows.qkv_stride, tile_portions(q + k + v, tokens, phase.ranks, 1), 0
    while True:
        number = take_portion(phase, portions.total)
        if number < 0:
            break
        first, last = tiles_of(portions, number)
        finished += 1
        out = model.rows.qkv
        product(kind, STORE, model, out, stride, layer.wq, first, min(last, q), x_in, tokens, model.sizes.dim)
        out, first, last = out + model.rows.k_offset, first - q, last - q
        product(kind, STORE, model, out, stride, layer.wk, max(first, 0), min(last, k), x_in, tokens, model.sizes.dim)
        out, first, last = out + model.rows.v_offset - model.rows.k_offset, first - k, last - k
        product(kind, STORE, model, out, stride, layer.wv, max(first, 0), last, x_in, tokens, model.sizes.dim)
    return finished, portions.total


@njit
def prepare_rows(kind, model, x_in, first, last):  # type: ignore[no-untyped-def]
    """Fill rows of activations from the attention output."""
    literally(kind)
    for t in range(first, last):
        prepare(kind, model, model.rows.mixed + t * model.rows.mixed_stride, t, x_in, model.sizes.width)


@njit
def prepare_all(kind, model, phase, x_in, tokens):  # type: ignore[no-untyped-def]
    """Prepare the attention output of many tokens, for all ranks."""
    literally(kind)
    size, total = handful(tokens, phase.ranks)
    finished = 0
    while True:
        number = take_portion(phase, total)
        if number < 0:
            break
        prepare_rows(kind, model, x_in, number * size, min((number + 1) * size, tokens))
        finished += 1
    return finished, total


@njit
def _tiles_per_unit(group):  # type: ignore[no-untyped-def]
    """Tiles that hold whole groups: the least common multiple of tile and group, in tiles."""
    unit = 1
    while unit * LANES % group != 0:
        unit += 1
    return unit


@njit
def hidden_inputs(kind, model):  # type: ignore[no-untyped-def]
    """Return where the activations of the hidden layer stand."""
    literally(kind)
    if not IS_QUANTISED[kind]:
        return Activations(model.rows.gate, model.rows.hidden_stride, 0, 0, 0)
    return activations(kind, model, model.inputs.hidden, 0, model.sizes.hidden)


@njit
def gated(kind, model, phase, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Rows of the hidden layer, and at once what the next product reads of them: portions hold whole groups."""
    literally(kind)
    hidden_in, finished = hidden_inputs(kind, model), 0
    unit = _tiles_per_unit(model.sizes.group) if IS_QUANTISED[kind] else 1
    portions, stride = tile_portions(layer.w1.tiles, tokens, phase.ranks, unit), model.rows.hidden_stride
    while True:
        number = take_portion(phase, portions.total)
        if number < 0:
            break
        first, last = tiles_of(portions, number)
        finished += 1
        product(kind, STORE, model, model.rows.gate, stride, layer.w1, first, last, x_in, tokens, model.sizes.dim)
        product(kind, STORE, model, model.rows.up, stride, layer.w3, first, last, x_in, tokens, model.sizes.dim)
        for t in range(tokens):
            at = t * model.rows.hidden_stride + first * VECTOR
            gated_unit(model.rows.gate + at, model.rows.up + at, last - first, model.arithmetic.c_order)
            if IS_QUANTISED[kind]:
                columns = min(last * LANES, model.sizes.hidden) - first * LANES
                place = t * hidden_in.group_stride + first * LANES // model.sizes.group * 4
                values = hidden_in.values + t * hidden_in.stride + first * LANES * ACTIVATION_BYTES
                scales, offsets = hidden_in.scales + place, hidden_in.offsets + place
                groups = columns // model.sizes.group
                gate, group = model.rows.gate + at, model.sizes.group
                quantise_groups(gate, values, scales, offsets, groups, group, STORED_OFFSETS[kind])
    return finished, portions.total
