"""Whether the arrays of a model are what its description says. Kernels have no bounds checks: this is theirs.

Used by `packing` and `filling`. Raises ValueError, since a file's own faults were found when it was read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import Float32, Int8Matrix, Matrix, Q4Matrix
from llmproc.kernels.kinds import F16, F32, F32_C, INT8, Q8_0
from llmproc.kernels.stored import Tiles

_ARRAYS = {F32: np.float32, F32_C: np.float32, F16: np.float16}


def check_description(description: ModelDescription) -> None:
    """Check a description. ValueError when its numbers do not go together."""
    d, width = description, description.n_heads * description.head_dim
    if d.head_dim % 2 or d.n_heads % d.n_kv_heads:
        raise ValueError("head_dim must be even and n_heads a multiple of n_kv_heads")
    if d.features.query_key_norm and d.features.multipliers.residual != 1:
        raise ValueError("a multiplier of the residual stream beside norms of queries and keys")
    if not d.group_size:
        return
    if d.group_size < 4 or d.group_size % 4 or any(n % d.group_size for n in (d.dim, width, d.hidden_dim)):
        raise ValueError(f"group_size {d.group_size} must divide dim, hidden_dim and n_heads * head_dim")


def check_vector(label: str, values: Float32, shape: tuple[int, ...]) -> None:
    """Check a norm or a bias. ValueError when it is not float32 of this shape."""
    _check_array(label, values, np.float32, shape)


def check_matrix(label: str, matrix: Matrix, tiles: Tiles, shape: tuple[int, int]) -> None:
    """Check rows of a matrix. ValueError naming `label` when they are not what its tiles are made of."""
    if tiles.kind not in _ARRAYS:
        kind, dtype = (Int8Matrix, np.int8) if tiles.kind in (INT8, Q8_0) else (Q4Matrix, np.uint8)
        if not isinstance(matrix, kind):
            raise ValueError(f"{label} is {type(matrix).__name__}, not {kind.__name__}")
        _check_array(f"{label} values", matrix.values, dtype, shape)
        scales = np.float32 if tiles.kind == INT8 else np.float16
        _check_array(f"{label} scales", matrix.scales, scales, (shape[0], shape[1] // tiles.group))
    else:
        _check_array(label, matrix, _ARRAYS[tiles.kind], shape)


def _check_array(name: str, array: Any, dtype: type, shape: tuple[int, ...]) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype or array.shape != shape:
        found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array).__name__
        raise ValueError(f"{name} is {found}, must be {np.dtype(dtype)} {shape}")
    if not (array.flags.c_contiguous and array.flags.aligned):
        raise ValueError(f"{name} must be aligned and in row-major order")
