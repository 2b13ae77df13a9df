"""Grouped-query attention over a paged KV cache, in chunks of 256 positions merged from left to right.

    page of one layer and KV head    keys [head_dim][16 positions]    values [16 positions][padded head_dim]

Used by `kernels.forward`. Positions lie in the lanes for the scores, dimensions for the mixed values, so neither sums
across lanes. A row is one head of one token; the rows that share a KV head go through a page together, up to eight at a
time. What a row gets depends on its own position and the pages alone: chunks begin at multiples of CHUNK, masked
positions (those behind a row, and those that its window has left) count for exactly zero, and merging is the same chain
whether one rank does it or several prepared the chunks.
The fast order reads a cache of half precision; a float32 cache is read by `attend_c`, in the C engine's order.
Formulas: online softmax, Milakov and Gimelshein 2018; split over positions as in Flash-Decoding, Dao et al. 2023.
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import literally, njit
from llmproc.kernels.sizes import CHUNK, PAGES, ROWS, SCORES, VECTOR
from llmproc.simd.exponential import exp_f32
from llmproc.simd.layout import LANES
from llmproc.simd.narrow import load_f16x16
from llmproc.simd.scalars import get_f32, get_i64, put_f32
from llmproc.simd.tiles import multiply_add, store_tile, zero_f32
from llmproc.simd.vectors import (
    add_f32,
    broadcast_f32,
    div_f32,
    first_lanes,
    fma_f32,
    largest_f32,
    load_f32x16,
    max_f32,
    mul_f32,
    store,
    sub_f32,
    sum_f32,
)

_ZERO, _LOWEST = np.float32(0), np.float32(-np.inf)


@njit(by_value=True)
def _score(count, q, head_dim, place, table, pages, scores):  # type: ignore[no-untyped-def]
    """Scores of `count` rows (a literal) at `q` against all positions of `pages` pages; two pages at a time."""
    literally(count)
    for p in range(0, pages, 2):
        other = 1 if p + 1 < pages else 0
        k, k2 = get_i64(table + 8 * p) + place, get_i64(table + 8 * (p + other)) + place
        first, second = zero_f32(count), zero_f32(count)
        for d in range(head_dim):
            first = multiply_add(first, load_f16x16(k), q + 4 * d, 4 * head_dim)
            second = multiply_add(second, load_f16x16(k2), q + 4 * d, 4 * head_dim)
            k, k2 = k + 2 * LANES, k2 + 2 * LANES
        store_tile(scores + p * VECTOR, SCORES, first)
        store_tile(scores + (p + other) * VECTOR, SCORES, second)


@njit
def first_seen(window, position):  # type: ignore[no-untyped-def]
    """Return the first position that the query at `position` sees."""
    return max(np.int64(0), position + 1 - window)


@njit
def _hide(scores, before):  # type: ignore[no-untyped-def]
    """Set the scores of the first `before` positions to what no share is left of."""
    lowest = broadcast_f32(_LOWEST)
    for i in range(before // LANES):
        store(scores + i * VECTOR, lowest)
    rest, at = before % LANES, scores + before // LANES * VECTOR
    if rest > 0:
        store(at, first_lanes(lowest, rest, load_f32x16(at)))


@njit
def _softmax(scores, hidden, valid, pages, sums):  # type: ignore[no-untyped-def]
    """scores = exp(scores - maximum) for the first `valid`, 0 up to the end of the pages; sums = (maximum, total).

    Of those valid the first `hidden` are not seen: 0 as well.
    """
    lowest, zero = broadcast_f32(_LOWEST), broadcast_f32(_ZERO)
    if hidden > 0:
        _hide(scores, min(hidden, valid))
    full, rest = valid // LANES, valid % LANES
    largest = lowest
    for i in range(full):
        largest = max_f32(largest, load_f32x16(scores + i * VECTOR))
    if rest > 0:
        largest = max_f32(largest, first_lanes(load_f32x16(scores + full * VECTOR), rest, lowest))
    top = largest_f32(largest)
    if hidden >= valid:  # nothing is seen, and a difference of infinities is NaN
        full = rest = 0
    maximum, total = broadcast_f32(top), zero
    for i in range(full):
        share = exp_f32(sub_f32(load_f32x16(scores + i * VECTOR), maximum))
        store(scores + i * VECTOR, share)
        total = add_f32(total, share)
    if rest > 0:
        share = exp_f32(sub_f32(load_f32x16(scores + full * VECTOR), maximum))
        share = first_lanes(share, rest, zero)
        store(scores + full * VECTOR, share)
        total = add_f32(total, share)
        full += 1
    for i in range(full, pages):
        store(scores + i * VECTOR, zero)
    put_f32(sums, top)
    put_f32(sums + 4, sum_f32(total))


@njit(by_value=True)
def _mix(count, shares, positions, place, table, head_pad, mixed):  # type: ignore[no-untyped-def]
    """mixed (count, head_pad) = shares times the values of the first `positions` positions; two vectors at a time."""
    literally(count)
    vectors = head_pad // LANES
    for v in range(0, vectors, 2):
        other = 1 if v + 1 < vectors else 0
        first, second = zero_f32(count), zero_f32(count)
        for p in range(0, positions, LANES):
            at = get_i64(table + p // LANES * 8) + place + v * LANES * 2
            share = shares + 4 * p
            for _ in range(min(LANES, positions - p)):
                first = multiply_add(first, load_f16x16(at), share, SCORES)
                second = multiply_add(second, load_f16x16(at + other * LANES * 2), share, SCORES)
                at, share = at + head_pad * 2, share + 4
        store_tile(mixed + v * VECTOR, 4 * head_pad, first)
        store_tile(mixed + (v + other) * VECTOR, 4 * head_pad, second)


@njit
def _chunk(rows, q, model, place, table, positions, scores):  # type: ignore[no-untyped-def]
    """Scores of `rows` rows: padded to a size there is code for, reading on into whatever rows follow."""
    pages = (positions + LANES - 1) // LANES
    if rows > 4:
        _score(8, q, model.sizes.head_dim, place, table, pages, scores)
    elif rows > 1:
        _score(4, q, model.sizes.head_dim, place, table, pages, scores)
    else:
        _score(1, q, model.sizes.head_dim, place, table, pages, scores)
    return pages


@njit
def _values(rows, model, place, table, positions, scores, mixed):  # type: ignore[no-untyped-def]
    at = place + model.cache.value_offset
    if rows > 4:
        _mix(8, scores, positions, at, table, model.sizes.head_pad, mixed)
    elif rows > 1:
        _mix(4, scores, positions, at, table, model.sizes.head_pad, mixed)
    else:
        _mix(1, scores, positions, at, table, model.sizes.head_pad, mixed)


@njit
def merge(sums, mixed, new_sums, new_mixed, head_pad):  # type: ignore[no-untyped-def]
    """Add a chunk's (maximum, sum) and mixed values to those of all chunks before it."""
    old_top, new_top = get_f32(sums), get_f32(new_sums)
    top = max(old_top, new_top)
    keep, take = exp_f32(broadcast_f32(old_top - top)), exp_f32(broadcast_f32(new_top - top))
    for i in range(head_pad // LANES):
        old = mul_f32(load_f32x16(mixed + i * VECTOR), keep)
        store(mixed + i * VECTOR, fma_f32(load_f32x16(new_mixed + i * VECTOR), take, old))
    total = add_f32(
        mul_f32(broadcast_f32(get_f32(sums + 4)), keep), mul_f32(broadcast_f32(get_f32(new_sums + 4)), take)
    )
    put_f32(sums, top)
    put_f32(sums + 4, largest_f32(total))


@njit
def finish(out, sums, mixed, head_dim):  # type: ignore[no-untyped-def]
    """out (head_dim) = mixed / sum."""
    total = broadcast_f32(get_f32(sums + 4))
    whole = head_dim // LANES * LANES
    for i in range(0, whole, LANES):
        store(out + 4 * i, div_f32(load_f32x16(mixed + 4 * i), total))
    for i in range(whole, head_dim):
        put_f32(out + 4 * i, get_f32(mixed + 4 * i) / get_f32(sums + 4))


@njit
def attend(  # type: ignore[no-untyped-def]
    model, window, layer, span, kv_head, row, rows, first_chunk, last_chunk, partial, scratch
):
    """Rows `row` to `row` + `rows` - 1 of a span's heads of one KV head, over chunks first_chunk to last_chunk - 1.

    Chunks that no row sees any more are left out. A row's result goes to the attention output, or, when `partial` is an
    address, its sums and mixed values go there.
    """
    group = model.sizes.heads // model.sizes.kv_heads
    place = layer * model.cache.layer_bytes + kv_head * model.cache.head_bytes
    q = model.rows.queries + kv_head * model.rows.queries_stride + (span.first * group + row) * model.sizes.head_dim * 4
    scores = scratch
    sums, mixed = scores + ROWS * SCORES, scores + ROWS * SCORES + 2 * ROWS * VECTOR
    new_sums, new_mixed = sums + ROWS * VECTOR, mixed + 4 * ROWS * model.sizes.head_pad
    last_position = span.position + (row + rows - 1) // group
    begin = first_seen(window, span.position + row // group) // CHUNK
    if partial == 0:
        first_chunk = begin
    elif first_chunk < begin:
        return
    for chunk in range(first_chunk, min(last_chunk, last_position // CHUNK + 1)):
        table = span.table + chunk * PAGES * 8
        positions = min(CHUNK, last_position + 1 - chunk * CHUNK)
        pages = _chunk(rows, q, model, place, table, positions, scores)
        to_sums, to_mixed = (sums, mixed) if chunk == first_chunk else (new_sums, new_mixed)
        for r in range(rows):
            position = span.position + (row + r) // group
            valid = min(CHUNK, position + 1 - chunk * CHUNK)
            hidden = first_seen(window, position) - chunk * CHUNK
            _softmax(scores + r * SCORES, hidden, max(valid, 0), pages, to_sums + r * VECTOR)
        _values(rows, model, place, table, positions, scores, to_mixed)
        if chunk > first_chunk:
            for r in range(rows):
                position = span.position + (row + r) // group
                if position >= chunk * CHUNK and first_seen(window, position) < (chunk + 1) * CHUNK:
                    at = 4 * r * model.sizes.head_pad
                    merge(sums + r * VECTOR, mixed + at, new_sums + r * VECTOR, new_mixed + at, model.sizes.head_pad)
    for r in range(rows):
        token, head = span.first + (row + r) // group, kv_head * group + (row + r) % group
        if partial == 0:
            out = model.rows.mixed + token * model.rows.mixed_stride + head * model.sizes.head_dim * 4
            finish(out, sums + r * VECTOR, mixed + 4 * r * model.sizes.head_pad, model.sizes.head_dim)
        else:
            to = partial + r * model.work.partial_row
            store(to, load_f32x16(sums + r * VECTOR))
            for i in range(model.sizes.head_pad // LANES):
                store(to + (i + 1) * VECTOR, load_f32x16(mixed + 4 * r * model.sizes.head_pad + i * VECTOR))


@njit
def attend_c(model, window, layer, span, kv_head, row, scratch):  # type: ignore[no-untyped-def]
    """Attend for one row in the C engine's order.

    Every sum from left to right, nothing fused, libm's exp; float32 cache only.
    """
    group = model.sizes.heads // model.sizes.kv_heads
    place = layer * model.cache.layer_bytes + kv_head * model.cache.head_bytes
    q = model.rows.queries + kv_head * model.rows.queries_stride + (span.first * group + row) * model.sizes.head_dim * 4
    token, head = span.first + row // group, kv_head * group + row % group
    length = span.position + row // group + 1
    seen = first_seen(window, length - 1)
    root = math.sqrt(np.float32(model.sizes.head_dim))
    for p in range(seen // LANES * LANES, length, LANES):
        k = get_i64(span.table + p // LANES * 8) + place
        total = broadcast_f32(_ZERO)
        for d in range(model.sizes.head_dim):
            total = add_f32(total, mul_f32(broadcast_f32(get_f32(q + 4 * d)), load_f32x16(k + d * VECTOR)))
        store(scratch + 4 * p, div_f32(total, broadcast_f32(root)))
    largest = get_f32(scratch + 4 * seen)
    for p in range(seen + 1, length):
        value = get_f32(scratch + 4 * p)
        if value > largest:
            largest = value
    total_share = _ZERO
    for p in range(seen, length):
        share = math.exp(get_f32(scratch + 4 * p) - largest)
        put_f32(scratch + 4 * p, share)
        total_share += share
    for i in range(model.sizes.head_dim):
        put_f32(model.rows.mixed + token * model.rows.mixed_stride + (head * model.sizes.head_dim + i) * 4, _ZERO)
    mixed = scratch + (length + LANES) // LANES * VECTOR
    for i in range(model.sizes.head_pad // LANES):
        store(mixed + i * VECTOR, broadcast_f32(_ZERO))
    for p in range(seen, length):
        share = broadcast_f32(get_f32(scratch + 4 * p) / total_share)
        v = get_i64(span.table + p // LANES * 8) + place + model.cache.value_offset
        v += p % LANES * model.sizes.head_pad * 4
        for i in range(model.sizes.head_pad // LANES):
            old = load_f32x16(mixed + i * VECTOR)
            store(mixed + i * VECTOR, add_f32(old, mul_f32(share, load_f32x16(v + i * VECTOR))))
    for i in range(model.sizes.head_dim):
        out = model.rows.mixed + token * model.rows.mixed_stride + (head * model.sizes.head_dim + i) * 4
        put_f32(out, get_f32(mixed + 4 * i))
