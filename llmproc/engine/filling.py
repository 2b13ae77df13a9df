"""A model's weights into the block that `packing` has planned: read, checked, converted where asked, brought to tiles.

Used by `loading`. Some megabytes of rows at a time: beside the block itself little memory is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from llmproc import kernels
from llmproc.checkpoints.ggml_types import convert
from llmproc.checkpoints.rotation_order import reordered_rows, row_order
from llmproc.checkpoints.source_file import refuse
from llmproc.checkpoints.tensors import HEAD_NORMS, tensor_shape
from llmproc.checkpoints.weight_source import MemorySource, Rows, StoredRows, WeightSource
from llmproc.checkpoints.weights import Float32, Int8Matrix, Matrix, Q4Matrix
from llmproc.config import WeightType
from llmproc.engine.packing import Packing, Place
from llmproc.engine.shapes import check_matrix, check_vector
from llmproc.engine.tiles import Bytes, put_matrix
from llmproc.kernels.calls import Tiling
from llmproc.kernels.entries import tile_name
from llmproc.kernels.stored import TILES
from llmproc.simd.layout import LANES

Progress = Callable[[int, int], None]
Order = npt.NDArray[np.intp]
PIECE = 1 << 22  # weights of rows, about: few megabytes stay in a cache between being read and brought to tiles
_HEADS = {"wq": "n_heads", "wk": "n_kv_heads"}  # matrices whose rows rotate in pairs


def fill(
    packing: Packing, source: WeightSource, buffer: memoryview, path: Path | str, wanted: WeightType | None,
    progress: Progress = lambda done, total: None,
) -> None:  # fmt: skip
    """Bring all weights into `buffer`; matrices in files of floats are converted to `wanted`, unless it is None.

    CheckpointError naming the first tensor with a value that is not finite or cannot be converted; ValueError for one
    that does not fit the description: kernels check no bounds.
    """
    filler = _Filler(packing, source, np.frombuffer(buffer, np.uint8), path, wanted)
    todo = [key for key, _ in distinct(packing)]
    for name, layer, part in packing.vectors:
        filler.vector(name, layer, part)
    for done, (name, layer) in enumerate(todo):
        progress(done, len(todo))
        filler.matrix(name, layer)


def distinct(packing: Packing) -> list[tuple[tuple[str, int | None], Place]]:
    """Return (name and layer, place) of every matrix; the output layer only if it has a place of its own."""
    shared = packing.matrices["classifier", None] is packing.matrices["embedding", None]
    return [(key, place) for key, place in packing.matrices.items() if not (shared and key[0] == "classifier")]


class _Filler:
    """The plan, the source and the memory of one model, and the code that it needs."""

    def __init__(
        self, packing: Packing, source: WeightSource, memory: Bytes, path: Path | str, wanted: WeightType | None
    ) -> None:
        self._packing, self._source, self._memory, self._path, self._wanted = packing, source, memory, path, wanted
        self._tiling: dict[str, Tiling] = {}
        self._in_memory = isinstance(source, MemorySource)  # its values were judged when it was made

    def vector(self, name: str, layer: int | None, part: str) -> None:
        d, label = self._packing.description, _label(name, layer, part)
        values = self._source.vector(name, layer, part)
        check_vector(label, values, tensor_shape(d, name)[:1])
        if not self._in_memory and not np.isfinite(values).all():
            raise self._not_finite(label, int(np.isfinite(values).argmin()))
        if name in HEAD_NORMS and d.features.rope.pairs == "half-split":
            values = values[row_order(1, d.head_dim, "interleaved")]
        elif (order := self._order(name)) is not None:
            values = values[order]
        if name == "final_norm" and d.features.multipliers.logits != 1:
            values = values * np.float32(d.features.multipliers.logits)
        self._put(self._packing.vectors[name, layer, part], values)

    def _put(self, offset: int, values: Float32) -> None:
        dense = np.ascontiguousarray(values)
        self._memory[offset : offset + dense.nbytes] = dense.view(np.uint8)

    def matrix(self, name: str, layer: int | None) -> None:
        place, label = self._packing.matrices[name, layer], _label(name, layer, "weight")
        order = self._order(name)
        if self._in_memory:
            whole = self._source.rows(name, layer, 0, place.rows + 1)
            assert not isinstance(whole, StoredRows)
            check_matrix(label, whole, place.tiles, (place.rows, place.columns))
        for first, count in self._pieces(place, order is not None):
            rows = self._source.rows(name, layer, first, count)
            if isinstance(rows, StoredRows) and TILES[rows.stored] == place.tiles:
                self._tile(place, first, rows, order, label)
            else:
                self._convert(place, first, count, rows, order, label)

    def _tile(self, place: Place, first: int, rows: StoredRows, order: Order | None, label: str) -> None:
        """Let compiled code do it."""
        if rows.stored not in self._tiling:
            kernels.load(tile_name(rows.stored))
            self._tiling[rows.stored] = Tiling(rows.stored)
        values, scales = place.tile_bytes
        at, scales_at = place.values + first // LANES * values, place.scales + first // LANES * scales
        tiles = -(-rows.shape[0] // LANES)
        to, to_scales = self._memory[at : at + tiles * values], self._memory[scales_at : scales_at + tiles * scales]
        bad = self._tiling[rows.stored].tile(to, to_scales, rows.data, order, rows.shape)
        if bad >= 0:
            raise self._not_finite(f"{label} row", first + bad)

    def _convert(self, place: Place, first: int, count: int, rows: Rows, order: Order | None, label: str) -> None:
        if isinstance(rows, StoredRows):
            matrix: Matrix = (values := rows.values())
            if not np.isfinite(values).all():
                raise self._not_finite(f"{label} row", first + int(np.isfinite(values).all(axis=1).argmin()))
        else:
            matrix = rows
            floats = matrix.scales if isinstance(matrix, (Int8Matrix, Q4Matrix)) else matrix
            if not self._in_memory and not np.isfinite(floats).all():
                raise self._not_finite(f"{label} row", first + int(np.isfinite(floats).all(axis=1).argmin()))
        if order is not None:
            matrix = reordered_rows(matrix, order)
        if self._wanted is not None:
            matrix = convert(matrix, self._wanted, self._path, label)
        check_matrix(label, matrix, place.tiles, (count, place.columns))
        put_matrix(self._memory, place, first, matrix)

    def _pieces(self, place: Place, whole: bool) -> Iterator[tuple[int, int]]:
        """Yield (first row, rows) of pieces that begin with a tile; `whole`: all at once, as rows change places."""
        step = place.rows if whole else max(1, PIECE // (LANES * place.columns)) * LANES
        for first in range(0, place.rows, step):
            yield first, min(step, place.rows - first)

    def _order(self, name: str) -> Order | None:
        """Return which row of the file stands where: kernels rotate neighbours. None: as they are."""
        d = self._packing.description
        if d.features.rope.pairs == "interleaved" or name not in _HEADS:
            return None
        return row_order(getattr(d, _HEADS[name]), d.head_dim, "interleaved")

    def _not_finite(self, label: str, index: int) -> Exception:
        return refuse(self._path, f"{label} {index}", "NaN or infinity", "must be finite")


def _label(name: str, layer: int | None, part: str) -> str:
    tensor = name.replace("_", " ") if layer is None else f"layer {layer} {name}"
    return f"{tensor} bias" if part == "bias" else tensor
