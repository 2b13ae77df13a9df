"""What this machine can do at most, as kernels: reading memory, integer and fp32 multiply-adds.

Serves `engine.limits` and through it bench. They are no part of a forward pass, so they stand in a table of their own:
`compile_all` neither compiles nor caches them, and whoever measures compiles them (`build()`, about two seconds) in
his own process. They are made of the very intrinsics the products are made of, under the same instruction set: a peak
is that of what this project could emit at best, not a number from a data sheet.
"""

from __future__ import annotations

from typing import Any

from llmproc.hardware import isa
from llmproc.kernels.registry import I64, Kernel, njit
from llmproc.simd.dot import ACTIVATION_BYTES, STEP_BYTES, STEP_K, dot, load_weights
from llmproc.simd.target import TARGET
from llmproc.simd.tiles import multiply_add, store_tile, zero_f32, zero_i32
from llmproc.simd.types import LANES
from llmproc.simd.vectors import add_i32, load_f32x16, load_i32x16, store

LINE = 64  # bytes of a load, and of a cache line
STREAMS = 4  # places memory is read at alternately: one hardware prefetcher each
BLOCK = STREAMS * 2 * LINE  # bytes a round of read_bytes takes
# Accumulators: two multiply-add units with a latency of five need ten registers of them, and more than 16 (AVX-512: 32)
# there are not. One accumulator is one register of AVX-512, two of AVX2, four of the baseline.
TILE = {isa.AVX512VNNI: 12, isa.AVX2: 6}.get(TARGET.name, 3)
STEPS = 128  # loads of weights in one round over the first-level cache
INTEGER_ADDS = TILE * LANES * STEP_K * STEPS  # multiply-adds of one round
FLOAT_ADDS = TILE * LANES * STEPS
WEIGHT_BYTES = STEPS * max(STEP_BYTES, LINE)  # of the buffers the peaks read; together below 32 KiB
ACTIVATION_ROW = STEPS * 4  # bytes of one token's activations: 4 for every step, whatever their type
SINK_BYTES = TILE * LINE

LIMITS: list[Kernel] = []


def _limit(returns: Any, *arguments: Any) -> Any:
    def register(function: Any) -> Any:
        dispatcher: Any = njit(nogil=True, error_model="numpy")(function)
        dispatcher._can_compile = False
        LIMITS.append(Kernel(function.__name__, returns(*arguments), dispatcher))
        return dispatcher

    return register


def build() -> None:
    """Compile all of them; nothing when that was done before."""
    for entry in LIMITS:
        entry.build()


@_limit(I64, I64, I64, I64)
def read_bytes(address, nbytes, sink):  # type: ignore[no-untyped-def]
    """Load `nbytes` bytes from `address` on, once; returns how many were (whole rounds). `sink`: 64 bytes to write."""
    rounds = nbytes // BLOCK
    part = rounds * 2 * LINE  # of one stream
    a = b = c = d = load_i32x16(address)
    e = f = g = h = load_i32x16(address)
    first, second, third, fourth = address, address + part, address + 2 * part, address + 3 * part
    for _ in range(rounds):
        a = add_i32(a, load_i32x16(first))
        b = add_i32(b, load_i32x16(second))
        c = add_i32(c, load_i32x16(third))
        d = add_i32(d, load_i32x16(fourth))
        e = add_i32(e, load_i32x16(first + LINE))
        f = add_i32(f, load_i32x16(second + LINE))
        g = add_i32(g, load_i32x16(third + LINE))
        h = add_i32(h, load_i32x16(fourth + LINE))
        first, second, third, fourth = first + 2 * LINE, second + 2 * LINE, third + 2 * LINE, fourth + 2 * LINE
    store(sink, add_i32(add_i32(add_i32(a, b), add_i32(c, d)), add_i32(add_i32(e, f), add_i32(g, h))))
    return rounds * BLOCK


@_limit(I64, I64, I64, I64, I64)
def integer_rounds(weights, activations, sink, rounds):  # type: ignore[no-untyped-def]
    """`rounds` times INTEGER_ADDS multiply-adds as the int8 products make them; returns how many."""
    sums = zero_i32(TILE)
    for _ in range(rounds):
        w, x = weights, activations
        for _ in range(STEPS):
            sums = dot(sums, load_weights(w), x, ACTIVATION_ROW)
            w, x = w + STEP_BYTES, x + 4
    store_tile(sink, LINE, sums)
    return rounds * INTEGER_ADDS


@_limit(I64, I64, I64, I64, I64)
def float_rounds(weights, activations, sink, rounds):  # type: ignore[no-untyped-def]
    """The same in float32, FLOAT_ADDS a round."""
    sums = zero_f32(TILE)
    for _ in range(rounds):
        w, x = weights, activations
        for _ in range(STEPS):
            sums = multiply_add(sums, load_f32x16(w), x, ACTIVATION_ROW)
            w, x = w + LINE, x + 4
    store_tile(sink, LINE, sums)
    return rounds * FLOAT_ADDS


assert ACTIVATION_BYTES * STEP_K == 4, "a step reads four bytes of activations"
