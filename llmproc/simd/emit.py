"""LLVM fragments that intrinsics are made of. Called while code is generated; nothing here exists at run time."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils

I32, I64 = ir.IntType(32), ir.IntType(64)


def constant(kind: ir.Type, value: int | float) -> ir.Constant:
    """Return a scalar, or a vector with the value in every lane."""
    if isinstance(kind, ir.VectorType):
        return ir.Constant(kind, [value] * kind.count)
    return ir.Constant(kind, value)


def load(builder: Any, address: Any, kind: ir.Type, align: int = 1) -> Any:
    """Load `kind` from a byte address."""
    value = builder.load(builder.inttoptr(address, kind.as_pointer()))
    value.align = align
    return value


def store(builder: Any, address: Any, value: Any, align: int = 1) -> None:
    """Store `value` at a byte address."""
    builder.store(value, builder.inttoptr(address, value.type.as_pointer())).align = align


def at(builder: Any, address: Any, stride: Any, index: int) -> Any:
    """address + index * stride, `index` known now."""
    if index == 0:
        return address
    return builder.add(address, builder.mul(stride, ir.Constant(I64, index)))


def splat(builder: Any, scalar: Any, lanes: int) -> Any:
    """Return the scalar in every lane."""
    kind = ir.VectorType(scalar.type, lanes)
    undefined = ir.Constant(kind, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(I32, 0))
    return builder.shuffle_vector(first, undefined, ir.Constant(ir.VectorType(I32, lanes), [0] * lanes))


def shuffle(builder: Any, first: Any, second: Any, order: list[int]) -> Any:
    """Lanes of `first` and `second` (numbered on) in `order`."""
    return builder.shuffle_vector(first, second, ir.Constant(ir.VectorType(I32, len(order)), order))


def call(builder: Any, name: str, returns: ir.Type, *arguments: Any) -> Any:
    """Call an LLVM intrinsic, or a C symbol, by name: declared in place, so the disk cache still works."""
    kind = ir.FunctionType(returns, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def halves(builder: Any, value: Any) -> tuple[Any, Any]:
    """Lower and upper half of the lanes."""
    count = value.type.count
    low = shuffle(builder, value, value, list(range(count // 2)))
    return low, shuffle(builder, value, value, list(range(count // 2, count)))
