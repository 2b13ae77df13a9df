"""Integer dot products of sixteen rows at once, in the form the CPU has an instruction for.

    form   k per step   weights of a step                 activations of a step   instruction
    VNNI   4            64 bytes [16 rows][4], unsigned   4 int8                  vpdpbusd
    pairs  2            32 bytes [16 rows][2], signed     2 int16                 vpmaddwd, pmaddwd, or what LLVM finds

VNNI multiplies unsigned by signed: weights are stored with the sign bit flipped (+128) and 128 times the sum of the
activations is taken off once per group (`add_scaled`'s offset). Pairs need no offset: it is zero there. vpmaddubsw, the
obvious AVX2 instruction, adds two products in 16 bits and saturates (2 x 255 x 127 > 32767): silently wrong, not used.
Sums are exact in both forms while a group has at most 2**16 columns.

4-bit weights are unsigned nibbles (0..15, for -8..7 or as they are) in both forms; a byte holds one weight of two
steps, the low nibble that of the first. 6-bit weights have two more bits, of four steps in one byte, the lowest those
of the first step. With each token and group comes minus the sum of its activations: times what is added to each stored
weight it is where a sum of the group starts (`start`), so that the correction costs nothing.
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


def _six_bits(number: int) -> Any:
    """Return the intrinsic for step `number` of the four that share their pairs of bits."""

    def apply(typingctx: Any, packed: Any, pairs: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = args[0].type
            low = builder.lshr(args[0], emit.constant(kind, 4)) if number % 2 else args[0]
            low = builder.and_(low, emit.constant(kind, 15))
            move = 4 - 2 * number  # the pair's place in its byte is 2 * number, in the weight it is 4
            shift = builder.shl if move > 0 else builder.lshr
            high = shift(args[1], emit.constant(kind, abs(move))) if move else args[1]
            part = builder.or_(low, builder.and_(high, emit.constant(kind, 48)))
            return part if HAS_VNNI else builder.zext(part, i16x32.llvm)

        stored = i8x64 if HAS_VNNI else i8x32
        return _WEIGHTS(stored, stored), generate

    apply.__doc__ = f"6-bit weights of step {number} of four: nibbles of two steps, pairs of bits of four."
    apply.__name__ = apply.__qualname__ = f"six_bits_{number}"
    return intrinsic(apply)


def _five_bits(number: int) -> Any:
    """Return the intrinsic for step `number` of the eight that share their single bits."""

    def apply(typingctx: Any, packed: Any, bits: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            kind = args[0].type
            low = builder.lshr(args[0], emit.constant(kind, 4)) if number % 2 else args[0]
            low = builder.and_(low, emit.constant(kind, 15))
            move = 4 - number  # the bit's place in its byte is `number`, in the weight it is 4
            shift = builder.shl if move > 0 else builder.lshr
            high = shift(args[1], emit.constant(kind, abs(move))) if move else args[1]
            part = builder.or_(low, builder.and_(high, emit.constant(kind, 16)))
            return part if HAS_VNNI else builder.zext(part, i16x32.llvm)

        stored = i8x64 if HAS_VNNI else i8x32
        return _WEIGHTS(stored, stored), generate

    apply.__doc__ = f"5-bit weights of step {number} of eight: nibbles of two steps, single bits of eight."
    apply.__name__ = apply.__qualname__ = f"five_bits_{number}"
    return intrinsic(apply)


five_bits_0, five_bits_1, five_bits_2, five_bits_3 = map(_five_bits, range(4))
five_bits_4, five_bits_5, five_bits_6, five_bits_7 = map(_five_bits, range(4, 8))
six_bits_0, six_bits_1, six_bits_2, six_bits_3 = map(_six_bits, range(4))


@intrinsic
def load_bytes(typingctx: Any, address: Any) -> Any:
    """Load the weights of one step that are stored unsigned, 0 to 127, as they are."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if HAS_VNNI:
            return emit.load(builder, args[0], i8x64.llvm)
        return builder.zext(emit.load(builder, args[0], i8x32.llvm), i16x32.llvm)

    return _WEIGHTS(types.int64), generate


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
def start(typingctx: Any, count: Any, offset: Any, address: Any, stride: Any) -> Any:
    """Make a Tile of `count` (a literal) i32x16: each `offset` times the int32 at address + i * stride.

    `offset`, a literal, is what was added to each stored weight: 0 or a power of two."""
    if not (isinstance(count, types.IntegerLiteral) and isinstance(offset, types.IntegerLiteral)):
        return None
    tile, bits = Tile(i32x16, count.literal_value), offset.literal_value.bit_length() - 1

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if bits < 0:
            return ir.Constant(tile.llvm, None)
        result = ir.Constant(tile.llvm, ir.Undefined)
        for index in range(tile.count):
            word = emit.load(builder, emit.at(builder, args[2], args[3], index), emit.I32)
            wide = builder.shl(emit.splat(builder, word, LANES), emit.constant(i32x16.llvm, bits))
            result = builder.insert_value(result, wide, index)
        return result

    return tile(count, offset, types.int64, types.int64), generate


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
