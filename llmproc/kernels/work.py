"""How the work of one step is shared among ranks, and one product of it. Used by `kernels.phases`.

What a rank computes never depends on what the others do, only how much of it.
"""

from __future__ import annotations

import numpy as np

from llmproc.kernels.kinds import QUANTISED, SCALE_BYTES, VALUE_BITS
from llmproc.kernels.products import Activations, multiply
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.rows import quantise_groups
from llmproc.kernels.sizes import FEW, OFFSETS, VECTOR
from llmproc.simd.atomics import add_i32
from llmproc.simd.layout import ACTIVATION_BYTES, LANES

_BITS = tuple(VALUE_BITS[kind] for kind in range(6))
_SCALE_BYTES = tuple(SCALE_BYTES[kind] for kind in range(6))
STORED_OFFSETS = tuple(OFFSETS[kind] for kind in range(6))
IS_QUANTISED = tuple(kind in QUANTISED for kind in range(6))


@njit
def share(count, rank, ranks):  # type: ignore[no-untyped-def]
    """Return (first, last + 1) of `count` things for one rank."""
    return count * rank // ranks, count * (rank + 1) // ranks


@njit
def product(kind, how, model, out, out_stride, matrix, first, last, x, tokens, columns):  # type: ignore[no-untyped-def]
    """Tiles first to last - 1 of a matrix with `columns` columns; `out` is where row 0 would go."""
    literally(kind)
    if first < last:
        groups = columns // model.sizes.group
        multiply(
            kind, how, out + first * VECTOR, out_stride, matrix.values, matrix.scales, 2 * columns * _BITS[kind],
            LANES * groups * _SCALE_BYTES[kind], first, last, x, tokens, groups, model.sizes.group,
        )  # fmt: skip


@njit
def activations(kind, model, places, number, columns):  # type: ignore[no-untyped-def]
    """Addresses of what a product with `columns` columns reads: number `number` of those at `places` (an INPUT)."""
    literally(kind)
    size = ACTIVATION_BYTES if IS_QUANTISED[kind] else 4
    wide = (columns + LANES - 1) // LANES * LANES
    base, group_stride = places.values + number * places.bytes, columns // model.sizes.group * 4
    return Activations(base, wide * size, base + places.scales, base + places.offsets, group_stride)


@njit
def prepare(kind, model, x, row, x_in, columns):  # type: ignore[no-untyped-def]
    """Row `row` of the activations of a product, from float32 at `x`."""
    literally(kind)
    if IS_QUANTISED[kind]:
        at = row * x_in.group_stride
        quantise_groups(
            x, x_in.values + row * x_in.stride, x_in.scales + at, x_in.offsets + at, columns // model.sizes.group,
            model.sizes.group, STORED_OFFSETS[kind],
        )  # fmt: skip


@njit
def portions(tiles, tokens, ranks, unit):  # type: ignore[no-untyped-def]
    """Return (big, small).

    Every rank begins with `big` tiles, then takes `small` ones as it gets on; multiples of `unit`.

    The big ones keep memory streaming, the small ones let all end together, whatever else a core is busy with.
    """
    even = unit if unit % 2 == 0 else 2 * unit
    begin = tiles * 3 // 4 if tokens <= FEW else tiles // 2
    return begin // ranks // even * even, even if tokens <= FEW else max(4 // even * even, even)


@njit
def next_portion(counter, sizes, ranks, tiles):  # type: ignore[no-untyped-def]
    """Return (first, last + 1) of the next portion that has not been taken.

    Empty when none is left. Any rank may take it.
    """
    big, small = sizes
    number = np.int64(add_i32(counter, 1))
    if big > 0 and number < ranks:
        return number * big, (number + 1) * big
    first = ranks * big + (number - (ranks if big > 0 else 0)) * small
    return first, min(first + small, tiles)


@njit
def rows_of(kind, how, model, counter, out, out_stride, matrix, x_in, tokens, columns):  # type: ignore[no-untyped-def]
    """Compute a product, portion by portion."""
    literally(kind)
    sizes = portions(matrix.tiles, tokens, model.team.ranks, 1)
    while True:
        first, last = next_portion(counter, sizes, model.team.ranks, matrix.tiles)
        if first >= last:
            return
        product(kind, how, model, out, out_stride, matrix, first, last, x_in, tokens, columns)
