"""How the work of one step is shared among ranks, and one product of it. Used by `kernels.phases`.

A matrix says where the code for its kind lies: a model of many kinds costs a call more for each portion, and no more.

What a rank computes never depends on what the others do, only how much of it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from llmproc.kernels.block_parts import Activations
from llmproc.kernels.kinds import HALF_SHIFTS, INTEGERS, NIBBLE_OFFSETS, SHIFTS
from llmproc.kernels.registry import njit
from llmproc.kernels.rows import Quantised, add_row, quantise_groups
from llmproc.kernels.sizes import FEW, VECTOR
from llmproc.kernels.tickets import SPINS, following, is_open, next_portion, report, wait_for_end
from llmproc.kernels.trace import IN_PORTION, LATE, SLEEP, WAIT, WITH_TICKET, mark, stop_here
from llmproc.simd.code import call_code
from llmproc.simd.layout import ACTIVATION_BYTES, LANES


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
def product(how, out, out_stride, matrix, first, last, x, tokens):  # type: ignore[no-untyped-def]
    """Compute tiles first to last - 1 of a matrix times all tokens; `out` is where row 0 would go."""
    if first < last:
        place = out + first * VECTOR
        call_code(
            matrix.multiply,
            (
                how, place, out_stride, matrix.values, matrix.scales, matrix.tile_bytes, matrix.scale_bytes,
                first, last, tokens, matrix.groups, matrix.group, x.floats, x.floats_stride, x.values, x.stride,
                x.scales, x.offsets, x.shifts, x.half_shifts, x.nibble_offsets, x.group_stride,
            ),
        )  # fmt: skip
        if matrix.bias != 0:
            for t in range(tokens):
                add_row(place + t * out_stride, matrix.bias + first * VECTOR, last - first)


@njit
def activations(model, places, number, columns):  # type: ignore[no-untyped-def]
    """Addresses of what a product with `columns` columns reads: number `number` of those at `places` (an INPUT)."""
    wide = (columns + LANES - 1) // LANES * LANES
    base = places.values + number * places.bytes
    return Activations(
        base + places.floats, wide * 4, base, wide * ACTIVATION_BYTES, base + places.scales, base + places.offsets,
        base + places.shifts, base + places.half_shifts, base + places.nibble_offsets, columns // model.sizes.group * 4,
    )  # fmt: skip


@njit
def with_floats(x, floats, stride):  # type: ignore[no-untyped-def]
    """Return Activations whose floats lie elsewhere."""
    return Activations(
        floats, stride, x.values, x.stride, x.scales, x.offsets, x.shifts, x.half_shifts, x.nibble_offsets,
        x.group_stride,
    )  # fmt: skip


@njit
def quantised_row(x, row, reads, first_group, first_column):  # type: ignore[no-untyped-def]
    """Return where the integers of one row of activations go, from a group and its column on, as far as wanted."""
    at = row * x.group_stride + 4 * first_group
    return Quantised(
        x.values + row * x.stride + first_column * ACTIVATION_BYTES, x.scales + at, x.offsets + at,
        x.shifts + at if reads & SHIFTS != 0 else 0, x.half_shifts + 2 * at if reads & HALF_SHIFTS != 0 else 0,
        x.nibble_offsets + at if reads & NIBBLE_OFFSETS != 0 else 0,
    )  # fmt: skip


@njit
def prepare(model, x, row, x_in, reads, columns):  # type: ignore[no-untyped-def]
    """Row `row` of the activations of a product, from float32 at `x`."""
    if reads & INTEGERS != 0:
        group = model.sizes.group
        quantise_groups(x, quantised_row(x_in, row, reads, 0, 0), columns // group, group)


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
def rows_of(how, phase, out, out_stride, matrix, x_in, tokens):  # type: ignore[no-untyped-def]
    """Compute a product, portion by portion; returns (portions finished here, portions there are)."""
    portions, finished = tile_portions(matrix.tiles, tokens, phase.ranks, 1), 0
    while True:
        number = take_portion(phase, portions.total)
        if number < 0:
            break
        first, last = tiles_of(portions, number)
        product(how, out, out_stride, matrix, first, last, x_in, tokens)
        finished += 1
    return finished, portions.total
