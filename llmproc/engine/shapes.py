"""Whether the arrays of a model are what its description says. Kernels have no bounds checks: this is theirs.

Serves `transformer`. Raises ValueError, since a file's own faults were found when it was read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import Int8Matrix, Matrix, Weights


def check_weights(description: ModelDescription, weights: Weights) -> None:
    """ValueError naming the first array whose shape, type or memory order is wrong."""
    d = description
    if d.head_dim % 2 or d.n_heads % d.n_kv_heads:
        raise ValueError("head_dim must be even and n_heads a multiple of n_kv_heads")
    width = d.n_heads * d.head_dim
    if d.weight_type == "int8" and (d.group_size < 1 or any(n % d.group_size for n in (d.dim, width, d.hidden_dim))):
        raise ValueError(f"group_size {d.group_size} must divide dim, hidden_dim and n_heads * head_dim")
    table = (d.vocab_size, d.dim)
    for name, matrix in (("embedding", weights.embedding), ("classifier", weights.classifier)):
        _check_matrix(name, matrix, table, d)
    _check_array("final norm", weights.final_norm, np.float32, (d.dim,))
    if len(weights.layers) != d.n_layers:
        raise ValueError(f"{len(weights.layers)} layers of weights, {d.n_layers} in the description")
    for number, layer in enumerate(weights.layers):
        for name in ("attention_norm", "ffn_norm"):
            _check_array(f"layer {number} {name}", getattr(layer, name), np.float32, (d.dim,))
        shapes = {
            "wq": (width, d.dim), "wk": (d.kv_dim, d.dim), "wv": (d.kv_dim, d.dim), "wo": (d.dim, width),
            "w1": (d.hidden_dim, d.dim), "w2": (d.dim, d.hidden_dim), "w3": (d.hidden_dim, d.dim),
        }  # fmt: skip
        for name, shape in shapes.items():
            _check_matrix(f"layer {number} {name}", getattr(layer, name), shape, d)


def _check_matrix(name: str, matrix: Matrix, shape: tuple[int, int], description: ModelDescription) -> None:
    if description.weight_type == "f32":
        _check_array(name, matrix, np.float32, shape)
    elif isinstance(matrix, Int8Matrix):
        _check_array(f"{name} values", matrix.values, np.int8, shape)
        scales = (shape[0], shape[1] // description.group_size)
        _check_array(f"{name} scales", matrix.scales, np.float32, scales)
    else:
        raise ValueError(f"{name} is {type(matrix).__name__}, not an Int8Matrix")


def _check_array(name: str, array: Any, dtype: type, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
        found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} is {found}, must be {np.dtype(dtype)} {shape}")
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"{name} must be aligned and in row-major order")
