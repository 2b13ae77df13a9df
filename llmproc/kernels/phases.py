"""The phases of a forward pass, each between two barriers. Serves `kernels.forward`, which puts them in order.

No rank writes what another reads before the next barrier, and every number has one rank that computes it, from left to
right: results do not depend on how many ranks there are.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.attention import CHUNK, ROWS, attend, attend_c, finish, merge
from llmproc.kernels.products import ADD, STORE, Activations
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.rows import VECTOR, gated_unit, normalise, quantise_groups, rotate
from llmproc.kernels.work import (
    COUNTERS,
    FEW,
    IS_QUANTISED,
    STORED_OFFSETS,
    activations,
    next_portion,
    portion,
    prepare,
    product,
    rows_of,
    share,
)
from llmproc.simd.atomics import add_i32
from llmproc.simd.barrier import wait_for_all
from llmproc.simd.dot import ACTIVATION_BYTES
from llmproc.simd.scalars import get_f32, get_i16, get_i64, put_f32, put_i16
from llmproc.simd.types import LANES
from llmproc.simd.vectors import broadcast_f32, first_lanes, load_f32x16, store, store_f16x16, where_less

_HALF_MAX = np.float32(65504)


@njit
def normalised(kind, model, outputs, x, weight, tokens, rank):  # type: ignore[no-untyped-def]
    """Activations: norm of rows of the residual stream. `outputs`: which tokens, when they are not the first ones."""
    literally(kind)
    few = tokens <= FEW
    if few:
        x_in = activations(
            kind, model, model.own + rank * model.own_bytes, model.own_scales, model.own_offsets, model.dim
        )
    else:
        x_in = activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.dim)
    first, last = (0, tokens) if few else share(tokens, rank, model.ranks)
    scratch = model.scratch + rank * model.scratch_bytes
    for t in range(first, last):
        source = x + (outputs[t] if outputs.shape[0] > 0 else t) * model.x_stride
        out = scratch if IS_QUANTISED[kind] else x_in.values + t * x_in.stride
        normalise(out, source, weight, model.dim, model.eps, model.c_order)
        prepare(kind, model, out, t, x_in, model.dim)
    if not few:
        wait_for_all(model.barrier, model.ranks)
    return x_in


@njit
def queries_keys_values(kind, model, counter, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Three products as one: a portion may end in another matrix than it began in."""
    literally(kind)
    q, k, v = layer.wq.tiles, layer.wk.tiles, layer.wv.tiles
    stride, size = model.qkv_stride, portion(q + k + v, tokens, model.ranks)
    while True:
        first, last = next_portion(counter, size, q + k + v)
        if first >= last:
            return
        out = model.qkv
        product(kind, STORE, model, out, stride, layer.wq, first, min(last, q), x_in, tokens, model.dim)
        out, first, last = out + model.k_offset, first - q, last - q
        product(kind, STORE, model, out, stride, layer.wk, max(first, 0), min(last, k), x_in, tokens, model.dim)
        out, first, last = out + model.v_offset - model.k_offset, first - k, last - k
        product(kind, STORE, model, out, stride, layer.wv, max(first, 0), last, x_in, tokens, model.dim)


@njit
def _bounded(vector):  # type: ignore[no-untyped-def]
    """Within what half precision can hold: an infinity would reach positions that must not see it, as 0 * inf."""
    limit = broadcast_f32(_HALF_MAX)
    below = where_less(limit, vector, limit, vector)
    return where_less(below, broadcast_f32(-_HALF_MAX), broadcast_f32(-_HALF_MAX), below)


@njit
def _store_keys(half, to, keys, head_dim, slot):  # type: ignore[no-untyped-def]
    """One position's rotated keys into lane `slot` of a page."""
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
    """One position's values as one row of a page, padded with zeros."""
    for i in range(0, head_pad, LANES):
        part = first_lanes(load_f32x16(values + 4 * i), head_dim - i, broadcast_f32(np.float32(0)))
        if half:
            store_f16x16(to + 2 * i, _bounded(part))
        else:
            store(to + 4 * i, part)


@njit
def rotate_and_store(model, number, tokens, count, rank):  # type: ignore[no-untyped-def]
    """Queries to where attention reads them, keys and values into their pages."""
    group, head_bytes = model.heads // model.kv_heads, model.head_dim * 4
    scratch = model.scratch + rank * model.scratch_bytes
    first, last = share(count * model.kv_heads, rank, model.ranks)
    for item in range(first, last):
        t, kv_head = item // model.kv_heads, item % model.kv_heads
        token, row = tokens[t], model.qkv + t * model.qkv_stride
        angles = model.rope + token.position * 2 * head_bytes
        for head in range(group):
            to = model.queries + kv_head * model.queries_stride + (t * group + head) * head_bytes
            rotate(to, row + (kv_head * group + head) * head_bytes, angles, model.head_dim, model.score_scale)
        page = get_i64(token.table + token.position // LANES * 8)
        page += number * model.layer_bytes + kv_head * model.head_bytes
        slot = token.position % LANES
        rotate(scratch, row + model.k_offset + kv_head * head_bytes, angles, model.head_dim, np.float32(1))
        _store_keys(model.kv_half, page, scratch, model.head_dim, slot)
        to = page + model.value_offset + slot * model.head_pad * (2 if model.kv_half else 4)
        value = row + model.v_offset + kv_head * head_bytes
        _store_values(model.kv_half, to, value, model.head_dim, model.head_pad, scratch)


@njit
def attend_all(model, counter, number, spans, count, rank):  # type: ignore[no-untyped-def]
    """Items of attention work, whoever is free takes the next: which rank does one changes nothing."""
    group = model.heads // model.kv_heads
    scratch = model.scratch + rank * model.scratch_bytes
    total, s = spans[count - 1].items, 0
    while True:
        item = np.int64(add_i32(counter, 1))
        if item >= total:
            return
        while item >= spans[s].items:
            s += 1
        span = spans[s]
        if s > 0:
            item -= spans[s - 1].items
        rows = span.tokens * group
        kv_head, item = item % model.kv_heads, item // model.kv_heads
        if not model.kv_half:
            attend_c(model, number, span, kv_head, item, scratch)
            continue
        blocks = (rows + ROWS - 1) // ROWS
        row = item % blocks * ROWS
        here = min(ROWS, rows - row)
        chunk, last, partial = 0, (span.position + span.tokens - 1) // CHUNK + 1, 0
        if span.slot >= 0:
            chunk = item // blocks
            partial = model.partial + ((span.slot + chunk) * model.heads + kv_head * group + row) * model.partial_row
            last = chunk + 1
        attend(model, number, span, kv_head, row, here, chunk, last, partial, scratch)


@njit
def join_chunks(model, spans, count, rank):  # type: ignore[no-untyped-def]
    """Join the chunks of spans that were split."""
    for s in range(count):
        span = spans[s]
        if span.slot >= 0:
            first, last = share(model.heads, rank, model.ranks)
            for head in range(first, last):
                state = model.partial + (span.slot * model.heads + head) * model.partial_row
                for chunk in range(1, span.position // CHUNK + 1):
                    other = state + chunk * model.heads * model.partial_row
                    merge(state, state + VECTOR, other, other + VECTOR, model.head_pad)
                out = model.mixed + span.first * model.mixed_stride + head * model.head_dim * 4
                finish(out, state, state + VECTOR, model.head_dim)


@njit
def attention_output(kind, model, counter, layer, tokens, rank):  # type: ignore[no-untyped-def]
    """x += wo (attention output)."""
    literally(kind)
    few = tokens <= FEW
    if not IS_QUANTISED[kind]:
        x_in = Activations(model.mixed, model.mixed_stride, 0, 0, 0)
    else:
        if few:
            x_in = activations(
                kind, model, model.own + rank * model.own_bytes, model.own_scales, model.own_offsets, model.width
            )
        else:
            x_in = activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.width)
        first, last = (0, tokens) if few else share(tokens, rank, model.ranks)
        for t in range(first, last):
            prepare(kind, model, model.mixed + t * model.mixed_stride, t, x_in, model.width)
        if not few:
            wait_for_all(model.barrier, model.ranks)
    rows_of(kind, ADD, model, counter, model.x, model.x_stride, layer.wo, x_in, tokens, model.width)


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
    hidden_in = activations(kind, model, model.hidden_in, model.hidden_scales, model.hidden_offsets, model.hidden)
    tiles, unit = layer.w1.tiles, _tiles_per_unit(model.group) if IS_QUANTISED[kind] else 1
    size = (portion(tiles, tokens, model.ranks) + unit - 1) // unit * unit
    while True:
        first, last = next_portion(counter, size, tiles)
        if first >= last:
            break
        product(kind, STORE, model, model.gate, model.hidden_stride, layer.w1, first, last, x_in, tokens, model.dim)
        product(kind, STORE, model, model.up, model.hidden_stride, layer.w3, first, last, x_in, tokens, model.dim)
        for t in range(tokens):
            at = t * model.hidden_stride + first * VECTOR
            gated_unit(model.gate + at, model.up + at, last - first, model.c_order)
            if IS_QUANTISED[kind]:
                columns = min(last * LANES, model.hidden) - first * LANES
                place = t * hidden_in.group_stride + first * LANES // model.group * 4
                values = hidden_in.values + t * hidden_in.stride + first * LANES * ACTIVATION_BYTES
                scales, offsets = hidden_in.scales + place, hidden_in.offsets + place
                groups = columns // model.group
                quantise_groups(model.gate + at, values, scales, offsets, groups, model.group, STORED_OFFSETS[kind])
    if not IS_QUANTISED[kind]:
        return Activations(model.gate, model.hidden_stride, 0, 0, 0)
    return hidden_in


@njit
def only_products(kind, model, layers, tokens, n_outputs):  # type: ignore[no-untyped-def]
    """All products of a step, over whatever stands in the buffers, and nothing else: what bench measures alone."""
    literally(kind)
    x_in = activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.dim)
    mixed_in = activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.width)
    hidden_in = activations(kind, model, model.hidden_in, model.hidden_scales, model.hidden_offsets, model.hidden)
    x, x_stride, gate, up, stride = model.x, model.x_stride, model.gate, model.up, model.hidden_stride
    for number in range(layers.shape[0]):
        layer, counter = layers[number], model.counters + number * COUNTERS * 4
        queries_keys_values(kind, model, counter, layer, x_in, tokens)
        wait_for_all(model.barrier, model.ranks)
        rows_of(kind, STORE, model, counter + 8, x, x_stride, layer.wo, mixed_in, tokens, model.width)
        wait_for_all(model.barrier, model.ranks)
        rows_of(kind, STORE, model, counter + 12, gate, stride, layer.w1, x_in, tokens, model.dim)
        rows_of(kind, STORE, model, counter + 20, up, stride, layer.w3, x_in, tokens, model.dim)
        wait_for_all(model.barrier, model.ranks)
        rows_of(kind, STORE, model, counter + 16, x, x_stride, layer.w2, hidden_in, tokens, model.hidden)
        wait_for_all(model.barrier, model.ranks)
    counter = model.counters + layers.shape[0] * COUNTERS * 4
    rows_of(
        kind, STORE, model, counter, model.logits, model.logits_stride, model.classifier, x_in, n_outputs, model.dim
    )
    wait_for_all(model.barrier, model.ranks)
