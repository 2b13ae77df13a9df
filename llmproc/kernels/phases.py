"""The phases of a forward pass, each between two barriers. Used by `kernels.forward`, which puts them in order.

No rank writes what another reads before the next barrier, and every number has one rank that computes it, from left to
right: results do not depend on how many ranks there are.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.attention import attend, attend_c, finish, merge
from llmproc.kernels.products import ADD, STORE, Activations
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.rows import gated_unit, normalise, quantise_groups, rotate
from llmproc.kernels.sizes import CHUNK, COUNTERS, FEW, ROWS, VECTOR
from llmproc.kernels.views import layer_at, span_at, token_at
from llmproc.kernels.work import (
    IS_QUANTISED,
    STORED_OFFSETS,
    activations,
    next_portion,
    portions,
    prepare,
    product,
    rows_of,
    share,
)
from llmproc.simd.atomics import add_i32
from llmproc.simd.barrier import wait_for_all
from llmproc.simd.layout import ACTIVATION_BYTES, LANES
from llmproc.simd.scalars import get_f32, get_i16, get_i64, put_f32, put_i16
from llmproc.simd.vectors import broadcast_f32, first_lanes, load_f32x16, store, store_f16x16, where_less

_HALF_MAX = np.float32(65504)


@njit
def normalised(kind, model, outputs, x, weight, tokens, rank):  # type: ignore[no-untyped-def]
    """Activations: norm of rows of the residual stream. `outputs`: address of which tokens, 0: the first ones."""
    literally(kind)
    few = tokens <= FEW
    if few:
        x_in = activations(kind, model, model.inputs.own, rank, model.sizes.dim)
    else:
        x_in = activations(kind, model, model.inputs.shared, 0, model.sizes.dim)
    first, last = (0, tokens) if few else share(tokens, rank, model.team.ranks)
    scratch = model.work.scratch + rank * model.work.scratch_bytes
    for t in range(first, last):
        source = x + (get_i64(outputs + 8 * t) if outputs != 0 else t) * model.rows.x_stride
        out = scratch if IS_QUANTISED[kind] else x_in.values + t * x_in.stride
        normalise(out, source, weight, model.sizes.dim, model.arithmetic.eps, model.arithmetic.c_order)
        prepare(kind, model, out, t, x_in, model.sizes.dim)
    if not few:
        wait_for_all(model.team.barrier, model.team.ranks)
    return x_in


@njit
def queries_keys_values(kind, model, counter, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Compute three products as one: a portion may end in another matrix than it began in."""
    literally(kind)
    q, k, v = layer.wq.tiles, layer.wk.tiles, layer.wv.tiles
    stride, sizes = model.rows.qkv_stride, portions(q + k + v, tokens, model.team.ranks, 1)
    while True:
        first, last = next_portion(counter, sizes, model.team.ranks, q + k + v)
        if first >= last:
            return
        out = model.rows.qkv
        product(kind, STORE, model, out, stride, layer.wq, first, min(last, q), x_in, tokens, model.sizes.dim)
        out, first, last = out + model.rows.k_offset, first - q, last - q
        product(kind, STORE, model, out, stride, layer.wk, max(first, 0), min(last, k), x_in, tokens, model.sizes.dim)
        out, first, last = out + model.rows.v_offset - model.rows.k_offset, first - k, last - k
        product(kind, STORE, model, out, stride, layer.wv, max(first, 0), last, x_in, tokens, model.sizes.dim)


@njit
def _bounded(vector):  # type: ignore[no-untyped-def]
    """Within what half precision can hold: an infinity would reach positions that must not see it, as 0 * inf."""
    limit = broadcast_f32(_HALF_MAX)
    below = where_less(limit, vector, limit, vector)
    return where_less(below, broadcast_f32(-_HALF_MAX), broadcast_f32(-_HALF_MAX), below)


@njit
def _store_keys(half, to, keys, head_dim, slot):  # type: ignore[no-untyped-def]
    """Store one position's rotated keys in lane `slot` of a page."""
    if half:
        for i in range(0, head_dim, LANES):
            store_f16x16(keys + 4 * i, _bounded(load_f32x16(keys + 4 * i)))
            for lane in range(min(LANES, head_dim - i)):
                put_i16(to + ((i + lane) * LANES + slot) * 2, get_i16(keys + 4 * i + 2 * lane))
    else:
        for i in range(head_dim):
            put_f32(to + (i * LANES + slot) * 4, get_f32(keys + 4 * i))


@njit
def _store_values(half, to, values, head_dim, head_pad, scratch):  # type: ignore[no-untyped-def]
    """Store one position's values as one row of a page, padded with zeros."""
    for i in range(0, head_pad, LANES):
        part = first_lanes(load_f32x16(values + 4 * i), head_dim - i, broadcast_f32(np.float32(0)))
        if half:
            store_f16x16(to + 2 * i, _bounded(part))
        else:
            store(to + 4 * i, part)


@njit
def rotate_and_store(model, number, tokens, count, rank):  # type: ignore[no-untyped-def]
    """Queries to where attention reads them, keys and values into their pages."""
    group, head_bytes = model.sizes.heads // model.sizes.kv_heads, model.sizes.head_dim * 4
    scratch = model.work.scratch + rank * model.work.scratch_bytes
    first, last = share(count * model.sizes.kv_heads, rank, model.team.ranks)
    for item in range(first, last):
        t, kv_head = item // model.sizes.kv_heads, item % model.sizes.kv_heads
        token, row = token_at(tokens, t), model.rows.qkv + t * model.rows.qkv_stride
        angles = model.weights.rope + token.position * 2 * head_bytes
        for head in range(group):
            to = model.rows.queries + kv_head * model.rows.queries_stride + (t * group + head) * head_bytes
            query = row + (kv_head * group + head) * head_bytes
            rotate(to, query, angles, model.sizes.head_dim, model.arithmetic.score_scale)
        page = get_i64(token.table + token.position // LANES * 8)
        page += number * model.cache.layer_bytes + kv_head * model.cache.head_bytes
        slot = token.position % LANES
        rotate(scratch, row + model.rows.k_offset + kv_head * head_bytes, angles, model.sizes.head_dim, np.float32(1))
        _store_keys(model.cache.kv_half, page, scratch, model.sizes.head_dim, slot)
        to = page + model.cache.value_offset + slot * model.sizes.head_pad * (2 if model.cache.kv_half else 4)
        value = row + model.rows.v_offset + kv_head * head_bytes
        _store_values(model.cache.kv_half, to, value, model.sizes.head_dim, model.sizes.head_pad, scratch)


@njit
def attend_all(model, counter, number, spans, count, rank):  # type: ignore[no-untyped-def]
    """Attend, item by item: a rank that is free takes the next one, and which rank does one changes nothing."""
    group = model.sizes.heads // model.sizes.kv_heads
    scratch = model.work.scratch + rank * model.work.scratch_bytes
    total, s = span_at(spans, count - 1).items, 0
    while True:
        item = np.int64(add_i32(counter, 1))
        if item >= total:
            return
        while item >= span_at(spans, s).items:
            s += 1
        span = span_at(spans, s)
        if s > 0:
            item -= span_at(spans, s - 1).items
        rows = span.tokens * group
        kv_head, item = item % model.sizes.kv_heads, item // model.sizes.kv_heads
        if not model.cache.kv_half:
            attend_c(model, number, span, kv_head, item, scratch)
            continue
        blocks = (rows + ROWS - 1) // ROWS
        row = item % blocks * ROWS
        here = min(ROWS, rows - row)
        chunk, last, partial = 0, (span.position + span.tokens - 1) // CHUNK + 1, 0
        if span.slot >= 0:
            chunk = item // blocks
            place = (span.slot + chunk) * model.sizes.heads + kv_head * group + row
            partial = model.work.partial + place * model.work.partial_row
            last = chunk + 1
        attend(model, number, span, kv_head, row, here, chunk, last, partial, scratch)


@njit
def join_chunks(model, spans, count, rank):  # type: ignore[no-untyped-def]
    """Join the chunks of spans that were split."""
    for s in range(count):
        span = span_at(spans, s)
        if span.slot >= 0:
            first, last = share(model.sizes.heads, rank, model.team.ranks)
            for head in range(first, last):
                state = model.work.partial + (span.slot * model.sizes.heads + head) * model.work.partial_row
                for chunk in range(1, span.position // CHUNK + 1):
                    other = state + chunk * model.sizes.heads * model.work.partial_row
                    merge(state, state + VECTOR, other, other + VECTOR, model.sizes.head_pad)
                out = model.rows.mixed + span.first * model.rows.mixed_stride + head * model.sizes.head_dim * 4
                finish(out, state, state + VECTOR, model.sizes.head_dim)


@njit
def attention_output(kind, model, counter, layer, tokens, rank):  # type: ignore[no-untyped-def]
    """x += wo (attention output)."""
    literally(kind)
    few = tokens <= FEW
    if not IS_QUANTISED[kind]:
        x_in = Activations(model.rows.mixed, model.rows.mixed_stride, 0, 0, 0)
    else:
        if few:
            x_in = activations(kind, model, model.inputs.own, rank, model.sizes.width)
        else:
            x_in = activations(kind, model, model.inputs.shared, 0, model.sizes.width)
        first, last = (0, tokens) if few else share(tokens, rank, model.team.ranks)
        for t in range(first, last):
            prepare(kind, model, model.rows.mixed + t * model.rows.mixed_stride, t, x_in, model.sizes.width)
        if not few:
            wait_for_all(model.team.barrier, model.team.ranks)
    rows_of(kind, ADD, model, counter, model.rows.x, model.rows.x_stride, layer.wo, x_in, tokens, model.sizes.width)


@njit
def _tiles_per_unit(group):  # type: ignore[no-untyped-def]
    """Tiles that hold whole groups: the least common multiple of tile and group, in tiles."""
    unit = 1
    while unit * LANES % group != 0:
        unit += 1
    return unit


@njit
def gated(kind, model, counter, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Rows of the hidden layer, and at once what the next product reads of them: portions hold whole groups."""
    literally(kind)
    hidden_in = activations(kind, model, model.inputs.hidden, 0, model.sizes.hidden)
    tiles, unit = layer.w1.tiles, _tiles_per_unit(model.sizes.group) if IS_QUANTISED[kind] else 1
    sizes, stride = portions(tiles, tokens, model.team.ranks, unit), model.rows.hidden_stride
    while True:
        first, last = next_portion(counter, sizes, model.team.ranks, tiles)
        if first >= last:
            break
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
    if not IS_QUANTISED[kind]:
        return Activations(model.rows.gate, model.rows.hidden_stride, 0, 0, 0)
    return hidden_in


@njit
def only_products(kind, model, tokens, n_outputs):  # type: ignore[no-untyped-def]
    """Compute all products of a step, over whatever stands in the buffers, and nothing else: for bench."""
    literally(kind)
    x_in = activations(kind, model, model.inputs.shared, 0, model.sizes.dim)
    mixed_in = activations(kind, model, model.inputs.shared, 0, model.sizes.width)
    hidden_in = activations(kind, model, model.inputs.hidden, 0, model.sizes.hidden)
    x, x_stride, gate, up = model.rows.x, model.rows.x_stride, model.rows.gate, model.rows.up
    stride, logits = model.rows.hidden_stride, model.rows.logits
    for number in range(model.weights.layer_count):
        layer, counter = layer_at(model.weights.layers, number), model.team.counters + number * COUNTERS * 4
        queries_keys_values(kind, model, counter, layer, x_in, tokens)
        wait_for_all(model.team.barrier, model.team.ranks)
        rows_of(kind, STORE, model, counter + 8, x, x_stride, layer.wo, mixed_in, tokens, model.sizes.width)
        wait_for_all(model.team.barrier, model.team.ranks)
        rows_of(kind, STORE, model, counter + 12, gate, stride, layer.w1, x_in, tokens, model.sizes.dim)
        rows_of(kind, STORE, model, counter + 20, up, stride, layer.w3, x_in, tokens, model.sizes.dim)
        wait_for_all(model.team.barrier, model.team.ranks)
        rows_of(kind, STORE, model, counter + 16, x, x_stride, layer.w2, hidden_in, tokens, model.sizes.hidden)
        wait_for_all(model.team.barrier, model.team.ranks)
    counter = model.team.counters + model.weights.layer_count * COUNTERS * 4
    stride, matrix = model.rows.logits_stride, model.weights.classifier
    rows_of(kind, STORE, model, counter, logits, stride, matrix, x_in, n_outputs, model.sizes.dim)
    wait_for_all(model.team.barrier, model.team.ranks)
