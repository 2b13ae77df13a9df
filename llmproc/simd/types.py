"""Vector and Tile types for Numba. Values of them exist in compiled code only; Python can neither make nor see one."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import models, register_model

from llmproc.simd.layout import LANES


class Vector(types.Type):
    """`lanes` elements of one LLVM type, in a register."""

    def __init__(self, name: str, element: ir.Type, lanes: int) -> None:
        self.element, self.lanes = element, lanes
        super().__init__(name=name)

    @property
    def llvm(self) -> ir.VectorType:
        """Return the LLVM type."""
        return ir.VectorType(self.element, self.lanes)


class Tile(types.Type):
    """`count` vectors of one type: accumulators that the compiler keeps in registers."""

    def __init__(self, vector: Vector, count: int) -> None:
        self.vector, self.count = vector, count
        super().__init__(name=f"Tile({vector.name}, {count})")

    @property
    def llvm(self) -> ir.ArrayType:
        """Return the LLVM type: an array, taken apart by the optimiser."""
        return ir.ArrayType(self.vector.llvm, self.count)


@register_model(Vector)
@register_model(Tile)
class _ValueModel(models.PrimitiveModel):
    """Passed by value, as an integer is."""

    def __init__(self, manager: Any, kind: Vector | Tile) -> None:
        super().__init__(manager, kind, kind.llvm)


f32x16 = Vector("f32x16", ir.FloatType(), LANES)
i32x16 = Vector("i32x16", ir.IntType(32), LANES)
i16x32 = Vector("i16x32", ir.IntType(16), 2 * LANES)
i8x32 = Vector("i8x32", ir.IntType(8), 2 * LANES)
i8x64 = Vector("i8x64", ir.IntType(8), 4 * LANES)
