"""One forward pass of a Llama-family model, run by every rank of a team over its share of rows, heads and tokens.

    embed | per layer: norm, q k v | rotate, store | attend | (merge) | output, add | norm, gate, up, unit | down, add |
    final norm, logits                                                          `|` is a barrier

Serves `engine.forward`, which fills the records. No rank writes what another reads before the next barrier, and every
number has one rank that computes it, from left to right: results do not depend on how many ranks there are.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.embedding import embed
from llmproc.kernels.kinds import F16, F32, F32_C, INT8, Q4_0, Q8_0
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
from llmproc.kernels.records import LAYERS, MODELS, OUTPUTS, SPANS, STEPS, TOKENS
from llmproc.kernels.registry import I64, VOID, kernel, literally, njit
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
from llmproc.kernels.work import COUNTERS, rows_of, share
from llmproc.simd.barrier import wait_for_all
from llmproc.simd.scalars import put_f32
from llmproc.simd.types import LANES

GATE_SPINS = 4000  # between two steps of a busy engine nobody sleeps; an idle team sleeps after about 0.2 ms
inlined = njit(inline="always")  # into the caller's own code: the kind stays a literal, and LLVM sees it once


@njit
def _meet(traced, model, rank, what, layer):  # type: ignore[no-untyped-def]
    """Phase `what` has ended here; go on when it has ended everywhere."""
    literally(traced)
    ring = model.trace + rank * RING_BYTES
    mark(traced, ring, what, layer)
    wait_for_all(model.barrier, model.ranks)
    mark(traced, ring, WAIT, layer)


@inlined
def _run(kind, traced, models, layers, steps, tokens, spans, outputs, rank):  # type: ignore[no-untyped-def]
    """The pass. Every rank calls it with the same records."""
    model, ranks, nothing = models[0], models[0].ranks, outputs[:0]
    if steps[0].only_products:
        only_products(kind, model, layers, steps[0].tokens, steps[0].outputs)
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
        x_in = normalised(kind, model, nothing, model.x, layer.attention_norm, count, rank)
        mark(traced, model.trace + rank * RING_BYTES, NORM, number)
        queries_keys_values(kind, model, counter, layer, x_in, count)
        _meet(traced, model, rank, QKV, number)
        rotate_and_store(model, number, tokens, count, rank)
        _meet(traced, model, rank, ROTATE, number)
        attend_all(model, counter + 4, number, spans, n_spans, rank)
        _meet(traced, model, rank, ATTEND, number)
        if split:
            join_chunks(model, spans, n_spans, rank)
            _meet(traced, model, rank, MERGE, number)
        attention_output(kind, model, counter + 8, layer, count, rank)
        _meet(traced, model, rank, OUTPUT, number)
        x_in = normalised(kind, model, nothing, model.x, layer.ffn_norm, count, rank)
        mark(traced, model.trace + rank * RING_BYTES, NORM, number)
        x_in = gated(kind, model, counter + 12, layer, x_in, count)
        _meet(traced, model, rank, GATED, number)
        rows_of(kind, ADD, model, counter + 16, model.x, model.x_stride, layer.w2, x_in, count, model.hidden)
        _meet(traced, model, rank, DOWN, number)
    if n_outputs > 0:
        x_in = normalised(kind, model, outputs, model.x, model.final_norm, n_outputs, rank)
        counter, out, stride = model.counters + layers.shape[0] * COUNTERS * 4, model.logits, model.logits_stride
        rows_of(kind, STORE, model, counter, out, stride, model.classifier, x_in, n_outputs, model.dim)
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
