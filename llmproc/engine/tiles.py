"""Arrays of a matrix in memory to its tiles, in NumPy: weights that were quantised here, and models made by tests.

Used by `filling`; rows of files go through compiled code instead (`kernels.tiling`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.weights import Int8Matrix, Matrix, Q4Matrix
from llmproc.engine.packing import Place, padded
from llmproc.simd.layout import LANES, OFFSET, STEP_K

Bytes = npt.NDArray[np.uint8]


def put_matrix(memory: Bytes, place: Place, first: int, matrix: Matrix) -> None:
    """Bring rows from `first` on, a multiple of a tile's, to their place."""
    values, scales = place.tile_bytes
    at, scales_at = place.values + first // LANES * values, place.scales + first // LANES * scales
    if isinstance(matrix, (Int8Matrix, Q4Matrix)):
        _write(memory, at, int8_steps(matrix) if isinstance(matrix, Int8Matrix) else q4_steps(matrix))
        _write(memory, scales_at, in_lanes(matrix.scales))
    else:
        _write(memory, at, in_lanes(matrix))


def _write(memory: Bytes, offset: int, array: npt.NDArray[Any]) -> None:
    memory[offset : offset + array.nbytes] = array.reshape(-1).view(np.uint8)


def in_lanes(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return (rows, n) -> [tile][n][16 rows], missing rows zero."""
    rows, n = array.shape
    return np.ascontiguousarray(_full(array).reshape(padded(rows) // LANES, LANES, n).transpose(0, 2, 1))


def _full(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    missing = padded(len(array)) - len(array)
    return np.pad(array, ((0, missing), (0, 0))) if missing else array


def int8_steps(matrix: Int8Matrix) -> npt.NDArray[Any]:
    """Return [tile][step][16 rows][columns of a step], in the form `simd.dot` reads."""
    rows, columns = matrix.values.shape
    stored = _full(matrix.values).view(np.uint8) ^ np.uint8(OFFSET)  # + 128 modulo 256
    return _steps(stored, padded(rows), columns)


def q4_steps(matrix: Q4Matrix) -> npt.NDArray[Any]:
    """Return [tile][pair of steps][16 rows][columns of a step].

    The first step in the low nibbles, the second in the high.
    """
    rows, columns = matrix.values.shape
    pairs = _full(matrix.values).reshape(padded(rows), columns // (2 * STEP_K), 2, STEP_K)
    packed = pairs[:, :, 0] | pairs[:, :, 1] << np.uint8(4)
    return _steps(np.ascontiguousarray(packed).reshape(padded(rows), columns // 2), padded(rows), columns // 2)


def _steps(values: npt.NDArray[np.uint8], rows: int, columns: int) -> npt.NDArray[Any]:
    words = np.ascontiguousarray(values).view(np.uint32 if STEP_K == 4 else np.uint16)
    return in_lanes(words.reshape(rows, columns // STEP_K))
