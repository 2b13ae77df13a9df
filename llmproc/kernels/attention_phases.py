"""The phases around attention: keys and values into their pages, attention itself, joining what was split.

Used by `kernels.forward`. Each takes the Phase its rank is in, and returns (portions finished here, portions of all).
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.attention import attend, attend_c, finish, first_seen, merge
from llmproc.kernels.registry import njit
from llmproc.kernels.rows import normalise, rotate, scale_row
from llmproc.kernels.sizes import CHUNK, MOST_PORTIONS, ROWS, VECTOR
from llmproc.kernels.views import span_at, token_at
from llmproc.kernels.work import handful, take_portion
from llmproc.simd.layout import LANES
from llmproc.simd.narrow import store_f16x16
from llmproc.simd.scalars import get_f32, get_i16, get_i64, put_f32, put_i16
from llmproc.simd.vectors import broadcast_f32, first_lanes, load_f32x16, store, where_less

_HALF_MAX = np.float32(65504)


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
def rotate_and_store(model, phase, layer, number, tokens, count):  # type: ignore[no-untyped-def]
    """Queries to where attention reads them, keys and values into their pages."""
    items, finished = count * model.sizes.kv_heads, 0
    size, total = handful(items, phase.ranks)
    while True:
        portion = take_portion(phase, total)
        if portion < 0:
            break
        _rotate_items(model, phase, layer, number, tokens, portion * size, min((portion + 1) * size, items))
        finished += 1
    return finished, total


@njit
def _turned(model, out, x, norm, angles, scale, scratch):  # type: ignore[no-untyped-def]
    """out = one head of x, normalised if it has a norm, rotated if there are angles, times `scale`."""
    head_dim, source = model.sizes.head_dim, x
    if norm != 0:
        for i in range(0, head_dim, LANES):  # whole vectors of this head alone
            part = first_lanes(load_f32x16(x + 4 * i), head_dim - i, broadcast_f32(np.float32(0)))
            store(scratch + 4 * i, part)
        normalise(scratch, scratch, norm, head_dim, model.arithmetic.eps, model.arithmetic.c_order)
        source = scratch
    if angles != 0:
        rotate(out, source, angles, head_dim, scale)
    else:
        scale_row(out, source, head_dim, scale)


@njit
def _rotate_items(model, phase, layer, number, tokens, first, last):  # type: ignore[no-untyped-def]
    """Rotate and store items `first` to `last` - 1; an item is one KV head of one token."""
    group, head_bytes = model.sizes.heads // model.sizes.kv_heads, model.sizes.head_dim * 4
    scratch = model.work.scratch + phase.rank * model.work.scratch_bytes
    other = scratch + model.sizes.head_pad * 4
    for item in range(first, last):
        t, kv_head = item // model.sizes.kv_heads, item % model.sizes.kv_heads
        token, row = token_at(tokens, t), model.rows.qkv + t * model.rows.qkv_stride
        angles = layer.rope + token.position * layer.rope_stride if layer.rope != 0 else 0
        for head in range(group):
            to = model.rows.queries + kv_head * model.rows.queries_stride + (t * group + head) * head_bytes
            query = row + (kv_head * group + head) * head_bytes
            _turned(model, to, query, layer.q_norm, angles, model.arithmetic.score_scale, other)
        page = get_i64(token.table + token.position // LANES * 8)
        page += number * model.cache.layer_bytes + kv_head * model.cache.head_bytes
        slot = token.position % LANES
        key = row + model.rows.k_offset + kv_head * head_bytes
        _turned(model, scratch, key, layer.k_norm, angles, np.float32(1), other)
        _store_keys(model.cache.kv_half, page, scratch, model.sizes.head_dim, slot)
        to = page + model.cache.value_offset + slot * model.sizes.head_pad * (2 if model.cache.kv_half else 4)
        value = row + model.rows.v_offset + kv_head * head_bytes
        _store_values(model.cache.kv_half, to, value, model.sizes.head_dim, model.sizes.head_pad, scratch)


@njit
def attend_all(model, phase, layer, number, spans, count):  # type: ignore[no-untyped-def]
    """Attend, item by item; which rank does one changes nothing."""
    items, finished = span_at(spans, count - 1).items, 0
    size = items // (MOST_PORTIONS // 2) + 1
    total = (items + size - 1) // size
    while True:
        portion = take_portion(phase, total)
        if portion < 0:
            break
        _attend_items(model, phase, layer, number, spans, portion * size, min((portion + 1) * size, items))
        finished += 1
    return finished, total


@njit
def _attend_items(model, phase, layer, number, spans, begin, end):  # type: ignore[no-untyped-def]
    """Attend for items `begin` to `end` - 1; an item is some rows of a KV head, or a chunk of positions of them."""
    group = model.sizes.heads // model.sizes.kv_heads
    scratch, s = model.work.scratch + phase.rank * model.work.scratch_bytes, 0
    for index in range(begin, end):
        item = np.int64(index)
        while item >= span_at(spans, s).items:
            s += 1
        span = span_at(spans, s)
        if s > 0:
            item -= span_at(spans, s - 1).items
        rows = span.tokens * group
        kv_head, item = item % model.sizes.kv_heads, item // model.sizes.kv_heads
        if not model.cache.kv_half:
            attend_c(model, layer.window, number, span, kv_head, item, scratch)
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
        attend(model, layer.window, number, span, kv_head, row, here, chunk, last, partial, scratch)


@njit
def join_chunks(model, phase, layer, spans, count):  # type: ignore[no-untyped-def]
    """Join the chunks of spans that were split, head by head."""
    heads, finished = model.sizes.heads, 0
    size, total = handful(heads, phase.ranks)
    while True:
        portion = take_portion(phase, total)
        if portion < 0:
            break
        for s in range(count):
            span = span_at(spans, s)
            if span.slot >= 0:
                for head in range(portion * size, min((portion + 1) * size, heads)):
                    _join_head(model, layer.window, span, head)
        finished += 1
    return finished, total


@njit
def _join_head(model, window, span, head):  # type: ignore[no-untyped-def]
    begin = first_seen(window, span.position) // CHUNK
    chunks = model.work.partial + (span.slot * model.sizes.heads + head) * model.work.partial_row
    apart = model.sizes.heads * model.work.partial_row
    state = chunks + begin * apart
    for chunk in range(begin + 1, span.position // CHUNK + 1):
        other = chunks + chunk * apart
        merge(state, state + VECTOR, other, other + VECTOR, model.sizes.head_pad)
    out = model.rows.mixed + span.first * model.rows.mixed_stride + head * model.sizes.head_dim * 4
    finish(out, state, state + VECTOR, model.sizes.head_dim)
