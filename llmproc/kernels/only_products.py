"""All matrix products of a step and nothing else, over whatever stands in the buffers. Used by `forward`, for bench."""

from __future__ import annotations

from llmproc.kernels.block_parts import STORE
from llmproc.kernels.phases import hidden_inputs, queries_keys_values
from llmproc.kernels.registry import njit
from llmproc.kernels.trace import DOWN, GATED, LOGITS, OUTPUT, QKV
from llmproc.kernels.views import layer_at
from llmproc.kernels.work import activations, end_phase, rows_of, with_floats


@njit
def only_products(model, phase, tokens, n_outputs):  # type: ignore[no-untyped-def]
    """Run the step. Every rank calls it with the same records."""
    x_in = activations(model, model.inputs.shared, 0, model.sizes.dim)
    mixed_in = activations(model, model.inputs.shared, 0, model.sizes.width)
    mixed_in = with_floats(mixed_in, model.rows.mixed, model.rows.mixed_stride)
    hidden_in = hidden_inputs(model)
    x, x_stride, gate, up = model.rows.x, model.rows.x_stride, model.rows.gate, model.rows.up
    stride, layers = model.rows.hidden_stride, model.weights.layer_count
    for number in range(layers):
        layer = layer_at(model.weights.layers, number)
        finished, total = queries_keys_values(model, phase, layer, x_in, tokens)
        phase = end_phase(phase, finished, total, False, QKV, number)
        finished, total = rows_of(STORE, phase, x, x_stride, layer.wo, mixed_in, tokens)
        phase = end_phase(phase, finished, total, False, OUTPUT, number)
        finished, total = rows_of(STORE, phase, gate, stride, layer.w1, x_in, tokens)
        phase = end_phase(phase, finished, total, False, GATED, number)
        finished, total = rows_of(STORE, phase, up, stride, layer.w3, x_in, tokens)
        phase = end_phase(phase, finished, total, False, GATED, number)
        finished, total = rows_of(STORE, phase, x, x_stride, layer.w2, hidden_in, tokens)
        phase = end_phase(phase, finished, total, number == layers - 1 and n_outputs == 0, DOWN, number)
    if n_outputs > 0:
        stride, matrix = model.rows.logits_stride, model.weights.classifier
        finished, total = rows_of(STORE, phase, model.rows.logits, stride, matrix, x_in, n_outputs)
        end_phase(phase, finished, total, True, LOGITS, 0)
