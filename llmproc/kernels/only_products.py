"""All matrix products of a step and nothing else, over whatever stands in the buffers. Used by `forward`, for bench."""

from __future__ import annotations

from llmproc.kernels.phases import hidden_inputs, queries_keys_values
from llmproc.kernels.products import STORE
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.trace import DOWN, GATED, LOGITS, OUTPUT, QKV
from llmproc.kernels.views import layer_at
from llmproc.kernels.work import activations, end_phase, rows_of


@njit
def only_products(kind, model, phase, tokens, n_outputs):  # type: ignore[no-untyped-def]
    """Run the step. Every rank calls it with the same records."""
    literally(kind)
    x_in = activations(kind, model, model.inputs.shared, 0, model.sizes.dim)
    mixed_in = activations(kind, model, model.inputs.shared, 0, model.sizes.width)
    hidden_in = hidden_inputs(kind, model)
    x, x_stride, gate, up = model.rows.x, model.rows.x_stride, model.rows.gate, model.rows.up
    stride, dim, layers = model.rows.hidden_stride, model.sizes.dim, model.weights.layer_count
    for number in range(layers):
        layer = layer_at(model.weights.layers, number)
        finished, total = queries_keys_values(kind, model, phase, layer, x_in, tokens)
        phase = end_phase(phase, finished, total, False, QKV, number)
        finished, total = rows_of(kind, STORE, model, phase, x, x_stride, layer.wo, mixed_in, tokens, model.sizes.width)
        phase = end_phase(phase, finished, total, False, OUTPUT, number)
        finished, total = rows_of(kind, STORE, model, phase, gate, stride, layer.w1, x_in, tokens, dim)
        phase = end_phase(phase, finished, total, False, GATED, number)
        finished, total = rows_of(kind, STORE, model, phase, up, stride, layer.w3, x_in, tokens, dim)
        phase = end_phase(phase, finished, total, False, GATED, number)
        finished, total = rows_of(
            kind, STORE, model, phase, x, x_stride, layer.w2, hidden_in, tokens, model.sizes.hidden
        )
        phase = end_phase(phase, finished, total, number == layers - 1 and n_outputs == 0, DOWN, number)
    if n_outputs > 0:
        stride, matrix = model.rows.logits_stride, model.weights.classifier
        finished, total = rows_of(kind, STORE, model, phase, model.rows.logits, stride, matrix, x_in, n_outputs, dim)
        end_phase(phase, finished, total, True, LOGITS, 0)
