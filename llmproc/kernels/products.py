"""Matrix products over tiles: two tiles of sixteen rows times up to four tokens at a time, in registers.

    values   [row tile][column step][16 rows][columns of a step]   as `kernels.kinds` says
    scales   [row tile][group][16 rows]                            as `kernels.kinds` says

One entry for each kind of matrix; a forward pass calls the one whose address its matrix holds (`kernels.work`). The
weights run in the outer loop: a pair of tiles stays in the first-level cache while all tokens pass, and the next pair
is fetched meanwhile. A token alone has nothing to hide the memory behind: it asks for the next pair while it reads this
one. Two tiles share every activation that is loaded; measured, 2 x 4 does 1.6 times the work of 1 x 8. A range with an
odd number of tiles ends with a pair of the same tile twice: no second copy of the code.
"""

from __future__ import annotations

from typing import Any

from llmproc.kernels.block_parts import Activations, Pair
from llmproc.kernels.blocks import block
from llmproc.kernels.entries import multiply_name
from llmproc.kernels.kinds import NAMES
from llmproc.kernels.registry import entry, njit
from llmproc.simd.layout import LANES, LINE
from llmproc.simd.vectors import prefetch

MANY = 16  # tokens

inlined = njit(inline="always")


@inlined
def _multiply(  # type: ignore[no-untyped-def]
    kind, how, out, out_stride, values, scales, tile_bytes, scale_bytes, first, last, tokens, groups, group, x
):
    # While a pair is used by many tokens, the next one is fetched bit by bit: its memory is far and the core busy.
    lines = 2 * tile_bytes * 4 // (tokens * LINE) + 1
    for tile in range(first, last, 2):
        other = 1 if tile + 1 < last else 0
        pair = Pair(values + tile * tile_bytes, other * tile_bytes, scales + tile * scale_bytes, other * scale_bytes)
        o, apart = out + (tile - first) * 4 * LANES, other * 4 * LANES
        ahead = pair.values + 2 * tile_bytes
        t = 0
        while t < tokens:
            if tokens >= MANY and tile + 2 < last:
                for _ in range(lines):
                    prefetch(ahead)
                    ahead += LINE
            part = _from_token(x, t)
            if tokens - t >= 4:
                block(kind, how, 4, o + t * out_stride, apart, out_stride, pair, part, groups, group)
                t += 4
            else:
                block(kind, how, 1, o + t * out_stride, apart, out_stride, pair, part, groups, group)
                t += 1


@njit
def _from_token(x, t):  # type: ignore[no-untyped-def]
    """Return the Activations of token `t` and those behind it."""
    at = t * x.group_stride
    return Activations(
        x.floats + t * x.floats_stride, x.floats_stride, x.values + t * x.stride, x.stride, x.scales + at,
        x.offsets + at, x.shifts + at, x.half_shifts + 2 * at, x.nibble_offsets + at, x.group_stride,
    )  # fmt: skip


def _multiply_of(kind: int) -> Any:
    def multiply(  # type: ignore[no-untyped-def]
        how, out, out_stride, values, scales, tile_bytes, scale_bytes, first, last, tokens, groups, group,
        floats, floats_stride, integers, stride, x_scales, offsets, shifts, half_shifts, nibble_offsets, group_stride,
    ):  # fmt: skip
        """Tiles `first` to `last` - 1 times all tokens. `out` is the address of row 16 * first of the first token.

        `tile_bytes`, `scale_bytes`: from one tile's values, or scales, to the next's; the last ten are Activations.
        """
        x = Activations(
            floats, floats_stride, integers, stride, x_scales, offsets, shifts, half_shifts, nibble_offsets,
            group_stride,
        )  # fmt: skip
        _multiply(
            kind, how, out, out_stride, values, scales, tile_bytes, scale_bytes, first, last, tokens, groups, group, x
        )

    return multiply


for _kind in range(len(NAMES)):
    entry(_multiply_of(_kind), multiply_name(_kind))
