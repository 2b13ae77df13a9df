"""Intrinsics on Tiles: the accumulators of a block of a matrix product, one vector of 16 rows per token.

A Tile's size is a literal: `zero_i32(6)` makes six registers, and every intrinsic on it is unrolled six times while
code is generated. Scalars of the tokens (activations, scales) are taken from `address + token * stride` (bytes).
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit
from llmproc.simd.target import HAS_FMA
from llmproc.simd.types import LANES, Tile, Vector, f32x16, i32x16

_I64 = types.int64


def _zero(kind: Vector) -> Any:
    def zero(typingctx: Any, count: Any) -> Any:
        if not isinstance(count, types.IntegerLiteral):
            return None
        tile = Tile(kind, count.literal_value)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return ir.Constant(tile.llvm, None)

        return tile(count), generate

    zero.__doc__ = f"A Tile of `count` (a literal) {kind.name}, all zero."
    zero.__name__ = zero.__qualname__ = f"zero_{kind.name[:3]}"
    return intrinsic(prefer_literal=True)(zero)


zero_i32 = _zero(i32x16)
zero_f32 = _zero(f32x16)


def map_tile(builder: Any, tile: Any, kind: Tile, step: Any) -> Any:
    """A new tile value: step(i, vector i) for each vector. For intrinsics of other modules."""
    result = tile
    for index in range(kind.count):
        result = builder.insert_value(result, step(index, builder.extract_value(tile, index)), index)
    return result


@intrinsic
def multiply_add(typingctx: Any, tile: Any, vector: Any, address: Any, stride: Any) -> Any:
    """tile[i] = fma(vector, float32 at address + i * stride, tile[i])."""
    if not isinstance(tile, Tile) or tile.vector is not f32x16:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def step(index: int, old: Any) -> Any:
            scalar = emit.load(builder, emit.at(builder, args[2], args[3], index), ir.FloatType())
            factor = emit.splat(builder, scalar, LANES)
            if HAS_FMA:
                return emit.call(builder, "llvm.fma.v16f32", f32x16.llvm, args[1], factor, old)
            return builder.fadd(old, builder.fmul(args[1], factor))

        return map_tile(builder, args[0], tile, step)

    return tile(tile, f32x16, _I64, _I64), generate


@intrinsic
def add_scaled(typingctx: Any, tile: Any, sums: Any, offsets: Any, weight_scales: Any, scales: Any, stride: Any) -> Any:
    """tile[i] += float(sums[i] - offset i) * weight_scales * scale i: llama2.c's step, in its order, without fma.

    `offsets` and `scales`: addresses of an int32 and a float32 per token, both `stride` bytes apart.
    """
    if not (isinstance(tile, Tile) and isinstance(sums, Tile) and tile.count == sums.count):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _, integers, offset_address, row_scales, scale_address, step_bytes = args

        def step(index: int, old: Any) -> Any:
            offset = emit.load(builder, emit.at(builder, offset_address, step_bytes, index), emit.I32)
            scale = emit.load(builder, emit.at(builder, scale_address, step_bytes, index), ir.FloatType())
            exact = builder.sub(builder.extract_value(integers, index), emit.splat(builder, offset, LANES))
            product = builder.fmul(builder.sitofp(exact, f32x16.llvm), row_scales)
            return builder.fadd(old, builder.fmul(product, emit.splat(builder, scale, LANES)))

        return map_tile(builder, args[0], tile, step)

    return tile(tile, sums, _I64, f32x16, _I64, _I64), generate


@intrinsic
def store_tile(typingctx: Any, address: Any, stride: Any, tile: Any) -> Any:
    """Vector i to address + i * stride."""
    if not isinstance(tile, Tile):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        for index in range(tile.count):
            emit.store(builder, emit.at(builder, args[0], args[1], index), builder.extract_value(args[2], index))
        return context.get_dummy_value()

    return types.void(_I64, _I64, tile), generate
