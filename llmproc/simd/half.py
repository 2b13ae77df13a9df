"""Half precision where the CPU has no instruction for it: by integers and one multiplication, exact.

Without this LLVM would call a compiler-runtime function that is not in the process. Sixteen lanes at a time.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from llmproc.simd import emit
from llmproc.simd.layout import LANES
from llmproc.simd.types import f32x16, i32x16

_SHORTS = ir.VectorType(ir.IntType(16), LANES)
_HALF_INFINITY, _SINGLE_INFINITY = 0x7C00, 0x7F800000
_REBIAS = 2.0**112  # the exponents' biases differ by 127 - 15
_SMALLEST_NORMAL = 113 << 23  # bits of 2**-14, the smallest normal half
_OVERFLOW = 0x477FF000  # bits of 65520: from here on the nearest half is infinity
_DENORMAL_MAGIC = 126 << 23  # bits of 0.5: adding it rounds a small number to the step of denormal halves


def _ints(value: int) -> Any:
    return emit.constant(i32x16.llvm, value)


def to_single(builder: Any, shorts: Any) -> Any:
    """Convert <16 x i16>, bits of halves, to <16 x float>."""
    bits = builder.zext(shorts, i32x16.llvm)
    sign = builder.shl(builder.and_(bits, _ints(0x8000)), _ints(16))
    magnitude = builder.and_(bits, _ints(0x7FFF))
    small = builder.bitcast(builder.shl(magnitude, _ints(13)), f32x16.llvm)
    scaled = builder.bitcast(builder.fmul(small, emit.constant(f32x16.llvm, _REBIAS)), i32x16.llvm)
    special = builder.icmp_unsigned(">=", magnitude, _ints(_HALF_INFINITY))
    infinite = builder.or_(builder.shl(magnitude, _ints(13)), _ints(_SINGLE_INFINITY))
    return builder.bitcast(builder.or_(sign, builder.select(special, infinite, scaled)), f32x16.llvm)


def to_half(builder: Any, singles: Any) -> Any:
    """Convert <16 x float> to <16 x i16>, bits of halves, rounded to nearest, ties to even; NaN stays NaN."""
    bits = builder.bitcast(singles, i32x16.llvm)
    sign = builder.lshr(builder.and_(bits, emit.constant(i32x16.llvm, -(1 << 31))), _ints(16))
    magnitude = builder.and_(bits, _ints(0x7FFFFFFF))
    odd = builder.and_(builder.lshr(magnitude, _ints(13)), _ints(1))
    rounded = builder.add(builder.add(magnitude, _ints(0xFFF - (112 << 23))), odd)
    normal = builder.lshr(rounded, _ints(13))
    magic = builder.bitcast(_ints(_DENORMAL_MAGIC), f32x16.llvm)
    lifted = builder.bitcast(builder.fadd(builder.bitcast(magnitude, f32x16.llvm), magic), i32x16.llvm)
    denormal = builder.sub(lifted, _ints(_DENORMAL_MAGIC))
    is_small = builder.icmp_unsigned("<", magnitude, _ints(_SMALLEST_NORMAL))
    finite = builder.select(is_small, denormal, normal)
    is_nan = builder.icmp_unsigned(">", magnitude, _ints(_SINGLE_INFINITY))
    special = builder.select(is_nan, _ints(0x7E00), _ints(_HALF_INFINITY))
    is_special = builder.icmp_unsigned(">=", magnitude, _ints(_OVERFLOW))
    return builder.trunc(builder.or_(sign, builder.select(is_special, special, finite)), _SHORTS)
