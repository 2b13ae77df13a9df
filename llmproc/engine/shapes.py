"""Whether the arrays of a model are what its description says. Kernels have no bounds checks: this is theirs.

Used by `packing`. Raises ValueError, since a file's own faults were found when it was read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.tensors import matrix_shape
from llmproc.checkpoints.weights import Float32, Int8Matrix, Matrix, Q4Matrix


def check_description(description: ModelDescription) -> None:
    """Check a description. ValueError when its numbers do not go together."""
    d, width = description, description.n_heads * description.head_dim
    if d.head_dim % 2 or d.n_heads % d.n_kv_heads:
        raise ValueError("head_dim must be even and n_heads a multiple of n_kv_heads")
    if d.weight_type in ("f32", "f16"):
        return
    if d.group_size < 4 or d.group_size % 4 or any(n % d.group_size for n in (d.dim, width, d.hidden_dim)):
        raise ValueError(f"group_size {d.group_size} must divide dim, hidden_dim and n_heads * head_dim")


def check_norm(name: str, description: ModelDescription, norm: Float32) -> None:
    """Check a norm. ValueError when it is not (dim,) float32."""
    _check_array(name, norm, np.float32, (description.dim,))


def check_matrix(label: str, name: str, description: ModelDescription, matrix: Matrix, half_scales: bool) -> None:
    """Check a matrix. ValueError naming `label` when it is not of the description's type, shape and memory order."""
    d, shape = description, matrix_shape(description, name)
    if d.weight_type in ("f32", "f16"):
        _check_array(label, matrix, np.float32 if d.weight_type == "f32" else np.float16, shape)
        return
    kind: type = Int8Matrix if d.weight_type == "int8" else Q4Matrix
    if not isinstance(matrix, (Int8Matrix, Q4Matrix)) or not isinstance(matrix, kind):
        raise ValueError(f"{label} is {type(matrix).__name__}, not {kind.__name__}")
    _check_array(f"{label} values", matrix.values, np.int8 if kind is Int8Matrix else np.uint8, shape)
    scales = (shape[0], shape[1] // d.group_size)
    _check_array(f"{label} scales", matrix.scales, np.float16 if half_scales else np.float32, scales)


def _check_array(name: str, array: Any, dtype: type, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
        found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} is {found}, must be {np.dtype(dtype)} {shape}")
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"{name} must be aligned and in row-major order")
