"""Single numbers at an address, for the parts of a kernel where vectors do not fit. `address` is int64, in bytes."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit, half
from llmproc.simd.layout import LANES
from llmproc.simd.target import HAS_HALF

_KINDS = {
    "i8": (types.int8, ir.IntType(8)),
    "i16": (types.int16, ir.IntType(16)),
    "u8": (types.uint8, ir.IntType(8)),
    "i32": (types.int32, ir.IntType(32)),
    "i64": (types.int64, ir.IntType(64)),
    "f32": (types.float32, ir.FloatType()),
}


def _reader(name: str) -> Any:
    kind, llvm = _KINDS[name]

    def get(typingctx: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit.load(builder, args[0], llvm)

        return kind(types.int64), generate

    get.__doc__, get.__name__, get.__qualname__ = f"The {name} at an address.", f"get_{name}", f"get_{name}"
    return intrinsic(get)


def _writer(name: str) -> Any:
    kind, _ = _KINDS[name]

    def put(typingctx: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            emit.store(builder, args[0], args[1])
            return context.get_dummy_value()

        return types.void(types.int64, kind), generate

    put.__doc__, put.__name__, put.__qualname__ = f"Store {name} to an address.", f"put_{name}", f"put_{name}"
    return intrinsic(put)


get_i8, get_u8, get_i16, get_i32, get_i64, get_f32 = map(_reader, ("i8", "u8", "i16", "i32", "i64", "f32"))


@intrinsic
def get_f16(typingctx: Any, address: Any) -> Any:
    """Load the half at an address, as float32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if HAS_HALF:
            return builder.fpext(emit.load(builder, args[0], ir.HalfType()), ir.FloatType())
        word = emit.load(builder, args[0], ir.IntType(16))
        single = half.to_single(builder, emit.splat(builder, word, LANES))
        return builder.extract_element(single, ir.Constant(emit.I32, 0))

    return types.float32(types.int64), generate


put_i8, put_i16, put_i32, put_i64, put_f32 = map(_writer, ("i8", "i16", "i32", "i64", "f32"))


@intrinsic
def as_f32(typingctx: Any, bits: Any) -> Any:
    """Return the float32 of these bits."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ir.FloatType())

    return types.float32(types.int32), generate
