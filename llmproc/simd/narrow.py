"""Loads and stores of vectors that stand in memory as narrower numbers: halves, upper halves of float32, bytes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit, half
from llmproc.simd.layout import LANES
from llmproc.simd.target import HAS_HALF
from llmproc.simd.types import f32x16, i32x16

_ADDRESS = types.int64
_HALVES, _SHORTS = ir.VectorType(ir.HalfType(), LANES), ir.VectorType(ir.IntType(16), LANES)


@intrinsic
def load_f16x16(typingctx: Any, address: Any) -> Any:
    """Sixteen half-precision numbers, converted to f32x16 (exact)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if HAS_HALF:
            return builder.fpext(emit.load(builder, args[0], _HALVES), f32x16.llvm)
        return half.to_single(builder, emit.load(builder, args[0], _SHORTS))

    return f32x16(_ADDRESS), generate


@intrinsic
def load_bf16x16(typingctx: Any, address: Any) -> Any:
    """Sixteen upper halves of float32, as f32x16 (exact)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        wide = builder.zext(emit.load(builder, args[0], _SHORTS), i32x16.llvm)
        return builder.bitcast(builder.shl(wide, emit.constant(i32x16.llvm, 16)), f32x16.llvm)

    return f32x16(_ADDRESS), generate


def _small_loader(name: str, doc: str, convert: Any) -> Any:
    def load(typingctx: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return convert(builder, emit.load(builder, args[0], ir.VectorType(ir.IntType(8), LANES)))

        return f32x16(_ADDRESS), generate

    load.__doc__, load.__name__, load.__qualname__ = doc, name, name
    return intrinsic(load)


load_u8x16 = _small_loader(
    "load_u8x16", "Sixteen unsigned bytes, as f32x16.",
    lambda builder, value: builder.sitofp(builder.zext(value, i32x16.llvm), f32x16.llvm),
)  # fmt: skip
load_i8x16 = _small_loader(
    "load_i8x16", "Sixteen signed bytes, as f32x16.",
    lambda builder, value: builder.sitofp(builder.sext(value, i32x16.llvm), f32x16.llvm),
)  # fmt: skip


@intrinsic
def store_f16x16(typingctx: Any, address: Any, vector: Any) -> Any:
    """f32x16 rounded to half precision (to nearest, ties to even) and stored."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        rounded = builder.fptrunc(args[1], _HALVES) if HAS_HALF else half.to_half(builder, args[1])
        emit.store(builder, args[0], rounded)
        return context.get_dummy_value()

    return types.void(_ADDRESS, f32x16), generate
