"""How files store matrices, and in which tiles each stored type is held: exactly, value for value. No Numba here.

Used by the entries that bring one to the other (`tiling`), by those that plan memory, and by what shows a model.

    Q8_0, Q4_0, Q5_0, Q4_K, Q6_K       tiles of their own width
    IQ4_NL                             bytes with a half scale, the tiles of Q8_0
    Q4_1, Q5_1, Q5_K, Q2_K, Q3_K,      bytes with a float32 scale and minimum, groups of 32 or 16; what is taken from
    MXFP4                              each value is part of the minimum, exactly
    F32, F16, BF16                     as they are
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from llmproc.kernels.kinds import BF16, F16, F32, INT8_MIN, NAMES, Q4_0, Q4_K, Q5_0, Q6_K, Q8_0, VALUE_BITS, scales_of
from llmproc.simd.layout import LANES


@dataclass(frozen=True, slots=True)
class Tiles:
    """Tiles of one kind, with groups of `group` columns (1: numbers without scales)."""

    kind: int
    group: int

    @property
    def name(self) -> str:
        """Return the kind's name, and the columns of a group where the kind does not say them."""
        return NAMES[self.kind] if self.kind != INT8_MIN else f"{NAMES[self.kind]} g{self.group}"

    def bytes_of(self, columns: int) -> tuple[int, int]:
        """Return the bytes of values and of scales of one tile, for `columns` columns."""
        scales = scales_of(self.kind, self.group)
        values = LANES * columns * VALUE_BITS[self.kind] // 8
        return values, columns // scales.columns * scales.nbytes if scales else 0


@dataclass(frozen=True, slots=True)
class Block:
    """What a row is made of: `nbytes` bytes for `columns` columns."""

    columns: int
    nbytes: int


BLOCKS: Mapping[str, Block] = {
    "F32": Block(1, 4), "F16": Block(1, 2), "BF16": Block(1, 2),
    "Q8_0": Block(32, 34), "Q4_0": Block(32, 18), "Q4_1": Block(32, 20), "Q5_0": Block(32, 22), "Q5_1": Block(32, 24),
    "IQ4_NL": Block(32, 18), "MXFP4": Block(32, 17),
    "Q2_K": Block(256, 84), "Q3_K": Block(256, 110), "Q4_K": Block(256, 144), "Q5_K": Block(256, 176),
    "Q6_K": Block(256, 210),
}  # fmt: skip
STORED_TYPES = tuple(BLOCKS)
TILES: Mapping[str, Tiles] = {
    "F32": Tiles(F32, 1), "F16": Tiles(F16, 1), "BF16": Tiles(BF16, 1),
    "Q8_0": Tiles(Q8_0, 32), "Q5_0": Tiles(Q5_0, 32), "IQ4_NL": Tiles(Q8_0, 32), "Q4_0": Tiles(Q4_0, 32),
    "Q4_K": Tiles(Q4_K, 32), "Q6_K": Tiles(Q6_K, 16),
    "Q4_1": Tiles(INT8_MIN, 32), "Q5_1": Tiles(INT8_MIN, 32), "Q5_K": Tiles(INT8_MIN, 32),
    "MXFP4": Tiles(INT8_MIN, 32), "Q2_K": Tiles(INT8_MIN, 16), "Q3_K": Tiles(INT8_MIN, 16),
}  # fmt: skip
