"""The phases of a forward pass, each handed out in portions. Used by `kernels.forward`, which puts them in order.

Each takes the Phase its rank is in, and returns (portions finished here, portions there are): see `tickets`. No portion
writes what another one of its phase reads, and every number has one rank that computes it, from left to right.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.block_parts import STORE
from llmproc.kernels.kinds import FLOATS, INTEGERS
from llmproc.kernels.registry import njit
from llmproc.kernels.rows import gated_unit, normalise, quantise_groups
from llmproc.kernels.sizes import FEW, VECTOR
from llmproc.kernels.views import token_at
from llmproc.kernels.work import (
    activations,
    handful,
    prepare,
    product,
    quantised_row,
    take_portion,
    tile_portions,
    tiles_of,
    with_floats,
)
from llmproc.simd.code import call_code
from llmproc.simd.layout import LANES
from llmproc.simd.scalars import get_f32, get_i64, put_f32


@njit
def embed_all(model, phase, tokens, count):  # type: ignore[no-untyped-def]
    """Fill the residual stream with the embeddings of the tokens, padded with zeros."""
    size, total = handful(count, phase.ranks)
    finished, dim, m, scale = 0, model.sizes.dim, model.weights.embedding, model.arithmetic.embedding_scale
    while True:
        number = take_portion(phase, total)
        if number < 0:
            break
        for t in range(number * size, min((number + 1) * size, count)):
            x = model.rows.x + t * model.rows.x_stride
            row = token_at(tokens, t).id
            call_code(model.weights.embed, (x, m.values, m.scales, m.tile_bytes, m.scale_bytes, row, dim, m.group))
            if scale != np.float32(1):
                for i in range(dim):
                    put_f32(x + 4 * i, scale * get_f32(x + 4 * i))
            for i in range(dim, (dim + LANES - 1) // LANES * LANES):
                put_f32(x + 4 * i, np.float32(0))  # NaN of a failed sequence may stand there
        finished += 1
    return finished, total


@njit
def inputs_of(model, phase, tokens, columns):  # type: ignore[no-untyped-def]
    """Return where the activations of a product stand: this rank's own copy for few tokens, else one for all."""
    if tokens <= FEW:
        return activations(model, model.inputs.own, phase.rank, columns)
    return activations(model, model.inputs.shared, 0, columns)


@njit
def normalise_rows(model, phase, outputs, weight, reads, x_in, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` to `last` - 1 of activations with the norm of rows of the residual stream.

    `outputs`: address of which tokens, 0: the first ones.
    """
    scratch = model.work.scratch + phase.rank * model.work.scratch_bytes
    for t in range(first, last):
        source = model.rows.x + (get_i64(outputs + 8 * t) if outputs != 0 else t) * model.rows.x_stride
        out = x_in.floats + t * x_in.floats_stride if reads & FLOATS != 0 else scratch
        normalise(out, source, weight, model.sizes.dim, model.arithmetic.eps, model.arithmetic.c_order)
        prepare(model, out, t, x_in, reads, model.sizes.dim)


@njit
def normalise_all(model, phase, outputs, weight, reads, x_in, tokens):  # type: ignore[no-untyped-def]
    """Normalise many tokens, for all ranks."""
    size, total = handful(tokens, phase.ranks)
    finished = 0
    while True:
        number = take_portion(phase, total)
        if number < 0:
            break
        last = min((number + 1) * size, tokens)
        normalise_rows(model, phase, outputs, weight, reads, x_in, number * size, last)
        finished += 1
    return finished, total


@njit
def queries_keys_values(model, phase, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Compute three products as one: a portion may end in another matrix than it began in."""
    q, k, v = layer.wq.tiles, layer.wk.tiles, layer.wv.tiles
    stride, portions, finished = model.rows.qkv_stride, tile_portions(q + k + v, tokens, phase.ranks, 1), 0
    while True:
        number = take_portion(phase, portions.total)
        if number < 0:
            break
        first, last = tiles_of(portions, number)
        finished += 1
        out = model.rows.qkv
        product(STORE, out, stride, layer.wq, first, min(last, q), x_in, tokens)
        out, first, last = out + model.rows.k_offset, first - q, last - q
        product(STORE, out, stride, layer.wk, max(first, 0), min(last, k), x_in, tokens)
        out, first, last = out + model.rows.v_offset - model.rows.k_offset, first - k, last - k
        product(STORE, out, stride, layer.wv, max(first, 0), last, x_in, tokens)
    return finished, portions.total


@njit
def prepare_rows(model, x_in, reads, first, last):  # type: ignore[no-untyped-def]
    """Fill rows of activations from the attention output."""
    for t in range(first, last):
        prepare(model, model.rows.mixed + t * model.rows.mixed_stride, t, x_in, reads, model.sizes.width)


@njit
def prepare_all(model, phase, x_in, reads, tokens):  # type: ignore[no-untyped-def]
    """Prepare the attention output of many tokens, for all ranks."""
    size, total = handful(tokens, phase.ranks)
    finished = 0
    while True:
        number = take_portion(phase, total)
        if number < 0:
            break
        prepare_rows(model, x_in, reads, number * size, min((number + 1) * size, tokens))
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
def hidden_inputs(model):  # type: ignore[no-untyped-def]
    """Return where the activations of the hidden layer stand."""
    x_in = activations(model, model.inputs.hidden, 0, model.sizes.hidden)
    return with_floats(x_in, model.rows.gate, model.rows.hidden_stride)


@njit
def gated(model, phase, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Rows of the hidden layer, and at once what the next product reads of them: portions hold whole groups."""
    hidden_in, finished, group, reads = hidden_inputs(model), 0, model.sizes.group, layer.reads_hidden
    unit = _tiles_per_unit(group) if reads & INTEGERS != 0 else 1
    portions, stride = tile_portions(layer.w1.tiles, tokens, phase.ranks, unit), model.rows.hidden_stride
    while True:
        number = take_portion(phase, portions.total)
        if number < 0:
            break
        first, last = tiles_of(portions, number)
        finished += 1
        product(STORE, model.rows.gate, stride, layer.w1, first, last, x_in, tokens)
        product(STORE, model.rows.up, stride, layer.w3, first, last, x_in, tokens)
        for t in range(tokens):
            at = t * stride + first * VECTOR
            gated_unit(model.rows.gate + at, model.rows.up + at, last - first, model.arithmetic.c_order)
            if reads & INTEGERS != 0:
                column = first * LANES
                groups = (min(last * LANES, model.sizes.hidden) - column) // group
                to = quantised_row(hidden_in, t, reads, column // group, column)
                quantise_groups(model.rows.gate + at, to, groups, group)
    return finished, portions.total
