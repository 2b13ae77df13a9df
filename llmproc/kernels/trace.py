"""Notes of (clock, what, layer, by) in a ring per rank (`records.TRACE`), and where tests let a rank stop.

Used by the forward pass. A record is written when a phase's portions are gone for this rank; WAIT or SLEEP when the
phase has ended, `by` the rank that ended it: that is who was waited for; LATE alone for a phase that was over when this
rank came. So each rank counts all phases of a step, from its START (`layer`: the step's number, as its ticket has it).
Without a ring it costs a branch a phase.
"""

from __future__ import annotations

from llmproc.kernels.records import PHASES, RECORDS, TRACE
from llmproc.kernels.registry import njit
from llmproc.kernels.sizes import RANK_LINES, STOP_AT
from llmproc.kernels.tickets import ended_by
from llmproc.simd.atomics import futex_wait, load_i32
from llmproc.simd.clock import monotonic_ns
from llmproc.simd.layout import LINE
from llmproc.simd.scalars import get_i64, put_i64

START, EMBED, QKV, ROTATE, ATTEND, MERGE, OUTPUT, GATED, DOWN, LOGITS, NORM, PREPARE = range(12)
WAIT, SLEEP, LATE = range(12, len(PHASES))
AT_GATE, WITH_TICKET, IN_PORTION, AFTER_LAST = range(1, 5)  # where a test can let a rank stop
_RECORD_BYTES = TRACE.itemsize


@njit
def mark(phase, what, layer):  # type: ignore[no-untyped-def]
    """Note that `what` has ended here, if there is a ring."""
    ring = phase.ring
    if ring != 0:
        count = get_i64(ring)
        at = ring + 8 + count % RECORDS * _RECORD_BYTES
        put_i64(at, monotonic_ns())
        put_i64(at + 8, what)
        put_i64(at + 16, layer)
        put_i64(at + 24, load_i32(ended_by(phase)))
        put_i64(ring, count + 1)


@njit
def stop_here(phase, where):  # type: ignore[no-untyped-def]
    """Stay here while a test has written `where` into this rank's line."""
    if phase.ring != 0:
        word = phase.words + RANK_LINES + phase.rank * LINE + STOP_AT
        while load_i32(word) == where:
            futex_wait(word, where)
