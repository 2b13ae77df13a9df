"""What a compiled forward pass is told: one record of the model, one per layer, one of the step, one per chunk.

Filled by `engine.forward`, read by `kernels.forward`. Addresses are int64, in bytes; the buffers they name outlive the
call. Rows of buffers are padded to whole vectors of sixteen, and the padding holds zeros.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.registry import from_dtype, types

_ADDRESS = _COUNT = "i8"

MATRIX = np.dtype([("values", _ADDRESS), ("scales", _ADDRESS), ("tiles", _COUNT)], align=True)

LAYER = np.dtype(
    [(name, MATRIX) for name in ("wq", "wk", "wv", "wo", "w1", "w3", "w2")]
    + [("attention_norm", _ADDRESS), ("ffn_norm", _ADDRESS)],
    align=True,
)

MODEL = np.dtype(
    [
        # shape
        *((name, _COUNT) for name in ("dim", "hidden", "width", "kv_dim", "heads", "kv_heads", "head_dim", "group")),
        # arithmetic
        ("eps", "f4"), ("score_scale", "f4"), ("c_order", _COUNT),
        # weights
        ("embedding", MATRIX), ("classifier", MATRIX), ("final_norm", _ADDRESS), ("rope", _ADDRESS),
        # keys and values: [page][layer][kv head][keys: head_dim x 16, values: 16 x padded head_dim]
        ("pool", _ADDRESS), ("page_bytes", _COUNT), ("layer_bytes", _COUNT), ("head_bytes", _COUNT),
        ("value_offset", _COUNT), ("kv_half", _COUNT), ("head_pad", _COUNT),
        # activations of all tokens of a step, float32; distances from one token's to the next's in bytes
        ("x", _ADDRESS), ("x_stride", _COUNT),  # residual stream
        ("qkv", _ADDRESS), ("qkv_stride", _COUNT), ("k_offset", _COUNT), ("v_offset", _COUNT),
        ("queries", _ADDRESS), ("queries_stride", _COUNT),  # rotated: [kv head][token and head of the group][head_dim]
        ("mixed", _ADDRESS), ("mixed_stride", _COUNT),  # attention output
        ("gate", _ADDRESS), ("up", _ADDRESS), ("hidden_stride", _COUNT),
        ("logits", _ADDRESS), ("logits_stride", _COUNT),
        # activations in the form products read, shared and of each rank: values, then scales, then offsets
        ("shared", _ADDRESS), ("own", _ADDRESS), ("own_bytes", _COUNT), ("hidden_in", _ADDRESS),
        ("scales_offset", _COUNT), ("offsets_offset", _COUNT), ("own_scales", _COUNT), ("own_offsets", _COUNT),
        ("hidden_scales", _COUNT), ("hidden_offsets", _COUNT),
        # scratch of each rank, and partial results of attention
        ("scratch", _ADDRESS), ("scratch_bytes", _COUNT), ("partial", _ADDRESS), ("partial_row", _COUNT),
        # the team
        ("ranks", _COUNT), ("at_gate", _COUNT),
        ("barrier", _ADDRESS), ("gate_barrier", _ADDRESS), ("done_barrier", _ADDRESS), ("counters", _ADDRESS),
        ("trace", _ADDRESS), ("trace_bytes", _COUNT),
    ],
    align=True,
)  # fmt: skip

STEP = np.dtype(
    [
        ("tokens", _COUNT),
        ("spans", _COUNT),  # how many chunks of sequences
        ("outputs", _COUNT),  # how many rows of logits
        ("split", _COUNT),  # whether any attention is split over chunks of positions
        ("stop", _COUNT),
        ("only_products", _COUNT),
        ("number", _COUNT),
    ],
    align=True,
)

SPAN = np.dtype(
    [
        ("first", _COUNT),  # token of the step it begins with
        ("tokens", _COUNT),
        ("position", _COUNT),  # of its first token
        ("table", _ADDRESS),  # its pages, int64
        ("items", _COUNT),  # of attention work in all spans up to this one, this one included
        ("slot", _COUNT),  # where its partial results go, -1 if it is not split
    ],
    align=True,
)

TOKEN = np.dtype([("id", _COUNT), ("position", _COUNT), ("table", _ADDRESS)], align=True)

MODELS = types.Array(from_dtype(MODEL), 1, "C", readonly=True)
LAYERS = types.Array(from_dtype(LAYER), 1, "C", readonly=True)
STEPS = types.Array(from_dtype(STEP), 1, "C", readonly=True)
SPANS = types.Array(from_dtype(SPAN), 1, "C", readonly=True)
TOKENS = types.Array(from_dtype(TOKEN), 1, "C", readonly=True)
OUTPUTS = types.Array(types.int64, 1, "C", readonly=True)
