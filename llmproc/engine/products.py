"""The matrix products of one model, by weight type: int8 (activations quantised per group) and float32.

Serves `transformer`. Both have the same two verbs: `take` the activations once, then multiply them by as many matrices
as read them. Nothing else of the transformer lives here.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.weights import Int8Matrix, Matrix, Weights
from llmproc.kernels.matmul import matmul_f32, matmul_int8
from llmproc.kernels.pointwise import embed_f32, embed_int8, quantise
from llmproc.kernels.tiles import ACTIVATION_TYPE, arrange, embed_tiles, matmul_tiles, widen

Float32 = npt.NDArray[np.float32]


class Products(Protocol):
    """What the transformer asks of a weight type."""

    def embed(self, out: Float32, tokens: npt.NDArray[np.int64], table: Matrix) -> None:
        """out (tokens, dim) = rows of the table."""

    def take(self, x: Float32) -> None:
        """Use x (tokens, cols) in the following products; it must stay unchanged until then."""

    def times(self, out: Float32, matrix: Matrix) -> None:
        """out (tokens, rows) = taken activations times matrix (rows, cols)."""


class Int8Products:
    """Products of int8 weights: activations are quantised in `take`."""

    def __init__(self, description: ModelDescription, block: int) -> None:
        """`block`: the most tokens one product may have."""
        group = description.group_size
        widths = {description.dim, description.n_heads * description.head_dim, description.hidden_dim}
        self._buffers = {
            width: (np.zeros((block, width), np.int8), np.zeros((block, width // group), np.float32))
            for width in widths
        }
        self._values, self._scales = self._buffers[description.dim]

    def embed(self, out: Float32, tokens: npt.NDArray[np.int64], table: Matrix) -> None:
        """See Products."""
        assert isinstance(table, Int8Matrix)
        embed_int8(out, tokens, table.values, table.scales)

    def take(self, x: Float32) -> None:
        """See Products."""
        values, scales = self._buffers[x.shape[1]]
        self._values, self._scales = values[: len(x)], scales[: len(x)]
        quantise(self._values, self._scales, x)

    def times(self, out: Float32, matrix: Matrix) -> None:
        """See Products."""
        assert isinstance(matrix, Int8Matrix)
        matmul_int8(out, self._values, self._scales, matrix.values, matrix.scales)


class TiledProducts:
    """Products of int8 weights whose matrices have been arranged in tiles: SIMD, and the same bits as Int8Products."""

    def __init__(self, description: ModelDescription, block: int) -> None:
        """`block`: the most tokens one product may have."""
        group = description.group_size
        widths = {description.dim, description.n_heads * description.head_dim, description.hidden_dim}
        self._buffers = {width: _Activations(block, width, group) for width in widths}
        self._taken = self._buffers[description.dim].first(0)

    def embed(self, out: Float32, tokens: npt.NDArray[np.int64], table: Matrix) -> None:
        """See Products."""
        assert isinstance(table, Int8Matrix)
        embed_tiles(out, tokens, table.values, table.scales)

    def take(self, x: Float32) -> None:
        """See Products."""
        self._taken = taken = self._buffers[x.shape[1]].first(len(x))
        quantise(taken.values, taken.scales, x)
        widen(taken.activations, taken.offsets, taken.values)

    def times(self, out: Float32, matrix: Matrix) -> None:
        """See Products."""
        assert isinstance(matrix, Int8Matrix)
        taken = self._taken
        matmul_tiles(out, taken.activations, taken.offsets, taken.scales, matrix.values, matrix.scales)


class _Activations:
    """Quantised activations of up to `block` tokens, in every form the tiled product needs."""

    __slots__ = ("activations", "offsets", "scales", "values")

    def __init__(self, block: int, width: int, group: int) -> None:
        self.values = np.zeros((block, width), np.int8)
        self.activations = np.zeros((block, width), ACTIVATION_TYPE)
        self.scales = np.zeros((block, width // group), np.float32)
        self.offsets = np.zeros((block, width // group), np.int32)

    def first(self, count: int) -> _Activations:
        """Views of the first `count` tokens."""
        part = object.__new__(_Activations)
        part.values, part.activations = self.values[:count], self.activations[:count]
        part.scales, part.offsets = self.scales[:count], self.offsets[:count]
        return part


def arrange_weights(weights: Weights) -> None:
    """Bring every int8 matrix into tile order, in place; a shared classifier once. Writable weights only, and once."""
    kernels.compile_all()
    matrices = [weights.embedding]
    if weights.classifier is not weights.embedding:
        matrices.append(weights.classifier)
    for layer in weights.layers:
        matrices += [layer.wq, layer.wk, layer.wv, layer.wo, layer.w1, layer.w2, layer.w3]
    for matrix in matrices:
        if isinstance(matrix, Int8Matrix):
            arrange(matrix.values, matrix.scales)


class Float32Products:
    """Products of float32 weights."""

    def __init__(self) -> None:
        self._x: Float32 = np.zeros((0, 0), np.float32)

    def embed(self, out: Float32, tokens: npt.NDArray[np.int64], table: Matrix) -> None:
        """See Products."""
        embed_f32(out, tokens, table)

    def take(self, x: Float32) -> None:
        """See Products."""
        self._x = x

    def times(self, out: Float32, matrix: Matrix) -> None:
        """See Products."""
        matmul_f32(out, self._x, matrix)
