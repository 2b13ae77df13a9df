"""A model's tensors one after another, so that a model is packed without standing in memory twice.

    with model.weight_source() as source:
        source.vector(name, layer, part)               norms and biases, float32
        source.rows(name, layer, first, count)         rows of a matrix: as stored, or as arrays
        source.fingerprint()                           at the end: what was read was one file, and which

Used by the engine, which fills its tiles from it. Names, layers and parts are those of `tensors`.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.weights import Float32, Int8Matrix, LoadedModel, Matrix, Q4Matrix, Weights


@dataclass(frozen=True, slots=True)
class StoredRows:
    """Rows of a matrix in the bytes of its file: `stored` is the type by GGUF's name, such as Q4_K or BF16."""

    stored: str
    data: npt.NDArray[np.uint8]  # one row after another
    shape: tuple[int, int]

    def values(self) -> Float32:
        """Return the float32 values (rows, columns)."""
        from llmproc.checkpoints.gguf.dequantising import dequantised
        from llmproc.checkpoints.gguf.tensor_types import type_named

        return dequantised(type_named(self.stored), self.data, self.shape)


Rows: TypeAlias = StoredRows | Matrix


class WeightSource(Protocol):
    """The open files of a model, as a context manager. CheckpointError when one ends early."""

    def __enter__(self) -> WeightSource: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def vector(self, name: str, layer: int | None, part: str) -> Float32:
        """Return a norm or a bias."""

    def rows(self, name: str, layer: int | None, first: int, count: int) -> Rows:
        """Return `count` rows of a matrix from `first` on; what is returned may be overwritten by the next call."""

    def fingerprint(self) -> str:
        """Return what identifies what was read. CheckpointError when a file has changed since its head was read."""


class MemorySource:
    """A model whose weights are in memory already; a WeightSource."""

    def __init__(self, loaded: LoadedModel) -> None:
        """Keep the weights until the end of the block."""
        self._weights, self._fingerprint = loaded.weights, loaded.fingerprint

    @classmethod
    def of(cls, weights: Weights) -> MemorySource:
        """Return the source of weights that come from no file."""
        return cls(LoadedModel(weights, ""))

    def __enter__(self) -> MemorySource:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._weights

    def vector(self, name: str, layer: int | None, part: str) -> Float32:
        """Return a norm or a bias."""
        owner = self._weights if layer is None else self._weights.layers[layer]
        found: Float32 = owner.biases[name] if part == "bias" else getattr(owner, name)  # type: ignore[union-attr]
        return found

    def rows(self, name: str, layer: int | None, first: int, count: int) -> Matrix:
        """Return rows of a matrix, views of them."""
        matrix: Matrix = getattr(self._weights if layer is None else self._weights.layers[layer], name)
        part = slice(first, first + count)
        if isinstance(matrix, Int8Matrix):
            return Int8Matrix(matrix.values[part], matrix.scales[part])
        if isinstance(matrix, Q4Matrix):
            return Q4Matrix(matrix.values[part], matrix.scales[part])
        return matrix[part]

    def fingerprint(self) -> str:
        """Return the fingerprint of the file that the weights were read from."""
        return self._fingerprint
