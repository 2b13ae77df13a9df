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
from llmproc.simd.layout import LANES
from llmproc.simd.target import HAS_FMA
from llmproc.simd.types import Tile, Vector, f32x16, i32x16

_I64 = types.int64


def _zero(kind: Vector) -> Any:
    def zero(typingctx: Any, count: Any) -> Any:
        if not isinstance(count, types.IntegerLiteral):
            return None
        tile = Tile(kind, count.literal_value)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return ir.Constant(tile.llvm, None)

        return tile(count), generate

    zero.__doc__ = f"Load a Tile of `count` (a literal) {kind.name}, all zero."
    zero.__name__ = zero.__qualname__ = f"zero_{kind.name[:3]}"
    return intrinsic(prefer_literal=True)(zero)


zero_i32 = _zero(i32x16)
zero_f32 = _zero(f32x16)


def map_tile(builder: Any, tile: Any, kind: Tile, step: Any) -> Any:
    """Return a new tile value: step(i, vector i) for each vector. For intrinsics of other modules."""
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


def _add_scaled(name: str, fused: bool, doc: str) -> Any:
    def apply(typingctx: Any, tile: Any, sums: Any, weight_scales: Any, scales: Any, stride: Any) -> Any:
        if not (isinstance(tile, Tile) and isinstance(sums, Tile) and tile.count == sums.count):
            return None

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            _, integers, row_scales, scale_address, step_bytes = args

            def step(index: int, old: Any) -> Any:
                scale = emit.load(builder, emit.at(builder, scale_address, step_bytes, index), ir.FloatType())
                factor = emit.splat(builder, scale, LANES)
                exact = builder.sitofp(builder.extract_value(integers, index), f32x16.llvm)
                if fused and HAS_FMA:
                    both = builder.fmul(row_scales, factor)
                    return emit.call(builder, "llvm.fma.v16f32", f32x16.llvm, exact, both, old)
                return builder.fadd(old, builder.fmul(builder.fmul(exact, row_scales), factor))

            return map_tile(builder, args[0], tile, step)

        return tile(tile, sums, f32x16, _I64, _I64), generate

    apply.__doc__, apply.__name__, apply.__qualname__ = doc, name, name
    return intrinsic(apply)


# `scales`: address of a float32 per token, `stride` bytes apart.
add_scaled = _add_scaled(
    "add_scaled", False, "tile[i] += float(sums[i]) * weight_scales * scale i: llama2.c's step, in its order, no fma."
)
fuse_scaled = _add_scaled(
    "fuse_scaled", True, "tile[i] = fma(float(sums[i]), weight_scales * scale i, tile[i]): one instruction less."
)


@intrinsic
def add_product(typingctx: Any, tile: Any, vector: Any, address: Any, stride: Any) -> Any:
    """tile[i] += vector * (float32 at address + i * stride), rounded twice: the C engine's step."""
    if not isinstance(tile, Tile) or tile.vector is not f32x16:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def step(index: int, old: Any) -> Any:
            scalar = emit.load(builder, emit.at(builder, args[2], args[3], index), ir.FloatType())
            return builder.fadd(old, builder.fmul(args[1], emit.splat(builder, scalar, LANES)))

        return map_tile(builder, args[0], tile, step)

    return tile(tile, f32x16, _I64, _I64), generate


@intrinsic(prefer_literal=True)
def load_tile(typingctx: Any, count: Any, address: Any, stride: Any) -> Any:
    """Load a Tile of `count` (a literal) f32x16, vector i from address + i * stride."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    tile = Tile(f32x16, count.literal_value)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        result = ir.Constant(tile.llvm, ir.Undefined)
        for index in range(tile.count):
            vector = emit.load(builder, emit.at(builder, args[1], args[2], index), f32x16.llvm)
            result = builder.insert_value(result, vector, index)
        return result

    return tile(count, _I64, _I64), generate


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


@intrinsic
def add_to_memory(typingctx: Any, address: Any, stride: Any, tile: Any) -> Any:
    """Add tile[i] to the vector at address + i * stride, in memory."""
    if not isinstance(tile, Tile):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        for index in range(tile.count):
            place = emit.at(builder, args[0], args[1], index)
            old = emit.load(builder, place, f32x16.llvm)
            emit.store(builder, place, builder.fadd(old, builder.extract_value(args[2], index)))
        return context.get_dummy_value()

    return types.void(_I64, _I64, tile), generate
