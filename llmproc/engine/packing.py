"""Where everything of a model lies in one block of memory, in the order the kernels read it. Pure arithmetic.

    norms, biases (in whole tiles) | embedding | classifier, if it has its own | layer by layer the seven matrices

A matrix is its tiles' values, then their scales, each part on a cache line of its own; each may be of another kind. The
block is made once, by the template (`filling`), and shared by all workers; everything about it follows from the
description and the kinds, so a second template can map it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.tensors import LAYER_MATRICES, all_tensors, matrix_shape, tensor_shape
from llmproc.engine.shapes import check_description
from llmproc.kernels.entries import PASS, variant_name
from llmproc.kernels.kinds import INT8, QUANTISED, reads
from llmproc.kernels.stored import Tiles
from llmproc.simd.layout import LANES, LINE

TilesOf = Callable[[str, int | None], Tiles]  # of a matrix, by name and layer
Key = tuple[str, int | None, str]  # name, layer, `weight` or `bias`, as `checkpoints.tensors` has them
GROUP = 32  # columns of activations that share a scale, unless the file says (llama2.c's int8)


@dataclass(frozen=True, slots=True)
class Place:
    """The place of one matrix: offsets in bytes, its tiles, and how many of sixteen rows there are."""

    values: int
    scales: int
    tiles: Tiles
    count: int
    rows: int
    columns: int

    @property
    def tile_bytes(self) -> tuple[int, int]:
        """Return the bytes from one tile's values, and from one tile's scales, to the next's."""
        return self.tiles.bytes_of(self.columns)

    @property
    def reads(self) -> int:
        """Return what a product with it reads of its input (`kernels.kinds`)."""
        return reads(self.tiles.kind, self.tiles.group)


class Packing:
    """The plan: places of all tensors of one model."""

    def __init__(self, description: ModelDescription, tiles_of: TilesOf) -> None:
        """Plan the places. ValueError when the numbers do not go together."""
        check_description(description)
        self.description, self.size = description, 0
        self.vectors: dict[Key, int] = {}
        self.matrices: dict[tuple[str, int | None], Place] = {}
        keys = list(all_tensors(description))
        for name, layer, part in keys:
            if part == "bias" or len(tensor_shape(description, name)) == 1:
                length = tensor_shape(description, name)[0]
                self.vectors[name, layer, part] = self._reserve(4 * padded(length))
        order: list[tuple[str, int | None]] = [("embedding", None), ("classifier", None)]
        order += [(name, layer) for layer in range(description.n_layers) for name in LAYER_MATRICES]
        for name, layer in order:
            if (name, layer, "weight") in keys:
                self.matrices[name, layer] = self._matrix(name, tiles_of(name, layer))
        self.matrices.setdefault(("classifier", None), self.matrices["embedding", None])
        self.group = self._activation_group()

    def _reserve(self, nbytes: int) -> int:
        offset = self.size
        self.size += -(-nbytes // LINE) * LINE
        return offset

    def _matrix(self, name: str, tiles: Tiles) -> Place:
        rows, columns = matrix_shape(self.description, name)
        if tiles.kind in QUANTISED and columns % tiles.group:
            raise ValueError(f"{name} has {columns} columns: groups of {tiles.group} do not divide them")
        count = padded(rows) // LANES
        values, scales = tiles.bytes_of(columns)
        return Place(self._reserve(count * values), self._reserve(count * scales), tiles, count, rows, columns)

    def _activation_group(self) -> int:
        """Return how many activations share a scale. ValueError when matrices do not agree."""
        wanted = {p.tiles.group if p.tiles.kind == INT8 else GROUP for p in self.matrices.values() if p.reads > 1}
        if len(wanted) > 1:
            raise ValueError(f"groups of {wanted} activations: one model can have one size")
        return wanted.pop() if wanted else GROUP

    @property
    def kinds(self) -> frozenset[int]:
        """Return the kinds of all matrices."""
        return frozenset(place.tiles.kind for place in self.matrices.values())

    @property
    def variants(self) -> tuple[str, ...]:
        """Return the names of the kernels' variants that the model needs beside COMMON."""
        return (PASS, *(variant_name(kind) for kind in sorted(self.kinds)))

    @property
    def reads(self) -> int:
        """Return what products of all matrices together read of their input."""
        found = 0
        for place in self.matrices.values():
            found |= place.reads
        return found


def padded(count: int) -> int:
    """Round up to whole vectors."""
    return -(-count // LANES) * LANES
