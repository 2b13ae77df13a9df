"""Grouped-query attention over the KV cache, in the C engine's order.

Serves `engine.transformer`. Keys are stored transposed, (kv_dim, seq_len): the scores of neighbouring positions
then lie side by side and are summed by SIMD lanes of their own, each from left to right as C does. Values are
(seq_len, kv_dim).
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import F32_IN_2D, F32_OUT, F32_OUT_2D, I64, VOID, kernel


@kernel(VOID, F32_OUT_2D, F32_OUT_2D, F32_IN_2D, F32_IN_2D, I64)
def remember(keys, values, new_keys, new_values, position):  # type: ignore[no-untyped-def]
    """Write the rows new_keys, new_values (tokens, kv_dim) into one layer's cache from `position` on."""
    for t in range(new_keys.shape[0]):
        for i in range(new_keys.shape[1]):
            keys[i, position + t] = new_keys[t, i]
            values[position + t, i] = new_values[t, i]


@kernel(VOID, F32_OUT_2D, F32_IN_2D, F32_IN_2D, F32_IN_2D, I64, I64, F32_OUT)
def attend(out, queries, keys, values, position, head_dim, scratch):  # type: ignore[no-untyped-def]
    """out, queries (tokens, heads * head_dim); row t sees positions 0 to `position` + t; scratch (seq_len,).

    Per head: dot / sqrt(head_dim), softmax (maximum subtracted, sum from left to right), values weighted and added in
    the order of positions. KV head = head // (heads / kv heads).
    """
    heads, kv_heads = queries.shape[1] // head_dim, values.shape[1] // head_dim
    root = math.sqrt(np.float32(head_dim))
    for t in range(queries.shape[0]):
        scores = scratch[: position + t + 1]
        length = scores.shape[0]
        for head in range(heads):
            first = head // (heads // kv_heads) * head_dim  # where the head's keys and values begin
            for p in range(length):
                scores[p] = np.float32(0)
            for i in range(head_dim):
                q, row = queries[t, head * head_dim + i], keys[first + i]
                for p in range(length):
                    scores[p] += q * row[p]
            largest = scores[0] / root
            for p in range(length):
                scores[p] /= root
                if scores[p] > largest:
                    largest = scores[p]
            total = np.float32(0)
            for p in range(length):
                scores[p] = math.exp(scores[p] - largest)
                total += scores[p]
            mixed = out[t, head * head_dim : (head + 1) * head_dim]
            for i in range(head_dim):
                mixed[i] = np.float32(0)
            for p in range(length):
                share, row = scores[p] / total, values[p, first : first + head_dim]
                for i in range(head_dim):
                    mixed[i] += share * row[i]
