"""Integer dot products of sixteen rows at once, in the form the CPU has an instruction for.

    form   k per step   weights of a step                 activations of a step   instruction
    VNNI   4            64 bytes [16 rows][4], unsigned   4 int8                  vpdpbusd
    pairs  2            32 bytes [16 rows][2], signed     2 int16                 vpmaddwd, pmaddwd, or what LLVM finds

VNNI multiplies unsigned by signed: weights are stored with the sign bit flipped (+128) and 128 times the sum of the
activations is taken off once per group (`add_scaled`'s offset). Pairs need no offset: it is zero there. vpmaddubsw, the
obvious AVX2 instruction, adds two products in 16 bits and saturates (2 x 255 x 127 > 32767): silently wrong, not used.
Sums are exact in both forms while a group has at most 2**16 columns.

4-bit weights are unsigned nibbles (0..15, for -8..7) in both forms; a byte holds one weight of two steps, the low
nibble that of the first. Offsets are per token and group: minus what is added to each stored weight, times the sum of
the activations; a sum of the group starts from there (`start`), so that the correction costs nothing.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit
from llmproc.simd.layout import ACTIVATION_BYTES, LANES
from llmproc.simd.target import HAS_VNNI
from llmproc.simd.tiles import map_tile
from llmproc.simd.types import Tile, i8x32, i8x64, i16x32, i32x16
from llmproc.simd.vectors import load_i8x32, load_i8x64, narrow_i8, narrow_i16

_WEIGHTS = i8x64 if HAS_VNNI else i16x32
# What vpdpbusd's intrinsic takes its bytes as: LLVM 21 and older as 16 x i32, whose verifier refuses 64 x i8.
_BYTES = i8x64.llvm if binding.llvm_version_info[0] >= 22 else i32x16.llvm


@intrinsic
def load_weights(typingctx: Any, address: Any) -> Any:
    """Load the weights of one step."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if HAS_VNNI:
            return emit.load(builder, args[0], i8x64.llvm)
        return builder.sext(emit.load(builder, args[0], i8x32.llvm), i16x32.llvm)

    return _WEIGHTS(types.int64), generate


def _nibbles(name: str, high: bool) -> Any:
    def apply(typingctx: Any, packed: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = args[0].type
            part = builder.lshr(args[0], emit.constant(kind, 4)) if high else args[0]
            part = builder.and_(part, emit.constant(kind, 15))
            return part if HAS_VNNI else builder.zext(part, i16x32.llvm)

        return _WEIGHTS(i8x64 if HAS_VNNI else i8x32), generate

    apply.__doc__ = f"Weights of the {'second' if high else 'first'} of two steps that share their bytes."
    apply.__name__ = apply.__qualname__ = name
    return intrinsic(apply)


low_nibbles = _nibbles("low_nibbles", False)
high_nibbles = _nibbles("high_nibbles", True)
store_activations = narrow_i8 if ACTIVATION_BYTES == 1 else narrow_i16  # sixteen of them, from i32x16
load_packed = load_i8x64 if HAS_VNNI else load_i8x32  # two steps of 4-bit weights


@intrinsic
def put_activation(typingctx: Any, address: Any, value: Any) -> Any:
    """Store one activation, from int32, as `store_activations` stores sixteen."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit.store(builder, args[0], builder.trunc(args[1], ir.IntType(8 * ACTIVATION_BYTES)))
        return context.get_dummy_value()

    return types.void(types.int64, types.int32), generate


@intrinsic(prefer_literal=True)
def start(typingctx: Any, count: Any, address: Any, stride: Any) -> Any:
    """Make a Tile of `count` (a literal) i32x16: each filled with the int32 at address + i * stride."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    tile = Tile(i32x16, count.literal_value)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        result = ir.Constant(tile.llvm, ir.Undefined)
        for index in range(tile.count):
            word = emit.load(builder, emit.at(builder, args[1], args[2], index), emit.I32)
            result = builder.insert_value(result, emit.splat(builder, word, LANES), index)
        return result

    return tile(count, types.int64, types.int64), generate


def _multiply_pairs(builder: Any, weights: Any, activations: Any) -> Any:
    """Multiply <32 x i16> by <32 x i16> and add neighbours: the pattern LLVM knows as (v)pmaddwd."""
    wide = ir.VectorType(emit.I32, 2 * LANES)
    products = builder.mul(builder.sext(weights, wide), builder.sext(activations, wide))
    even = emit.shuffle(builder, products, products, list(range(0, 2 * LANES, 2)))
    odd = emit.shuffle(builder, products, products, list(range(1, 2 * LANES, 2)))
    return builder.add(even, odd)


@intrinsic
def dot(typingctx: Any, tile: Any, weights: Any, address: Any, stride: Any) -> Any:
    """tile[i] += weights of a step times the activations at address + i * stride, per row."""
    if not isinstance(tile, Tile) or tile.vector is not i32x16:
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def step(index: int, old: Any) -> Any:
            word = emit.load(builder, emit.at(builder, args[2], args[3], index), emit.I32)
            activations = builder.bitcast(emit.splat(builder, word, LANES), _WEIGHTS.llvm)
            if HAS_VNNI:
                operands = [builder.bitcast(value, _BYTES) for value in (args[1], activations)]
                return emit.call(builder, "llvm.x86.avx512.vpdpbusd.512", i32x16.llvm, old, *operands)
            return builder.add(old, _multiply_pairs(builder, args[1], activations))

        return map_tile(builder, args[0], tile, step)

    return tile(tile, _WEIGHTS, types.int64, types.int64), generate
