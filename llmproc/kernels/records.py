"""The records that a compiled forward pass reads: one of the model, one per layer, one of the step, one per chunk.

Filled by `engine.workspace`, read by `kernels.forward`. Addresses are int64, in bytes; the buffers they name outlive
the call. Rows of buffers are padded to whole vectors of sixteen, and the padding holds zeros. No Numba here.
"""

from __future__ import annotations

import numpy as np


def _record(*names: str) -> np.dtype[np.void]:
    """Return a record of int64: counts, distances in bytes, addresses."""
    return np.dtype([(name, "i8") for name in names], align=True)


MATRIX = _record(
    "values", "scales", "tiles",  # two addresses, a count of tiles
    "tile_bytes", "scale_bytes",  # from one tile's values, or scales, to the next's
    "groups", "group",  # of a row, and the columns of one; 1 for numbers without scales
    "multiply",  # address of the code for matrices of its kind (`kernels.products`)
    "bias",  # address of a number for each row, 0: none
)  # fmt: skip

LAYER = np.dtype(
    [(name, MATRIX) for name in ("wq", "wk", "wv", "wo", "w1", "w3", "w2")]
    + [(name, "i8") for name in ("attention_norm", "ffn_norm", "q_norm", "k_norm")]  # addresses; of heads: 0 for none
    # what products read of their input (`kinds.reads`): q, k, v; attention output; gate and up; hidden layer
    + [(name, "i8") for name in ("reads_normed", "reads_mixed", "reads_ffn", "reads_hidden")]
    + [(name, "i8") for name in ("rope", "rope_stride")]  # angles of position 0, bytes to the next's; 0: not rotated
    + [("window", "i8")],  # positions that a query sees, itself included
    align=True,
)

SIZES = _record("dim", "hidden", "width", "kv_dim", "heads", "kv_heads", "head_dim", "head_pad", "group")
ARITHMETIC = np.dtype(
    [(name, "f4") for name in ("eps", "score_scale", "embedding_scale")] + [("c_order", "i8")], align=True
)
WEIGHTS = np.dtype(
    [("embedding", MATRIX), ("classifier", MATRIX)]
    + [(name, "i8") for name in ("embed", "reads_final", "final_norm")]  # `embed`: address of `kernels.embedding`'s
    + [(name, "i8") for name in ("layers", "layer_count")],  # `layers`: LAYER after LAYER
    align=True,
)
# keys and values: [page][layer][kv head][keys: head_dim x 16, values: 16 x padded head_dim]
CACHE = _record("pool", "page_bytes", "layer_bytes", "head_bytes", "value_offset", "kv_half")
# float32, a row for each token of a step; a stride is the distance from one row to the next
TOKEN_ROWS = _record(
    "x", "x_stride",  # residual stream
    "qkv", "qkv_stride", "k_offset", "v_offset",
    "queries", "queries_stride",  # rotated: [kv head][token and head of the group][head_dim]
    "mixed", "mixed_stride",  # attention output
    "gate", "up", "hidden_stride",
    "logits", "logits_stride",
)  # fmt: skip
# activations in the form products read, of all ranks, of each, of the hidden layer: an address; distances from there
INPUT = _record(
    "values", "floats", "scales", "offsets", "shifts", "half_shifts", "nibble_offsets", "bytes"
)  # the last: to the next one
INPUTS = np.dtype([(name, INPUT) for name in ("shared", "own", "hidden")], align=True)  # `own`: one after the other
WORK = _record("scratch", "scratch_bytes", "partial", "partial_row")  # of each rank; partial results of attention
TEAM = _record("words", "trace")  # as `tickets` describes them; a ring for each rank, 0: none is kept
PLACES = _record("step", "tokens", "spans", "outputs")  # addresses of what changes from step to step

MODEL = np.dtype(
    [
        ("sizes", SIZES), ("arithmetic", ARITHMETIC), ("weights", WEIGHTS), ("cache", CACHE),
        ("rows", TOKEN_ROWS), ("inputs", INPUTS), ("work", WORK), ("team", TEAM), ("places", PLACES),
    ],
    align=True,
)  # fmt: skip

STEP = _record(
    "tokens",
    "spans",  # how many chunks of sequences
    "outputs",  # how many rows of logits
    "split",  # whether any attention is split over chunks of positions
    "stop",  # there are no more steps
    "only_products",
    "number",
    "ranks",  # how many take part: 0 to this, exclusive
)

SPAN = _record(
    "first",  # token of the step it begins with
    "tokens",
    "position",  # of its first token
    "table",  # address of its pages, int64
    "items",  # of attention work in all spans up to this one, this one included
    "slot",  # where its partial results go, -1 if it is not split
)

TOKEN = _record("id", "position", "table")

# What a traced pass leaves behind, a ring for each rank: count (int64), then RECORDS of TRACE, the oldest overwritten.
TRACE = _record("time", "what", "layer", "by")  # nanoseconds of CLOCK_MONOTONIC; the rank that ended the phase
PHASES = (
    "start", "embed", "qkv", "rotate", "attend", "merge", "output", "gated", "down", "logits", "norm", "prepare",
    "wait", "sleep", "late",
)  # fmt: skip
RECORDS = 1 << 14
RING_BYTES = 8 + RECORDS * TRACE.itemsize
