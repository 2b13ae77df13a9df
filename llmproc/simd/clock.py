"""The time, read in compiled code: CLOCK_MONOTONIC in nanoseconds, the clock of every other log of the project."""

from __future__ import annotations

import time
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from llmproc.simd import emit

_TIMESPEC = ir.LiteralStructType([emit.I64, emit.I64])


@intrinsic
def monotonic_ns(typingctx: Any) -> Any:
    """Nanoseconds; costs some 30 of them."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        place = cgutils.alloca_once(builder, _TIMESPEC)
        clock = ir.Constant(emit.I32, time.CLOCK_MONOTONIC)
        emit.call(builder, "clock_gettime", emit.I32, clock, place)
        seconds, rest = (builder.extract_value(builder.load(place), i) for i in range(2))
        return builder.add(builder.mul(seconds, ir.Constant(emit.I64, 1_000_000_000)), rest)

    return types.int64(), generate
