"""One forward pass of a Llama-family model, run by every rank of a team over its share of rows, heads and tokens.

    embed | per layer: norm, q k v | rotate, store | attend | (merge) | output, add | norm, gate, up, unit | down, add |
    final norm, logits                                                          `|` is a barrier

Serves `engine.forward`, which fills the records. No rank writes what another reads before the next barrier, and every
number has one rank that computes it, from left to right: results do not depend on how many ranks there are.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.attention import CHUNK, ROWS, attend, attend_c, finish, merge
from llmproc.kernels.embedding import embed
from llmproc.kernels.kinds import F16, F32, F32_C, INT8, Q4_0, Q8_0, QUANTISED
from llmproc.kernels.products import ADD, OFFSETS, SCALE_BYTES, STORE, VALUE_BITS, Activations, multiply
from llmproc.kernels.records import LAYERS, MODELS, OUTPUTS, SPANS, STEPS, TOKENS
from llmproc.kernels.registry import I64, VOID, kernel, literally, njit
from llmproc.kernels.rows import VECTOR, gated_unit, normalise, quantise_groups, rotate
from llmproc.kernels.trace import (
    ATTEND,
    DOWN,
    EMBED,
    GATED,
    LOGITS,
    MERGE,
    NORM,
    OUTPUT,
    QKV,
    RING_BYTES,
    ROTATE,
    START,
    WAIT,
    mark,
)  # fmt: skip
from llmproc.simd.atomics import add_i32
from llmproc.simd.barrier import wait_for_all
from llmproc.simd.dot import ACTIVATION_BYTES
from llmproc.simd.scalars import get_f32, get_i16, get_i64, put_f32, put_i16
from llmproc.simd.types import LANES
from llmproc.simd.vectors import broadcast_f32, first_lanes, load_f32x16, store, store_f16x16, where_less

FEW = 4  # tokens: up to here every rank prepares its own copy of the activations, which is sooner than a barrier
inlined = njit(inline="always")  # into the caller's own code: the kind stays a literal, and LLVM sees it once
_BITS = tuple(VALUE_BITS[kind] for kind in range(6))
_SCALE_BYTES = tuple(SCALE_BYTES[kind] for kind in range(6))
_OFFSETS = tuple(OFFSETS[kind] for kind in range(6))
_QUANTISED = tuple(kind in QUANTISED for kind in range(6))
COUNTERS = 8  # int32 of a layer: which portion is the next, of each phase
MOST_TILES = 32  # in a portion
_HALF_MAX = np.float32(65504)
GATE_SPINS = 4000  # between two steps of a busy engine nobody sleeps; an idle team sleeps after about 0.2 ms


@njit
def share(count, rank, ranks):  # type: ignore[no-untyped-def]
    """(first, last + 1) of `count` things for one rank."""
    return count * rank // ranks, count * (rank + 1) // ranks


@njit
def _product(kind, how, model, out, out_stride, matrix, first, last, x, tokens, columns):  # type: ignore[no-untyped-def]
    """Tiles first to last - 1 of a matrix with `columns` columns; `out` is where row 0 would go."""
    literally(kind)
    if first < last:
        groups = columns // model.group
        multiply(
            kind, how, out + first * VECTOR, out_stride, matrix.values, matrix.scales, 2 * columns * _BITS[kind],
            LANES * groups * _SCALE_BYTES[kind], first, last, x, tokens, groups, model.group,
        )  # fmt: skip


@njit
def _prepare(kind, model, x, row, x_in, columns):  # type: ignore[no-untyped-def]
    """Row `row` of the activations of a product, from float32 at `x`."""
    literally(kind)
    if _QUANTISED[kind]:
        at = row * x_in.group_stride
        quantise_groups(
            x, x_in.values + row * x_in.stride, x_in.scales + at, x_in.offsets + at, columns // model.group,
            model.group, _OFFSETS[kind],
        )  # fmt: skip


@njit
def _activations(kind, model, base, scales, offsets, columns):  # type: ignore[no-untyped-def]
    literally(kind)
    size = ACTIVATION_BYTES if _QUANTISED[kind] else 4
    wide = (columns + LANES - 1) // LANES * LANES
    return Activations(base, wide * size, base + scales, base + offsets, columns // model.group * 4)


@njit
def _normalised(kind, model, outputs, x, weight, tokens, rank):  # type: ignore[no-untyped-def]
    """Activations: norm of rows of the residual stream. `outputs`: which tokens, when they are not the first ones."""
    literally(kind)
    few = tokens <= FEW
    if few:
        x_in = _activations(
            kind, model, model.own + rank * model.own_bytes, model.own_scales, model.own_offsets, model.dim
        )
    else:
        x_in = _activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.dim)
    first, last = (0, tokens) if few else share(tokens, rank, model.ranks)
    scratch = model.scratch + rank * model.scratch_bytes
    for t in range(first, last):
        source = x + (outputs[t] if outputs.shape[0] > 0 else t) * model.x_stride
        out = scratch if _QUANTISED[kind] else x_in.values + t * x_in.stride
        normalise(out, source, weight, model.dim, model.eps, model.c_order)
        _prepare(kind, model, out, t, x_in, model.dim)
    if not few:
        wait_for_all(model.barrier, model.ranks)
    return x_in


@njit
def _portion(tiles, tokens, ranks):  # type: ignore[no-untyped-def]
    """Tiles a rank takes at a time: so many that every rank takes some portions, fewer where they are much work."""
    portion = min(tiles // (4 * ranks), 8 if tokens > FEW else MOST_TILES)
    return max(portion // 2 * 2, 2)


@njit
def _next(counter, portion, tiles):  # type: ignore[no-untyped-def]
    """(first, last + 1) of the next portion nobody has taken; empty when there is none. Whoever is free takes one, so
    that a rank whose core is busy with something else does less; which rank does what changes no result."""
    first = np.int64(add_i32(counter, 1)) * portion
    return first, min(first + portion, tiles)


@njit
def _rows(kind, how, model, counter, out, out_stride, matrix, x_in, tokens, columns):  # type: ignore[no-untyped-def]
    """A product, portion by portion."""
    literally(kind)
    portion = _portion(matrix.tiles, tokens, model.ranks)
    while True:
        first, last = _next(counter, portion, matrix.tiles)
        if first >= last:
            return
        _product(kind, how, model, out, out_stride, matrix, first, last, x_in, tokens, columns)


@njit
def _queries_keys_values(kind, model, counter, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Three products as one: a portion may end in another matrix than it began in."""
    literally(kind)
    q, k, v = layer.wq.tiles, layer.wk.tiles, layer.wv.tiles
    stride, portion = model.qkv_stride, _portion(q + k + v, tokens, model.ranks)
    while True:
        first, last = _next(counter, portion, q + k + v)
        if first >= last:
            return
        out = model.qkv
        _product(kind, STORE, model, out, stride, layer.wq, first, min(last, q), x_in, tokens, model.dim)
        out, first, last = out + model.k_offset, first - q, last - q
        _product(kind, STORE, model, out, stride, layer.wk, max(first, 0), min(last, k), x_in, tokens, model.dim)
        out, first, last = out + model.v_offset - model.k_offset, first - k, last - k
        _product(kind, STORE, model, out, stride, layer.wv, max(first, 0), last, x_in, tokens, model.dim)


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
def _bounded(vector):  # type: ignore[no-untyped-def]
    """Within what half precision can hold: an infinity would reach positions that must not see it, as 0 * inf."""
    limit = broadcast_f32(_HALF_MAX)
    below = where_less(limit, vector, limit, vector)
    return where_less(below, broadcast_f32(-_HALF_MAX), broadcast_f32(-_HALF_MAX), below)


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
def _rotate_and_store(model, number, tokens, count, rank):  # type: ignore[no-untyped-def]
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
def _attend(model, counter, number, spans, count, rank):  # type: ignore[no-untyped-def]
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
def _merge(model, spans, count, rank):  # type: ignore[no-untyped-def]
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
def _attention_output(kind, model, counter, layer, tokens, rank):  # type: ignore[no-untyped-def]
    """x += wo (attention output)."""
    literally(kind)
    few = tokens <= FEW
    if not _QUANTISED[kind]:
        x_in = Activations(model.mixed, model.mixed_stride, 0, 0, 0)
    else:
        if few:
            x_in = _activations(
                kind, model, model.own + rank * model.own_bytes, model.own_scales, model.own_offsets, model.width
            )
        else:
            x_in = _activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.width)
        first, last = (0, tokens) if few else share(tokens, rank, model.ranks)
        for t in range(first, last):
            _prepare(kind, model, model.mixed + t * model.mixed_stride, t, x_in, model.width)
        if not few:
            wait_for_all(model.barrier, model.ranks)
    _rows(kind, ADD, model, counter, model.x, model.x_stride, layer.wo, x_in, tokens, model.width)


@njit
def _gated(kind, model, counter, layer, x_in, tokens):  # type: ignore[no-untyped-def]
    """Rows of the hidden layer, and at once what the next product reads of them: portions hold whole groups."""
    literally(kind)
    hidden_in = _activations(kind, model, model.hidden_in, model.hidden_scales, model.hidden_offsets, model.hidden)
    tiles, unit = layer.w1.tiles, _tiles_per_unit(model.group) if _QUANTISED[kind] else 1
    portion = (_portion(tiles, tokens, model.ranks) + unit - 1) // unit * unit
    while True:
        first, last = _next(counter, portion, tiles)
        if first >= last:
            break
        _product(kind, STORE, model, model.gate, model.hidden_stride, layer.w1, first, last, x_in, tokens, model.dim)
        _product(kind, STORE, model, model.up, model.hidden_stride, layer.w3, first, last, x_in, tokens, model.dim)
        for t in range(tokens):
            at = t * model.hidden_stride + first * VECTOR
            gated_unit(model.gate + at, model.up + at, last - first, model.c_order)
            if _QUANTISED[kind]:
                columns = min(last * LANES, model.hidden) - first * LANES
                place = t * hidden_in.group_stride + first * LANES // model.group * 4
                values = hidden_in.values + t * hidden_in.stride + first * LANES * ACTIVATION_BYTES
                scales, offsets = hidden_in.scales + place, hidden_in.offsets + place
                groups = columns // model.group
                quantise_groups(model.gate + at, values, scales, offsets, groups, model.group, _OFFSETS[kind])
    if not _QUANTISED[kind]:
        return Activations(model.gate, model.hidden_stride, 0, 0, 0)
    return hidden_in


@njit
def _tiles_per_unit(group):  # type: ignore[no-untyped-def]
    """Tiles that hold whole groups: the least common multiple of tile and group, in tiles."""
    unit = 1
    while unit * LANES % group != 0:
        unit += 1
    return unit


@njit
def _meet(traced, model, rank, what, layer):  # type: ignore[no-untyped-def]
    """Phase `what` has ended here; go on when it has ended everywhere."""
    literally(traced)
    ring = model.trace + rank * RING_BYTES
    mark(traced, ring, what, layer)
    wait_for_all(model.barrier, model.ranks)
    mark(traced, ring, WAIT, layer)


@njit
def _products(kind, model, layers, tokens, n_outputs):  # type: ignore[no-untyped-def]
    """All products of a step, over whatever stands in the buffers, and nothing else: what bench measures alone."""
    literally(kind)
    x_in = _activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.dim)
    mixed_in = _activations(kind, model, model.shared, model.scales_offset, model.offsets_offset, model.width)
    hidden_in = _activations(kind, model, model.hidden_in, model.hidden_scales, model.hidden_offsets, model.hidden)
    x, x_stride, gate, up, stride = model.x, model.x_stride, model.gate, model.up, model.hidden_stride
    for number in range(layers.shape[0]):
        layer, counter = layers[number], model.counters + number * COUNTERS * 4
        _queries_keys_values(kind, model, counter, layer, x_in, tokens)
        wait_for_all(model.barrier, model.ranks)
        _rows(kind, STORE, model, counter + 8, x, x_stride, layer.wo, mixed_in, tokens, model.width)
        wait_for_all(model.barrier, model.ranks)
        _rows(kind, STORE, model, counter + 12, gate, stride, layer.w1, x_in, tokens, model.dim)
        _rows(kind, STORE, model, counter + 20, up, stride, layer.w3, x_in, tokens, model.dim)
        wait_for_all(model.barrier, model.ranks)
        _rows(kind, STORE, model, counter + 16, x, x_stride, layer.w2, hidden_in, tokens, model.hidden)
        wait_for_all(model.barrier, model.ranks)
    counter = model.counters + layers.shape[0] * COUNTERS * 4
    _rows(kind, STORE, model, counter, model.logits, model.logits_stride, model.classifier, x_in, n_outputs, model.dim)
    wait_for_all(model.barrier, model.ranks)


@inlined
def _run(kind, traced, models, layers, steps, tokens, spans, outputs, rank):  # type: ignore[no-untyped-def]
    """The pass. Every rank calls it with the same records."""
    model, ranks, nothing = models[0], models[0].ranks, outputs[:0]
    if steps[0].only_products:
        _products(kind, model, layers, steps[0].tokens, steps[0].outputs)
        return
    # Read before the first barrier: behind the last one the caller may be filling in the next step already.
    count, n_spans, n_outputs, split = steps[0].tokens, steps[0].spans, steps[0].outputs, steps[0].split
    mark(traced, model.trace + rank * RING_BYTES, START, steps[0].number)
    first, last = share(count, rank, ranks)
    for t in range(first, last):
        x = model.x + t * model.x_stride
        embed(kind, model, x, tokens[t].id)
        for i in range(model.dim, (model.dim + LANES - 1) // LANES * LANES):
            put_f32(x + 4 * i, np.float32(0))  # NaN of a failed sequence may stand there
    _meet(traced, model, rank, EMBED, 0)
    for number in range(layers.shape[0]):
        layer, counter = layers[number], model.counters + number * COUNTERS * 4  # bytes: one int32 a phase
        x_in = _normalised(kind, model, nothing, model.x, layer.attention_norm, count, rank)
        mark(traced, model.trace + rank * RING_BYTES, NORM, number)
        _queries_keys_values(kind, model, counter, layer, x_in, count)
        _meet(traced, model, rank, QKV, number)
        _rotate_and_store(model, number, tokens, count, rank)
        _meet(traced, model, rank, ROTATE, number)
        _attend(model, counter + 4, number, spans, n_spans, rank)
        _meet(traced, model, rank, ATTEND, number)
        if split:
            _merge(model, spans, n_spans, rank)
            _meet(traced, model, rank, MERGE, number)
        _attention_output(kind, model, counter + 8, layer, count, rank)
        _meet(traced, model, rank, OUTPUT, number)
        x_in = _normalised(kind, model, nothing, model.x, layer.ffn_norm, count, rank)
        mark(traced, model.trace + rank * RING_BYTES, NORM, number)
        x_in = _gated(kind, model, counter + 12, layer, x_in, count)
        _meet(traced, model, rank, GATED, number)
        _rows(kind, ADD, model, counter + 16, model.x, model.x_stride, layer.w2, x_in, count, model.hidden)
        _meet(traced, model, rank, DOWN, number)
    if n_outputs > 0:
        x_in = _normalised(kind, model, outputs, model.x, model.final_norm, n_outputs, rank)
        counter, out, stride = model.counters + layers.shape[0] * COUNTERS * 4, model.logits, model.logits_stride
        _rows(kind, STORE, model, counter, out, stride, model.classifier, x_in, n_outputs, model.dim)
        _meet(traced, model, rank, LOGITS, 0)


@inlined
def _serve(kind, traced, models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank's life: wait until everybody is at the gate, run the step; `once`: the rank that comes with each step."""
    while True:
        wait_for_all(models[0].gate_barrier, models[0].at_gate, GATE_SPINS)
        if steps[0].stop:
            return
        _run(kind, traced, models, layers, steps, tokens, spans, outputs, rank)
        if models[0].at_gate > models[0].ranks:
            wait_for_all(models[0].done_barrier, models[0].at_gate, 0)
        if once:
            return


_ARGUMENTS = (MODELS, LAYERS, STEPS, TOKENS, SPANS, OUTPUTS, I64, I64)
# One function for each kind, written out: what the disk cache keeps must not be a closure.


@kernel(VOID, *_ARGUMENTS, variant="int8")
def serve_int8(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over llama2.c's int8 tiles."""
    _serve(INT8, 0, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="int8_traced")
def serve_int8_traced(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over llama2.c's int8 tiles, keeping a trace."""
    _serve(INT8, 1, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="q8_0")
def serve_q8_0(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over Q8_0 tiles."""
    _serve(Q8_0, 0, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="q8_0_traced")
def serve_q8_0_traced(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over Q8_0 tiles, keeping a trace."""
    _serve(Q8_0, 1, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="q4_0")
def serve_q4_0(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over Q4_0 tiles."""
    _serve(Q4_0, 0, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="q4_0_traced")
def serve_q4_0_traced(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over Q4_0 tiles, keeping a trace."""
    _serve(Q4_0, 1, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="f16")
def serve_f16(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over half-precision tiles."""
    _serve(F16, 0, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="f16_traced")
def serve_f16_traced(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over half-precision tiles, keeping a trace."""
    _serve(F16, 1, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="f32")
def serve_f32(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over float32 tiles."""
    _serve(F32, 0, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="f32_traced")
def serve_f32_traced(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over float32 tiles, keeping a trace."""
    _serve(F32, 1, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="f32_c")
def serve_f32_c(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over float32 tiles in the C engine's order."""
    _serve(F32_C, 0, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, *_ARGUMENTS, variant="f32_c_traced")
def serve_f32_c_traced(models, layers, steps, tokens, spans, outputs, rank, once):  # type: ignore[no-untyped-def]
    """A rank over float32 tiles in the C engine's order, keeping a trace."""
    _serve(F32_C, 1, models, layers, steps, tokens, spans, outputs, rank, once)


@kernel(VOID, MODELS)
def start_and_wait(models):  # type: ignore[no-untyped-def]
    """For a thread that is no rank: open the gate, sleep until the step is done."""
    wait_for_all(models[0].gate_barrier, models[0].at_gate, 0)
    wait_for_all(models[0].done_barrier, models[0].at_gate, 0)


@kernel(VOID, MODELS)
def dismiss(models):  # type: ignore[no-untyped-def]
    """Open the gate for ranks that find `stop` behind it."""
    wait_for_all(models[0].gate_barrier, models[0].at_gate, 0)


SERVE = {
    (INT8, False): serve_int8, (INT8, True): serve_int8_traced,
    (Q8_0, False): serve_q8_0, (Q8_0, True): serve_q8_0_traced,
    (Q4_0, False): serve_q4_0, (Q4_0, True): serve_q4_0_traced,
    (F16, False): serve_f16, (F16, True): serve_f16_traced,
    (F32, False): serve_f32, (F32, True): serve_f32_traced,
    (F32_C, False): serve_f32_c, (F32_C, True): serve_f32_c_traced,
}  # fmt: skip
