"""One forward pass of a Llama-family model, run by every rank of a team: all take portions of one phase after another.

    embed | per layer: (norm |) q k v | rotate, store | attend | (join |) (prepare |) output, add | (norm |) gate, up,
    unit | down, add | (norm |) logits                     `|`: a phase ends; (): for many tokens, or if there is any

Used by `engine.forward`, which fills the records (`kernels.records`). How ranks share phases, and why one that is late
is not waited for and harms nothing: `kernels.tickets`. Every number has one rank that computes it, from left to right:
results do not depend on how many ranks there are.
"""

from __future__ import annotations

from typing import Any

from llmproc.kernels.attention_phases import attend_all, join_chunks, rotate_and_store
from llmproc.kernels.entries import serve_name
from llmproc.kernels.kinds import NAMES
from llmproc.kernels.only_products import only_products
from llmproc.kernels.phases import (
    embed_all,
    gated,
    hidden_inputs,
    inputs_of,
    normalise_all,
    normalise_rows,
    prepare_all,
    prepare_rows,
    queries_keys_values,
)
from llmproc.kernels.products import ADD, STORE, Activations
from llmproc.kernels.records import RING_BYTES
from llmproc.kernels.registry import entry, njit
from llmproc.kernels.sizes import FEW
from llmproc.kernels.tickets import Phase, first_key, is_open, open_step, step_number, wait_for_step, wait_for_step_end
from llmproc.kernels.trace import (
    AFTER_LAST,
    AT_GATE,
    ATTEND,
    DOWN,
    EMBED,
    GATED,
    LOGITS,
    MERGE,
    NORM,
    OUTPUT,
    PREPARE,
    QKV,
    ROTATE,
    START,
    mark,
    stop_here,
)
from llmproc.kernels.views import layer_at, model_at, step_at
from llmproc.kernels.work import IS_QUANTISED, end_phase, rows_of

GATE_SPINS = 4000  # between two steps of a busy engine no rank sleeps; an idle team sleeps after about 0.2 ms
inlined = njit(inline="always")  # into the caller's own code: the kind stays a literal, and LLVM sees it once


@inlined
def _normalised(kind, model, phase, outputs, weight, tokens, layer):  # type: ignore[no-untyped-def]
    """Return (activations, phase): for few tokens each rank makes its own copy, if it is not too late for it."""
    x_in = inputs_of(kind, model, phase, tokens, model.sizes.dim)
    if tokens > FEW:
        finished, total = normalise_all(kind, model, phase, outputs, weight, x_in, tokens)
        return x_in, end_phase(phase, finished, total, False, NORM, layer)
    if is_open(phase):
        normalise_rows(kind, model, phase, outputs, weight, x_in, 0, tokens)
        mark(phase, NORM, layer)
    return x_in, phase


@inlined
def _prepared(kind, model, phase, tokens, layer):  # type: ignore[no-untyped-def]
    """Return (activations of the attention output, phase), as above."""
    if not IS_QUANTISED[kind]:
        return Activations(model.rows.mixed, model.rows.mixed_stride, 0, 0, 0), phase
    x_in = inputs_of(kind, model, phase, tokens, model.sizes.width)
    if tokens > FEW:
        finished, total = prepare_all(kind, model, phase, x_in, tokens)
        return x_in, end_phase(phase, finished, total, False, PREPARE, layer)
    if is_open(phase):
        prepare_rows(kind, model, x_in, 0, tokens)
        mark(phase, PREPARE, layer)
    return x_in, phase


@inlined
def _run(kind, model, step, phase):  # type: ignore[no-untyped-def]
    """Run the pass from its first phase on. Every rank calls it with the same records."""
    places, sizes = model.places, model.sizes
    # Read once, and used only with tickets: the caller may be filling in the next step already.
    count, n_spans, n_outputs, split = step.tokens, step.spans, step.outputs, step.split
    mark(phase, START, step_number(phase.key))
    if step.only_products:
        only_products(kind, model, phase, count, n_outputs)
        return
    x, stride, layers = model.rows.x, model.rows.x_stride, model.weights.layer_count
    finished, total = embed_all(kind, model, phase, places.tokens, count)
    phase = end_phase(phase, finished, total, False, EMBED, 0)
    for number in range(layers):
        layer = layer_at(model.weights.layers, number)
        x_in, phase = _normalised(kind, model, phase, 0, layer.attention_norm, count, number)
        finished, total = queries_keys_values(kind, model, phase, layer, x_in, count)
        phase = end_phase(phase, finished, total, False, QKV, number)
        finished, total = rotate_and_store(model, phase, number, places.tokens, count)
        phase = end_phase(phase, finished, total, False, ROTATE, number)
        finished, total = attend_all(model, phase, number, places.spans, n_spans)
        phase = end_phase(phase, finished, total, False, ATTEND, number)
        if split:
            finished, total = join_chunks(model, phase, places.spans, n_spans)
            phase = end_phase(phase, finished, total, False, MERGE, number)
        x_in, phase = _prepared(kind, model, phase, count, number)
        finished, total = rows_of(kind, ADD, model, phase, x, stride, layer.wo, x_in, count, sizes.width)
        phase = end_phase(phase, finished, total, False, OUTPUT, number)
        x_in, phase = _normalised(kind, model, phase, 0, layer.ffn_norm, count, number)
        finished, total = gated(kind, model, phase, layer, x_in, count)
        phase = end_phase(phase, finished, total, False, GATED, number)
        x_in = hidden_inputs(kind, model)
        finished, total = rows_of(kind, ADD, model, phase, x, stride, layer.w2, x_in, count, sizes.hidden)
        phase = end_phase(phase, finished, total, number == layers - 1 and n_outputs == 0, DOWN, number)
    if n_outputs > 0:
        x_in, phase = _normalised(kind, model, phase, places.outputs, model.weights.final_norm, n_outputs, 0)
        out, stride, matrix = model.rows.logits, model.rows.logits_stride, model.weights.classifier
        finished, total = rows_of(kind, STORE, model, phase, out, stride, matrix, x_in, n_outputs, sizes.dim)
        end_phase(phase, finished, total, True, LOGITS, 0)


@njit
def _phase(model, rank, ranks, key):  # type: ignore[no-untyped-def]
    ring = model.team.trace
    return Phase(model.team.words, rank, ranks, ring + rank * RING_BYTES if ring != 0 else 0, key)


@inlined
def _serve(kind, record, rank, once):  # type: ignore[no-untyped-def]
    """Live as a rank: take part in step after step; `once`: the rank that comes with each step, and begins it."""
    model = model_at(record, 0)
    step, words, key, spins = step_at(model.places.step, 0), model.team.words, first_key(0), GATE_SPINS
    while True:
        if once:
            key = first_key(step.number)
            open_step(words, step.number, 1, step.ranks)
        else:
            stop_here(_phase(model, rank, 0, key), AT_GATE)
            key = wait_for_step(words, rank, key, spins)
        if step.stop:
            return
        ranks = step.ranks
        if rank < ranks:
            _run(kind, model, step, _phase(model, rank, ranks, key))
            stop_here(_phase(model, rank, ranks, key), AFTER_LAST)
        if once:
            return
        spins = GATE_SPINS if rank < ranks else 0  # one that is not in use sleeps until it is


def _serve_of(kind: int) -> Any:
    def serve(record, rank, once):  # type: ignore[no-untyped-def]
        _serve(kind, record, rank, once)

    return serve


for _kind in range(len(NAMES)):
    entry(_serve_of(_kind), serve_name(_kind))


@entry
def open_gate(record):  # type: ignore[no-untyped-def]
    """Let ranks run the step, or end where they find `stop`: for a thread that is not one of them."""
    model = model_at(record, 0)
    step = step_at(model.places.step, 0)
    open_step(model.team.words, step.number, 0, step.ranks)


@entry
def wait_until_done(record):  # type: ignore[no-untyped-def]
    """Sleep until the step is done: for the thread that opened the gate."""
    model = model_at(record, 0)
    wait_for_step_end(model.team.words, step_at(model.places.step, 0).number)
