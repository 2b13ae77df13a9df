"""How the work of one step is shared among ranks, and one product of it. Serves `kernels.phases`.

What a rank computes never depends on what the others do, only how much of it.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.kinds import QUANTISED
from llmproc.kernels.products import OFFSETS, SCALE_BYTES, VALUE_BITS, Activations, multiply
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.rows import VECTOR, quantise_groups
from llmproc.simd.atomics import add_i32
from llmproc.simd.dot import ACTIVATION_BYTES
from llmproc.simd.types import LANES

COUNTERS = 8  # int32 of a layer: which portion is the next, of each phase
FEW = 4  # tokens: up to here every rank prepares its own copy of the activations, which is sooner than a barrier
MOST_TILES = 32  # in a portion
_BITS = tuple(VALUE_BITS[kind] for kind in range(6))
_SCALE_BYTES = tuple(SCALE_BYTES[kind] for kind in range(6))
STORED_OFFSETS = tuple(OFFSETS[kind] for kind in range(6))
IS_QUANTISED = tuple(kind in QUANTISED for kind in range(6))


@njit
def share(count, rank, ranks):  # type: ignore[no-untyped-def]
    """(first, last + 1) of `count` things for one rank."""
    return count * rank // ranks, count * (rank + 1) // ranks


@njit
def product(kind, how, model, out, out_stride, matrix, first, last, x, tokens, columns):  # type: ignore[no-untyped-def]
    """Tiles first to last - 1 of a matrix with `columns` columns; `out` is where row 0 would go."""
    literally(kind)
    if first < last:
        groups = columns // model.group
        multiply(
            kind, how, out + first * VECTOR, out_stride, matrix.values, matrix.scales, 2 * columns * _BITS[kind],
            LANES * groups * _SCALE_BYTES[kind], first, last, x, tokens, groups, model.group,
        )  # fmt: skip


@njit
def activations(kind, model, base, scales, offsets, columns):  # type: ignore[no-untyped-def]
    literally(kind)
    size = ACTIVATION_BYTES if IS_QUANTISED[kind] else 4
    wide = (columns + LANES - 1) // LANES * LANES
    return Activations(base, wide * size, base + scales, base + offsets, columns // model.group * 4)


@njit
def prepare(kind, model, x, row, x_in, columns):  # type: ignore[no-untyped-def]
    """Row `row` of the activations of a product, from float32 at `x`."""
    literally(kind)
    if IS_QUANTISED[kind]:
        at = row * x_in.group_stride
        quantise_groups(
            x, x_in.values + row * x_in.stride, x_in.scales + at, x_in.offsets + at, columns // model.group,
            model.group, STORED_OFFSETS[kind],
        )  # fmt: skip


@njit
def portion(tiles, tokens, ranks):  # type: ignore[no-untyped-def]
    """Tiles a rank takes at a time: so many that every rank takes some portions, fewer where they are much work."""
    size = min(tiles // (4 * ranks), 8 if tokens > FEW else MOST_TILES)
    return max(size // 2 * 2, 2)


@njit
def next_portion(counter, portion, tiles):  # type: ignore[no-untyped-def]
    """(first, last + 1) of the next portion nobody has taken; empty when there is none. Whoever is free takes one, so
    that a rank whose core is busy with something else does less; which rank does what changes no result."""
    first = np.int64(add_i32(counter, 1)) * portion
    return first, min(first + portion, tiles)


@njit
def rows_of(kind, how, model, counter, out, out_stride, matrix, x_in, tokens, columns):  # type: ignore[no-untyped-def]
    """A product, portion by portion."""
    literally(kind)
    size = portion(matrix.tiles, tokens, model.ranks)
    while True:
        first, last = next_portion(counter, size, matrix.tiles)
        if first >= last:
            return
        product(kind, how, model, out, out_stride, matrix, first, last, x_in, tokens, columns)
