"""Where everything of a model lies in one block of memory, in the order the kernels read it; and putting it there.

    norms (padded to whole vectors) | embedding | classifier, if it has its own | layer by layer the seven matrices

A matrix is its tiles' values, then their scales, each part on a cache line of its own. The block is made once, by the
template, and shared by all workers; everything about it follows from the description, so a second template can map it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.tensors import LAYER_MATRICES, matrix_shape
from llmproc.checkpoints.weight_types import GROUP
from llmproc.checkpoints.weights import Int8Matrix, Matrix, Q4Matrix, Weights
from llmproc.engine.shapes import check_description, check_matrix, check_norm
from llmproc.kernels.kinds import F16, F32, F32_C, INT8, NAMES, Q4_0, Q8_0, QUANTISED, SCALE_BYTES, VALUE_BITS
from llmproc.simd.layout import LANES, LINE, OFFSET, STEP_K

Bytes = npt.NDArray[np.uint8]
Convert = Callable[[str, Matrix], Matrix]


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one matrix: offsets in bytes, and how many tiles of sixteen rows."""

    values: int
    scales: int
    tiles: int
    columns: int


def kind_of(description: ModelDescription, converted: bool, c_order: bool) -> int:
    """Return which of `kernels.kinds` a model is packed as. `converted`: quantised at load, with half scales."""
    if description.weight_type == "int8":
        return Q8_0 if converted else INT8
    if description.weight_type == "f32":
        return F32_C if c_order else F32
    return {"q4": Q4_0, "f16": F16}[description.weight_type]


class Packing:
    """The plan: places of all tensors of one model stored as one kind. Pure arithmetic."""

    def __init__(self, description: ModelDescription, kind: int) -> None:
        """Plan the places. ValueError when the description's numbers do not go together."""
        check_description(description)
        if kind in (Q8_0, Q4_0) and description.group_size != GROUP:
            raise ValueError(f"group_size {description.group_size} must be {GROUP} for {NAMES[kind]}")
        self.description, self.kind = description, kind
        self.size = 0
        norm = 4 * padded(description.dim)
        self.norms: dict[tuple[str, int | None], int] = {("final_norm", None): self._reserve(norm)}
        for layer in range(description.n_layers):
            for name in ("attention_norm", "ffn_norm"):
                self.norms[name, layer] = self._reserve(norm)
        self.embedding = self._matrix("embedding")
        self.classifier = self.embedding if description.shared_classifier else self._matrix("classifier")
        self.layers = [{name: self._matrix(name) for name in LAYER_MATRICES} for _ in range(description.n_layers)]

    def _reserve(self, nbytes: int) -> int:
        offset = self.size
        self.size += -(-nbytes // LINE) * LINE
        return offset

    def _matrix(self, name: str) -> Place:
        rows, columns = matrix_shape(self.description, name)
        tiles = padded(rows) // LANES
        values = self._reserve(tiles * LANES * columns * VALUE_BITS[self.kind] // 8)
        groups = columns // self.description.group_size if self.kind in QUANTISED else 0
        return Place(values, self._reserve(tiles * LANES * groups * SCALE_BYTES[self.kind]), tiles, columns)

    def pack(
        self, weights: Weights, buffer: memoryview, convert: Convert, progress: Callable[[int, int], None]
    ) -> None:
        """Bring `weights` into `buffer`, one matrix after another; `convert(label, matrix)` quantises what needs it.

        ValueError naming the first tensor that does not fit the description: kernels check no bounds.
        """
        memory = np.frombuffer(buffer, np.uint8)
        if len(weights.layers) != self.description.n_layers:
            raise ValueError(f"{len(weights.layers)} layers of weights, {self.description.n_layers} in the description")
        self._norm(memory, "final_norm", None, weights.final_norm)
        todo = [("embedding", "embedding", self.embedding, weights.embedding)]
        if self.classifier is not self.embedding:
            todo.append(("classifier", "classifier", self.classifier, weights.classifier))
        for number, (layer, places) in enumerate(zip(weights.layers, self.layers, strict=True)):
            self._norm(memory, "attention_norm", number, layer.attention_norm)
            self._norm(memory, "ffn_norm", number, layer.ffn_norm)
            todo += [(f"layer {number} {name}", name, places[name], getattr(layer, name)) for name in LAYER_MATRICES]
        for done, (label, name, place, matrix) in enumerate(todo):
            progress(done, len(todo))
            converted = convert(label, matrix)
            check_matrix(label, name, self.description, converted, SCALE_BYTES[self.kind] == 2)
            _put(memory, place, converted)

    def _norm(self, memory: Bytes, name: str, layer: int | None, values: npt.NDArray[np.float32]) -> None:
        check_norm(name.replace("_", " ") if layer is None else f"layer {layer} {name}", self.description, values)
        offset = self.norms[name, layer]
        memory[offset : offset + 4 * len(values)] = values.view(np.uint8)


def _put(memory: Bytes, place: Place, matrix: Matrix) -> None:
    if isinstance(matrix, (Int8Matrix, Q4Matrix)):
        steps = int8_steps(matrix) if isinstance(matrix, Int8Matrix) else q4_steps(matrix)
        _write(memory, place.values, steps)
        _write(memory, place.scales, in_lanes(matrix.scales))
    else:
        _write(memory, place.values, in_lanes(matrix))


def padded(count: int) -> int:
    """Round up to whole vectors."""
    return -(-count // LANES) * LANES


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
