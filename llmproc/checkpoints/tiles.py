"""In which tile the engine holds a matrix of each stored type, and how many bytes that takes. A table, no NumPy.

Used by `llmproc show`, which says what a model needs before anything is loaded. Every quantised type that is read is
whole numbers times a scale (plus a minimum) in groups of 16 or 32, so an int8 tile holds exactly what has none of its
own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MatrixTile:
    """One way of holding a matrix: its name, and the bytes that `values` values of a row take."""

    name: str
    values: int
    nbytes: int

    def packed(self, count: int) -> int:
        """Return the bytes of `count` values."""
        return -(-count * self.nbytes // self.values)


_OWN: Mapping[str, MatrixTile] = {
    "F32": MatrixTile("f32", 1, 4),
    "F16": MatrixTile("f16", 1, 2),
    "BF16": MatrixTile("bf16", 1, 2),
    "Q8_0": MatrixTile("q8_0", 32, 34),
    "Q4_0": MatrixTile("q4_0", 32, 18),
    "Q4_K": MatrixTile("q4_K", 256, 144),
    "Q6_K": MatrixTile("q6_K", 256, 210),
}
_GROUPS = {"Q2_K": 16, "Q3_K": 16}  # values that share a scale, where it is not 32
_WITH_MINIMUM = ("Q4_1", "Q5_1", "Q2_K", "Q5_K")
_SCALE_BYTES = 4  # a float32, since scales of these types are products


def tile_of(tensor_type: str, group: int = 0) -> MatrixTile:
    """Return the tile for a stored type by its name; `group`: values per scale of llama2.c's int8, 0 for others."""
    if tensor_type in _OWN:
        return _OWN[tensor_type]
    values = group or _GROUPS.get(tensor_type, 32)
    minimum = tensor_type in _WITH_MINIMUM
    name = "int8 with minimum" if minimum else "int8"
    return MatrixTile(name, values, values + _SCALE_BYTES * (1 + minimum))
