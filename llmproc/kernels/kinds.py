"""How the weights of a model are stored: the literal that forward passes are specialised by.

    kind   values of a tile                     scales    sums
    INT8   int8, in the steps of `simd.dot`     float32   llama2.c's order: bit-equal to the C engine
    Q8_0   int8, in the steps of `simd.dot`     half      the same order, fused
    Q4_0   nibbles, two steps in one            half      the same order, fused
    F16    half, [column][16 rows]              -         column by column, fused
    F32    float32, [column][16 rows]           -         column by column, fused
    F32_C  float32, [column][16 rows]           -         column by column, not fused: bit-equal to the C engine

A tile is sixteen rows side by side, one per SIMD lane: no sum crosses lanes, and one token or many use the same order.
"""

from __future__ import annotations

INT8, Q8_0, Q4_0, F16, F32, F32_C = range(6)
NAMES = ("int8", "q8_0", "q4_0", "f16", "f32", "f32_c")
QUANTISED = (INT8, Q8_0, Q4_0)
VALUE_BITS = {INT8: 8, Q8_0: 8, Q4_0: 4, F16: 16, F32: 32, F32_C: 32}
SCALE_BYTES = {INT8: 4, Q8_0: 2, Q4_0: 2, F16: 0, F32: 0, F32_C: 0}
