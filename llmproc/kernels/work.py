"""How the work of one step is shared among ranks, and one product of it. Used by `kernels.phases`.

What a rank computes never depends on what the others do, only how much of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from llmproc.kernels.kinds import QUANTISED, SCALE_BYTES, VALUE_BITS
from llmproc.kernels.products import Activations, multiply
from llmproc.kernels.registry import literally, njit
from llmproc.kernels.rows import quantise_groups
from llmproc.kernels.sizes import FEW, OFFSETS, VECTOR
from llmproc.kernels.tickets import SPINS, following, is_open, next_portion, report, wait_for_end
from llmproc.kernels.trace import IN_PORTION, LATE, SLEEP, WAIT, WITH_TICKET, mark, stop_here
from llmproc.simd.layout import ACTIVATION_BYTES, LANES

_BITS = tuple(VALUE_BITS[kind] for kind in range(6))
_SCALE_BYTES = tuple(SCALE_BYTES[kind] for kind in range(6))
STORED_OFFSETS = tuple(OFFSETS[kind] for kind in range(6))
IS_QUANTISED = tuple(kind in QUANTISED for kind in range(6))


class Portions(NamedTuple):
    """Portions of the tiles of a product: first `bigs` ones of `big` tiles, then `small` ones."""

    big: int
    small: int
    bigs: int
    tiles: int
    total: int  # portions


@njit
def handful(count, ranks):  # type: ignore[no-untyped-def]
    """Return (how many of `count` equal things are a portion, how many portions that makes).

    A few portions for each rank: one that comes late, or waits for a CPU, then keeps little from the others.
    """
    size = max(np.int64(1), count // (4 * ranks)) if ranks > 1 else count
    return size, (count + size - 1) // size


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
def tile_portions(tiles, tokens, ranks, unit):  # type: ignore[no-untyped-def]
    """Return the Portions of a product of `tiles` tiles: multiples of `unit` tiles.

    The big ones, one for each rank, keep memory streaming; the small ones let all end together, whatever else a core is
    busy with.
    """
    even = unit if unit % 2 == 0 else 2 * unit
    begin = tiles * 3 // 4 if tokens <= FEW else tiles // 2
    big, small = begin // ranks // even * even, even if tokens <= FEW else max(4 // even * even, even)
    bigs = ranks if big > 0 else 0
    return Portions(big, small, bigs, tiles, bigs + (tiles - bigs * big + small - 1) // small)


@njit
def tiles_of(portions, number):  # type: ignore[no-untyped-def]
    """Return (first, last + 1) of the tiles of a portion."""
    if number < portions.bigs:
        return number * portions.big, (number + 1) * portions.big
    first = portions.bigs * portions.big + (number - portions.bigs) * portions.small
    return first, min(first + portions.small, portions.tiles)


@njit
def take_portion(phase, total):  # type: ignore[no-untyped-def]
    """Return the number of a portion below `total` that is this rank's now, or -1."""
    number = next_portion(phase, total)
    if number >= 0:
        stop_here(phase, WITH_TICKET)
    return number


@njit
def end_phase(phase, finished, total, last, what, layer):  # type: ignore[no-untyped-def]
    """Return the next phase, when this one has ended: this rank has finished `finished` of its `total` portions."""
    if finished == 0 and not is_open(phase):  # this rank came late
        mark(phase, LATE, layer)
        return following(phase)
    mark(phase, what, layer)
    stop_here(phase, IN_PORTION)
    slept = False
    if not report(phase, finished, total, last):
        slept = wait_for_end(phase, SPINS)
    mark(phase, SLEEP if slept else WAIT, layer)
    return following(phase)


@njit
def rows_of(kind, how, model, phase, out, out_stride, matrix, x_in, tokens, columns):  # type: ignore[no-untyped-def]
    """Compute a product, portion by portion; returns (portions finished here, portions there are)."""
    literally(kind)
    portions, finished = tile_portions(matrix.tiles, tokens, phase.ranks, 1), 0
    while True:
        number = take_portion(phase, portions.total)
        if number < 0:
            break
        first, last = tiles_of(portions, number)
        product(kind, how, model, out, out_stride, matrix, first, last, x_in, tokens, columns)
        finished += 1
    return finished, portions.total
