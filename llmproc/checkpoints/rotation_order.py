"""The rows of queries and keys in the other order of rotated pairs: an exact change that no logit sees. No I/O.

    half-split    head = [first of all pairs, then second of all pairs]     Hugging Face; GGUF's qwen2 and qwen3
    interleaved   head = [first, second, first, second, ...]                llama2.c; GGUF's llama and smollm3

A score is a sum over a head's columns, so rows of wq and wk (with their biases, and the norms of queries and keys) may
change places together. Used by conversions between formats; with it, one kind of rotation serves every model.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.features import Pairs
from llmproc.checkpoints.weights import Int8Matrix, LayerWeights, Matrix, Q4Matrix, Weights

Order = npt.NDArray[np.intp]


def row_order(heads: int, head_dim: int, wanted: Pairs) -> Order:
    """Return the rows, (heads * head_dim,), that `matrix[rows]` takes from the other order to make `wanted`."""
    rows = np.arange(heads * head_dim, dtype=np.intp)
    shape = (heads, 2, head_dim // 2) if wanted == "interleaved" else (heads, head_dim // 2, 2)
    return rows.reshape(shape).swapaxes(1, 2).reshape(-1)


def reordered_rows(matrix: Matrix, order: Order) -> Matrix:
    """Return a matrix of any weight type with its rows in another order."""
    if isinstance(matrix, Int8Matrix):
        return Int8Matrix(matrix.values[order], matrix.scales[order])
    if isinstance(matrix, Q4Matrix):
        return Q4Matrix(matrix.values[order], matrix.scales[order])
    return matrix[order]


def with_pairs(description: ModelDescription, weights: Weights, wanted: Pairs) -> tuple[ModelDescription, Weights]:
    """Return the same model with its queries and keys in the order `wanted`; itself if they already are."""
    rope = description.features.rope
    if rope.pairs == wanted:
        return description, weights
    features = dataclasses.replace(description.features, rope=dataclasses.replace(rope, pairs=wanted))
    layers = [_reordered(layer, description, wanted) for layer in weights.layers]
    return dataclasses.replace(description, features=features), dataclasses.replace(weights, layers=layers)


def _reordered(layer: LayerWeights, description: ModelDescription, wanted: Pairs) -> LayerWeights:
    orders = {
        "wq": row_order(description.n_heads, description.head_dim, wanted),
        "wk": row_order(description.n_kv_heads, description.head_dim, wanted),
    }
    changed: dict[str, Any] = {name: reordered_rows(getattr(layer, name), order) for name, order in orders.items()}
    changed["biases"] = {n: bias[orders[n]] if n in orders else bias for n, bias in layer.biases.items()}
    one = row_order(1, description.head_dim, wanted)
    for name in ("q_norm", "k_norm"):
        norm = getattr(layer, name)
        changed[name] = None if norm is None else norm[one]
    return dataclasses.replace(layer, **changed)
