"""Notes of (clock, what, layer) in a ring per rank (`records.TRACE`). Off, it compiles to nothing.

Used by `kernels.forward`. A record is written when a phase ends; WAIT is the time at the barrier behind it.
"""

from __future__ import annotations

from llmproc.kernels.records import PHASES, RECORDS
from llmproc.kernels.registry import overload, types
from llmproc.simd.clock import monotonic_ns
from llmproc.simd.scalars import get_i64, put_i64

START, EMBED, QKV, ROTATE, ATTEND, MERGE, OUTPUT, GATED, DOWN, LOGITS, WAIT, NORM = range(len(PHASES))


def mark(traced, ring, what, layer):  # type: ignore[no-untyped-def]
    """Phase `what` of `layer` has ended. `traced`: a literal; 0 compiles to nothing."""


@overload(mark, prefer_literal=True)
def _mark_overload(traced, ring, what, layer):  # type: ignore[no-untyped-def]
    if not isinstance(traced, types.IntegerLiteral):
        return None
    return _write if traced.literal_value else _nothing


def _nothing(traced, ring, what, layer):  # type: ignore[no-untyped-def]
    pass


def _write(traced, ring, what, layer):  # type: ignore[no-untyped-def]
    count = get_i64(ring)
    at = ring + 8 + count % RECORDS * 24
    put_i64(at, monotonic_ns())
    put_i64(at + 8, what)
    put_i64(at + 16, layer)
    put_i64(ring, count + 1)
