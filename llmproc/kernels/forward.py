"""One forward pass of a Llama-family model, run by every rank of a team: all take portions of one phase after another.

    embed | per layer: (norm |) q k v | rotate, store | attend | (join |) (prepare |) output, add | (norm |) gate, up,
    unit | down, add | (norm |) logits                     `|`: a phase ends; (): for many tokens, or if there is any

Used by `engine.forward`, which fills the records (`kernels.records`). How ranks share phases, and why one that is late
is not waited for and harms nothing: `kernels.tickets`. Every number has one rank that computes it, from left to right:
results do not depend on how many ranks there are.
"""

from __future__ import annotations

from llmproc.kernels.attention_phases import attend_all, join_chunks, rotate_and_store
from llmproc.kernels.block_parts import ADD, STORE
from llmproc.kernels.kinds import INTEGERS
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
from llmproc.kernels.work import end_phase, rows_of, with_floats

GATE_SPINS = 4000  # between two steps of a busy engine no rank sleeps; an idle team sleeps after about 0.2 ms
inlined = njit(inline="always")  # into the caller's own code: LLVM sees it once


@inlined
def _normalised(model, phase, outputs, weight, reads, tokens, layer):  # type: ignore[no-untyped-def]
    """Return (activations, phase): for few tokens each rank makes its own copy, if it is not too late for it."""
    x_in = inputs_of(model, phase, tokens, model.sizes.dim)
    if tokens > FEW:
        finished, total = normalise_all(model, phase, outputs, weight, reads, x_in, tokens)
        return x_in, end_phase(phase, finished, total, False, NORM, layer)
    if is_open(phase):
        normalise_rows(model, phase, outputs, weight, reads, x_in, 0, tokens)
        mark(phase, NORM, layer)
    return x_in, phase


@inlined
def _prepared(model, phase, reads, tokens, layer):  # type: ignore[no-untyped-def]
    """Return (activations of the attention output, phase), as above."""
    x_in = inputs_of(model, phase, tokens, model.sizes.width)
    x_in = with_floats(x_in, model.rows.mixed, model.rows.mixed_stride)
    if reads & INTEGERS == 0:
        return x_in, phase
    if tokens > FEW:
        finished, total = prepare_all(model, phase, x_in, reads, tokens)
        return x_in, end_phase(phase, finished, total, False, PREPARE, layer)
    if is_open(phase):
        prepare_rows(model, x_in, reads, 0, tokens)
        mark(phase, PREPARE, layer)
    return x_in, phase


@inlined
def _run(model, step, phase):  # type: ignore[no-untyped-def]
    """Run the pass from its first phase on. Every rank calls it with the same records."""
    places = model.places
    # Read once, and used only with tickets: the caller may be filling in the next step already.
    count, n_spans, n_outputs, split = step.tokens, step.spans, step.outputs, step.split
    mark(phase, START, step_number(phase.key))
    if step.only_products:
        only_products(model, phase, count, n_outputs)
        return
    x, stride, layers = model.rows.x, model.rows.x_stride, model.weights.layer_count
    finished, total = embed_all(model, phase, places.tokens, count)
    phase = end_phase(phase, finished, total, False, EMBED, 0)
    for number in range(layers):
        layer = layer_at(model.weights.layers, number)
        x_in, phase = _normalised(model, phase, 0, layer.attention_norm, layer.reads_normed, count, number)
        finished, total = queries_keys_values(model, phase, layer, x_in, count)
        phase = end_phase(phase, finished, total, False, QKV, number)
        finished, total = rotate_and_store(model, phase, layer, number, places.tokens, count)
        phase = end_phase(phase, finished, total, False, ROTATE, number)
        finished, total = attend_all(model, phase, layer, number, places.spans, n_spans)
        phase = end_phase(phase, finished, total, False, ATTEND, number)
        if split:
            finished, total = join_chunks(model, phase, layer, places.spans, n_spans)
            phase = end_phase(phase, finished, total, False, MERGE, number)
        x_in, phase = _prepared(model, phase, layer.reads_mixed, count, number)
        finished, total = rows_of(ADD, phase, x, stride, layer.wo, x_in, count)
        phase = end_phase(phase, finished, total, False, OUTPUT, number)
        x_in, phase = _normalised(model, phase, 0, layer.ffn_norm, layer.reads_ffn, count, number)
        finished, total = gated(model, phase, layer, x_in, count)
        phase = end_phase(phase, finished, total, False, GATED, number)
        finished, total = rows_of(ADD, phase, x, stride, layer.w2, hidden_inputs(model), count)
        phase = end_phase(phase, finished, total, number == layers - 1 and n_outputs == 0, DOWN, number)
    if n_outputs > 0:
        norm, reads = model.weights.final_norm, model.weights.reads_final
        x_in, phase = _normalised(model, phase, places.outputs, norm, reads, n_outputs, 0)
        out, stride, matrix = model.rows.logits, model.rows.logits_stride, model.weights.classifier
        finished, total = rows_of(STORE, phase, out, stride, matrix, x_in, n_outputs)
        end_phase(phase, finished, total, True, LOGITS, 0)


@njit
def _phase(model, rank, ranks, key):  # type: ignore[no-untyped-def]
    ring = model.team.trace
    return Phase(model.team.words, rank, ranks, ring + rank * RING_BYTES if ring != 0 else 0, key)


@entry
def serve(record, rank, once):  # type: ignore[no-untyped-def]
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
            _run(model, step, _phase(model, rank, ranks, key))
            stop_here(_phase(model, rank, ranks, key), AFTER_LAST)
        if once:
            return
        spins = GATE_SPINS if rank < ranks else 0  # one that is not in use sleeps until it is


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
