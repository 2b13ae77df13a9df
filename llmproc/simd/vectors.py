"""Intrinsics on one vector. `address` is int64, in bytes; see the package for the rules."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit
from llmproc.simd.layout import LANES
from llmproc.simd.target import HAS_FMA
from llmproc.simd.types import Vector, f32x16, i8x32, i8x64, i32x16

_ADDRESS = types.int64
_HALVES, _SHORTS = ir.VectorType(ir.HalfType(), LANES), ir.VectorType(ir.IntType(16), LANES)


def _loader(kind: Vector) -> Any:
    def load(typingctx: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return emit.load(builder, args[0], kind.llvm)

        return kind(_ADDRESS), generate

    load.__doc__ = f"{kind.name} at an address."
    load.__name__ = load.__qualname__ = f"load_{kind.name}"
    return intrinsic(load)


load_f32x16 = _loader(f32x16)
load_i32x16 = _loader(i32x16)
load_i8x32 = _loader(i8x32)
load_i8x64 = _loader(i8x64)


@intrinsic
def store(typingctx: Any, address: Any, vector: Any) -> Any:
    """Store any vector at an address."""
    if not isinstance(vector, Vector):
        return None

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit.store(builder, args[0], args[1])
        return context.get_dummy_value()

    return types.void(_ADDRESS, vector), generate


@intrinsic
def broadcast_f32(typingctx: Any, value: Any) -> Any:
    """Return a float32 in every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit.splat(builder, args[0], LANES)

    return f32x16(types.float32), generate


@intrinsic
def broadcast_i32(typingctx: Any, value: Any) -> Any:
    """Return an int32 in every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return emit.splat(builder, args[0], LANES)

    return i32x16(types.int32), generate


def _binary(name: str, kind: Vector, doc: str, operation: Any) -> Any:
    def apply(typingctx: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return operation(builder, args[0], args[1])

        return kind(kind, kind), generate

    apply.__doc__, apply.__name__, apply.__qualname__ = doc, name, name
    return intrinsic(apply)


def _named(llvm_name: str) -> Any:
    return lambda builder, a, b: emit.call(builder, f"{llvm_name}.v16f32", a.type, a, b)


add_f32 = _binary("add_f32", f32x16, "a + b, rounded.", lambda builder, a, b: builder.fadd(a, b))
sub_f32 = _binary("sub_f32", f32x16, "a - b, rounded.", lambda builder, a, b: builder.fsub(a, b))
mul_f32 = _binary("mul_f32", f32x16, "a * b, rounded.", lambda builder, a, b: builder.fmul(a, b))
div_f32 = _binary("div_f32", f32x16, "a / b, rounded.", lambda builder, a, b: builder.fdiv(a, b))
max_f32 = _binary("max_f32", f32x16, "Larger of each pair; the number, when the other is NaN.", _named("llvm.maxnum"))
min_f32 = _binary("min_f32", f32x16, "Smaller of each pair; the number, when the other is NaN.", _named("llvm.minnum"))
add_i32 = _binary("add_i32", i32x16, "a + b, modulo 2**32.", lambda builder, a, b: builder.add(a, b))
sub_i32 = _binary("sub_i32", i32x16, "a - b, modulo 2**32.", lambda builder, a, b: builder.sub(a, b))
max_i32 = _binary(
    "max_i32",
    i32x16,
    "Larger of each pair.",
    lambda builder, a, b: emit.call(builder, "llvm.smax.v16i32", a.type, a, b),
)
and_i32 = _binary("and_i32", i32x16, "Bits set in both.", lambda builder, a, b: builder.and_(a, b))
or_i32 = _binary("or_i32", i32x16, "Bits set in either.", lambda builder, a, b: builder.or_(a, b))
shift_left_i32 = _binary("shift_left_i32", i32x16, "a << b, b below 32.", lambda builder, a, b: builder.shl(a, b))


def _unary(name: str, kind: Vector, result: Vector, doc: str, operation: Any) -> Any:
    def apply(typingctx: Any, a: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return operation(builder, args[0])

        return result(kind), generate

    apply.__doc__, apply.__name__, apply.__qualname__ = doc, name, name
    return intrinsic(apply)


def _absolute(builder: Any, a: Any) -> Any:
    return emit.call(builder, "llvm.fabs.v16f32", a.type, a)


swap_pairs = _unary(
    "swap_pairs",
    f32x16,
    f32x16,
    "Lanes 1, 0, 3, 2, ...",
    lambda b, a: emit.shuffle(b, a, a, [i ^ 1 for i in range(LANES)]),
)
abs_f32 = _unary("abs_f32", f32x16, f32x16, "|a|.", _absolute)
truncate_f32 = _unary(
    "truncate_f32", f32x16, i32x16, "Towards zero; out of range: undefined.", lambda b, a: b.fptosi(a, i32x16.llvm)
)
i32_to_f32 = _unary("i32_to_f32", i32x16, f32x16, "As numbers, rounded.", lambda b, a: b.sitofp(a, f32x16.llvm))
f32_bits = _unary("f32_bits", f32x16, i32x16, "The bits of each number.", lambda b, a: b.bitcast(a, i32x16.llvm))
bits_f32 = _unary("bits_f32", i32x16, f32x16, "The numbers of these bits.", lambda b, a: b.bitcast(a, f32x16.llvm))


@intrinsic
def fma_f32(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """a * b + c: rounded once where the CPU has the instruction, else twice (never a slow emulation)."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if HAS_FMA:
            return emit.call(builder, "llvm.fma.v16f32", f32x16.llvm, *args)
        return builder.fadd(builder.fmul(args[0], args[1]), args[2])

    return f32x16(f32x16, f32x16, f32x16), generate


def _tree(builder: Any, value: Any, operation: Any) -> Any:
    while value.type.count > 1:
        low, high = emit.halves(builder, value)
        value = operation(builder, low, high)
    return builder.extract_element(value, ir.Constant(emit.I32, 0))


@intrinsic
def sum_f32(typingctx: Any, vector: Any) -> Any:
    """Sum of the lanes as a fixed tree: lane i with lane i + 8, then + 4, + 2, + 1."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _tree(builder, args[0], lambda b, low, high: b.fadd(low, high))

    return types.float32(f32x16), generate


@intrinsic
def largest_f32(typingctx: Any, vector: Any) -> Any:
    """Largest lane; NaN lanes are passed over unless all are NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def larger(b: Any, low: Any, high: Any) -> Any:
            return emit.call(b, f"llvm.maxnum.v{low.type.count}f32", low.type, low, high)

        return _tree(builder, args[0], larger)

    return types.float32(f32x16), generate


def _choose(name: str, relation: str, doc: str) -> Any:
    def apply(typingctx: Any, a: Any, b: Any, yes: Any, no: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.select(builder.fcmp_ordered(relation, args[0], args[1]), args[2], args[3])

        return f32x16(f32x16, f32x16, f32x16, f32x16), generate

    apply.__doc__, apply.__name__, apply.__qualname__ = doc, name, name
    return intrinsic(apply)


where_less = _choose("where_less", "<", "Per lane: yes where a < b, else no; NaN is never less.")
where_at_least = _choose("where_at_least", ">=", "Per lane: yes where a >= b, else no; NaN is never at least.")


def _prefetch(builder: Any, address: Any, near: int) -> None:
    pointer = builder.inttoptr(address, ir.IntType(8).as_pointer())
    read, locality, data = (ir.Constant(emit.I32, value) for value in (0, near, 1))
    emit.call(builder, "llvm.prefetch.p0", ir.VoidType(), pointer, read, locality, data)


@intrinsic
def prefetch(typingctx: Any, address: Any) -> Any:
    """Ask for the cache line of an address, which need not exist."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _prefetch(builder, args[0], near=3)
        return context.get_dummy_value()

    return types.void(_ADDRESS), generate


@intrinsic(prefer_literal=True)
def prefetch_alone(typingctx: Any, count: Any, address: Any) -> Any:
    """Prefetch into the second-level cache when `count` (a literal) is one; do nothing else."""
    if not isinstance(count, types.IntegerLiteral):
        return None
    alone = count.literal_value == 1

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if alone:
            _prefetch(builder, args[1], near=2)
        return context.get_dummy_value()

    return types.void(count, _ADDRESS), generate


@intrinsic
def first_lanes(typingctx: Any, vector: Any, count: Any, other: Any) -> Any:
    """Lanes 0 to count - 1 of `vector`, the rest of `other`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        lanes = ir.Constant(ir.VectorType(emit.I64, LANES), list(range(LANES)))
        inside = builder.icmp_signed("<", lanes, emit.splat(builder, args[1], LANES))
        return builder.select(inside, args[0], args[2])

    return f32x16(f32x16, types.int64, f32x16), generate


@intrinsic
def narrow_i8(typingctx: Any, address: Any, vector: Any) -> Any:
    """Store the lowest byte of each lane of i32x16, as 16 bytes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit.store(builder, args[0], builder.trunc(args[1], ir.VectorType(ir.IntType(8), LANES)))
        return context.get_dummy_value()

    return types.void(_ADDRESS, i32x16), generate


@intrinsic
def narrow_i16(typingctx: Any, address: Any, vector: Any) -> Any:
    """Store the lower half of each lane of i32x16, as 32 bytes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit.store(builder, args[0], builder.trunc(args[1], _SHORTS))
        return context.get_dummy_value()

    return types.void(_ADDRESS, i32x16), generate


@intrinsic
def sum_i32(typingctx: Any, vector: Any) -> Any:
    """Sum of the lanes, modulo 2**32."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _tree(builder, args[0], lambda b, low, high: b.add(low, high))

    return types.int32(i32x16), generate


@intrinsic
def largest_i32(typingctx: Any, vector: Any) -> Any:
    """Largest lane, signed."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _tree(builder, args[0], lambda b, x, y: b.select(b.icmp_signed(">", x, y), x, y))

    return types.int32(i32x16), generate
