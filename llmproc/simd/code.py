"""Calls of code at an address: how compiled code reaches another object file, chosen by data."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from llmproc.simd import emit


@intrinsic
def call_code(typingctx: Any, address: Any, arguments: Any) -> Any:
    """Call the C function at an address, which takes int64 alone and returns nothing."""
    if not isinstance(arguments, types.BaseTuple) or not all(isinstance(kind, types.Integer) for kind in arguments):
        return None
    wide = types.UniTuple(types.int64, len(arguments))

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = [builder.extract_value(args[1], index) for index in range(len(arguments))]
        function = ir.FunctionType(ir.VoidType(), [emit.I64] * len(values)).as_pointer()
        builder.call(builder.inttoptr(args[0], function), values)
        return context.get_dummy_value()

    return types.void(types.int64, wide), generate
