"""A pair of tiles times one token or four, in registers: one function for each kind of matrix. Used by `products`.

A group's sum of integers is exact; then come its scales, in one order for every count of tokens: results do not depend
on it. Minimums of weights are multiplied by the sum of a group's activations, which its input brings along.
"""

from __future__ import annotations

from llmproc.kernels.bit_blocks import q4_0, q4_k, q5_0, q6_k
from llmproc.kernels.byte_blocks import int8, int8_min, q8_0
from llmproc.kernels.float_blocks import bf16, f16, f32, f32_c
from llmproc.kernels.kinds import BF16, F16, F32, F32_C, INT8, INT8_MIN, Q4_0, Q4_K, Q5_0, Q6_K, Q8_0
from llmproc.kernels.registry import overload, types

_BLOCKS = {
    INT8: int8, Q8_0: q8_0, Q4_0: q4_0, F16: f16, F32: f32, F32_C: f32_c,
    Q4_K: q4_k, Q6_K: q6_k, INT8_MIN: int8_min, BF16: bf16, Q5_0: q5_0,
}  # fmt: skip


def block(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    """Multiply `count` tokens (a literal) by a pair of tiles.

    `groups` groups of `group` columns, as the matrix has them. `apart`: bytes from one tile's sums to the other's in
    `out`, zero for the same tile twice.
    """


@overload(block, prefer_literal=True)
def _block_overload(kind, how, count, out, apart, out_stride, pair, x, groups, group):  # type: ignore[no-untyped-def]
    return _BLOCKS[kind.literal_value] if isinstance(kind, types.IntegerLiteral) else None
