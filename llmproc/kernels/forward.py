"""One forward pass of a Llama-family model, run by every rank of a team over its share of rows, heads and tokens.

    embed | per layer: norm, q k v | rotate, store | attend | (merge) | output, add | norm, gate, up, unit | down, add |
    final norm, logits                                                          `|` is a barrier

Used by `engine.forward`, which fills the records (`kernels.records`). No rank writes what another reads before the next
barrier, and every number has one rank that computes it, from left to right: results do not depend on how many ranks
there are.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.kernels.embedding import embed
from llmproc.kernels.entries import serve_name
from llmproc.kernels.kinds import NAMES
from llmproc.kernels.phases import (
    attend_all,
    attention_output,
    gated,
    join_chunks,
    normalised,
    only_products,
    queries_keys_values,
    rotate_and_store,
)
from llmproc.kernels.products import ADD, STORE
from llmproc.kernels.records import RING_BYTES
from llmproc.kernels.registry import entry, literally, njit
from llmproc.kernels.sizes import COUNTERS
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
    ROTATE,
    START,
    WAIT,
    mark,
)  # fmt: skip
from llmproc.kernels.views import layer_at, model_at, step_at, token_at
from llmproc.kernels.work import rows_of, share
from llmproc.simd.barrier import wait_for_all
from llmproc.simd.layout import LANES
from llmproc.simd.scalars import put_f32

GATE_SPINS = 4000  # between two steps of a busy engine no rank sleeps; an idle team sleeps after about 0.2 ms
inlined = njit(inline="always")  # into the caller's own code: the kind stays a literal, and LLVM sees it once


@njit
def _meet(traced, model, rank, what, layer):  # type: ignore[no-untyped-def]
    """Phase `what` has ended here; go on when it has ended everywhere."""
    literally(traced)
    ring = model.team.trace + rank * RING_BYTES
    mark(traced, ring, what, layer)
    wait_for_all(model.team.barrier, model.team.ranks)
    mark(traced, ring, WAIT, layer)


@inlined
def _run(kind, traced, model, step, rank):  # type: ignore[no-untyped-def]
    """Run the pass. Every rank calls it with the same records."""
    ranks, places = model.team.ranks, model.places
    if step.only_products:
        only_products(kind, model, step.tokens, step.outputs)
        return
    # Read before the first barrier: behind the last one the caller may be filling in the next step already.
    count, n_spans, n_outputs, split = step.tokens, step.spans, step.outputs, step.split
    mark(traced, model.team.trace + rank * RING_BYTES, START, step.number)
    first, last = share(count, rank, ranks)
    for t in range(first, last):
        x = model.rows.x + t * model.rows.x_stride
        embed(kind, model, x, token_at(places.tokens, t).id)
        for i in range(model.sizes.dim, (model.sizes.dim + LANES - 1) // LANES * LANES):
            put_f32(x + 4 * i, np.float32(0))  # NaN of a failed sequence may stand there
    _meet(traced, model, rank, EMBED, 0)
    for number in range(model.weights.layer_count):
        layer = layer_at(model.weights.layers, number)
        counter = model.team.counters + number * COUNTERS * 4  # bytes: one int32 a phase
        x_in = normalised(kind, model, 0, model.rows.x, layer.attention_norm, count, rank)
        mark(traced, model.team.trace + rank * RING_BYTES, NORM, number)
        queries_keys_values(kind, model, counter, layer, x_in, count)
        _meet(traced, model, rank, QKV, number)
        rotate_and_store(model, number, places.tokens, count, rank)
        _meet(traced, model, rank, ROTATE, number)
        attend_all(model, counter + 4, number, places.spans, n_spans, rank)
        _meet(traced, model, rank, ATTEND, number)
        if split:
            join_chunks(model, places.spans, n_spans, rank)
            _meet(traced, model, rank, MERGE, number)
        attention_output(kind, model, counter + 8, layer, count, rank)
        _meet(traced, model, rank, OUTPUT, number)
        x_in = normalised(kind, model, 0, model.rows.x, layer.ffn_norm, count, rank)
        mark(traced, model.team.trace + rank * RING_BYTES, NORM, number)
        x_in = gated(kind, model, counter + 12, layer, x_in, count)
        _meet(traced, model, rank, GATED, number)
        x, stride = model.rows.x, model.rows.x_stride
        rows_of(kind, ADD, model, counter + 16, x, stride, layer.w2, x_in, count, model.sizes.hidden)
        _meet(traced, model, rank, DOWN, number)
    if n_outputs > 0:
        x_in = normalised(kind, model, places.outputs, model.rows.x, model.weights.final_norm, n_outputs, rank)
        counter = model.team.counters + model.weights.layer_count * COUNTERS * 4
        out, stride = model.rows.logits, model.rows.logits_stride
        rows_of(kind, STORE, model, counter, out, stride, model.weights.classifier, x_in, n_outputs, model.sizes.dim)
        _meet(traced, model, rank, LOGITS, 0)


@inlined
def _serve(kind, traced, record, rank, once):  # type: ignore[no-untyped-def]
    """Live as a rank: wait until all are at the gate, run the step; `once`: the rank that comes with each step."""
    model = model_at(record, 0)
    team, step = model.team, step_at(model.places.step, 0)
    while True:
        wait_for_all(team.gate_barrier, team.at_gate, GATE_SPINS)
        if step.stop:
            return
        _run(kind, traced, model, step, rank)
        if team.at_gate > team.ranks:
            wait_for_all(team.done_barrier, team.at_gate, 0)
        if once:
            return


def _serve_of(kind: int, traced: int) -> Any:
    def serve(record, rank, once):  # type: ignore[no-untyped-def]
        _serve(kind, traced, record, rank, once)

    return serve


for _kind in range(len(NAMES)):
    for _traced in (False, True):
        entry(_serve_of(_kind, int(_traced)), serve_name(_kind, _traced))


@entry
def open_gate(record):  # type: ignore[no-untyped-def]
    """Let ranks run the step, or end where they find `stop`: for a thread that is not one of them."""
    team = model_at(record, 0).team
    wait_for_all(team.gate_barrier, team.at_gate, 0)


@entry
def wait_until_done(record):  # type: ignore[no-untyped-def]
    """Sleep until the step is done: for the thread that opened the gate."""
    team = model_at(record, 0).team
    wait_for_all(team.done_barrier, team.at_gate, 0)
