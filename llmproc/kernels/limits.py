"""What this machine can do at most, as kernels: reading memory, integer and fp32 multiply-adds.

Called by `engine.limits` and through it by bench. They are not part of a forward pass, so they are a variant of their
own. They are made of the very intrinsics the products are made of, under the same instruction set: a peak is that of
what this project could emit at best, not a number from a data sheet.
"""

from __future__ import annotations

from llmproc.kernels.limit_sizes import (
    ACTIVATION_ROW,
    BLOCK,
    FLOAT_ADDS,
    INTEGER_ADDS,
    LINE,
    STEPS,
    TILE,
)
from llmproc.kernels.registry import entry
from llmproc.simd.dot import dot, load_weights
from llmproc.simd.layout import STEP_BYTES
from llmproc.simd.tiles import multiply_add, store_tile, zero_f32, zero_i32
from llmproc.simd.vectors import add_i32, load_f32x16, load_i32x16, store


@entry
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


@entry
def integer_rounds(weights, activations, sink, rounds):  # type: ignore[no-untyped-def]
    """Make `rounds` times INTEGER_ADDS multiply-adds as the int8 products make them; returns how many."""
    sums = zero_i32(TILE)
    for _ in range(rounds):
        w, x = weights, activations
        for _ in range(STEPS):
            sums = dot(sums, load_weights(w), x, ACTIVATION_ROW)
            w, x = w + STEP_BYTES, x + 4
    store_tile(sink, LINE, sums)
    return rounds * INTEGER_ADDS


@entry
def float_rounds(weights, activations, sink, rounds):  # type: ignore[no-untyped-def]
    """Make the same in float32, FLOAT_ADDS a round."""
    sums = zero_f32(TILE)
    for _ in range(rounds):
        w, x = weights, activations
        for _ in range(STEPS):
            sums = multiply_add(sums, load_f32x16(w), x, ACTIVATION_ROW)
            w, x = w + LINE, x + 4
    store_tile(sink, LINE, sums)
    return rounds * FLOAT_ADDS
