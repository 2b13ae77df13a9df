"""How a matrix of weights is stored in tiles: the literal that products are specialised by. A matrix has its own kind.

    kind      values of a tile                     of each group                      sums
    INT8      int8, in the steps of `simd.dot`     float32 scale                      llama2.c's order: bit-equal to C
    Q8_0      int8, in the steps of `simd.dot`     half scale                         the same order, fused
    Q4_0      nibbles, two steps in one            half scale                         the same order, fused
    Q5_0      nibbles and single bits              half scale                         the same order, fused
    Q4_K      nibbles, two steps in one            6-bit scale and minimum, of which  the same order, fused
                                                   eight share two halves
    Q6_K      nibbles and pairs of bits            8-bit scale, sixteen share a half  the same order, fused
    INT8_MIN  bytes, in the steps of `simd.dot`    float32 scale and minimum          the same order, fused
    F16       half, [column][16 rows]              -                                  column by column, fused
    BF16      upper halves of float32, the same    -                                  column by column, fused
    F32       float32, [column][16 rows]           -                                  column by column, fused
    F32_C     float32, [column][16 rows]           -                                  not fused: bit-equal to C

A tile is sixteen rows side by side, one per SIMD lane: no sum crosses lanes, and one token or many use the same order.
Groups are columns of a row that share a scale: of Q6_K 16, of INT8_MIN 16 or 32, of INT8 what the file says, else 32.
"""

from __future__ import annotations

from dataclasses import dataclass

INT8, Q8_0, Q4_0, F16, F32, F32_C, Q4_K, Q6_K, INT8_MIN, BF16, Q5_0 = range(11)
NAMES = ("int8", "q8_0", "q4_0", "f16", "f32", "f32_c", "q4_k", "q6_k", "int8_min", "bf16", "q5_0")
QUANTISED = frozenset((INT8, Q8_0, Q4_0, Q4_K, Q6_K, INT8_MIN, Q5_0))
VALUE_BITS = {INT8: 8, Q8_0: 8, Q4_0: 4, F16: 16, F32: 32, F32_C: 32, Q4_K: 4, Q6_K: 6, INT8_MIN: 8, BF16: 16, Q5_0: 5}

# What a product reads of its input, as bits: rows of float32; int8 with a scale and the sum of every group; the same
# sum times the scale, of every group or of every half of one (for minimums).
FLOATS, INTEGERS, SHIFTS, HALF_SHIFTS = 1, 2, 4, 8


@dataclass(frozen=True, slots=True)
class Scales:
    """What stands beside the values of a tile: `nbytes` for every `columns` columns of its sixteen rows."""

    columns: int
    nbytes: int


def scales_of(kind: int, group: int) -> Scales | None:
    """Return the scales of a kind with groups of `group` columns; None: it has none."""
    found = {
        INT8: Scales(group, 64), Q8_0: Scales(32, 32), Q4_0: Scales(32, 32), Q5_0: Scales(32, 32),
        Q4_K: Scales(256, 64 + 8 * 32), Q6_K: Scales(256, 32 + 16 * 16), INT8_MIN: Scales(group, 128),
    }  # fmt: skip
    return found.get(kind)


def reads(kind: int, group: int) -> int:
    """Return what a product with a matrix of this kind reads, as bits."""
    if kind not in QUANTISED:
        return FLOATS
    if kind == Q6_K or (kind == INT8_MIN and group == 16):
        return INTEGERS | HALF_SHIFTS
    return INTEGERS | SHIFTS if kind in (Q4_K, INT8_MIN) else INTEGERS
