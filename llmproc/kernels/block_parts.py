"""What blocks of every kind share: their inputs, and where their sums go. Used by `blocks` and its kin."""

from __future__ import annotations

from typing import NamedTuple

from llmproc.kernels.registry import njit
from llmproc.simd.layout import STEP_K
from llmproc.simd.tiles import add_to_memory, store_tile

STORE, ADD = 0, 1  # what becomes of a product: written, or added to what is there
STEPS_32, STEPS_16 = 32 // STEP_K, 16 // STEP_K


class Activations(NamedTuple):
    """Addresses of what is multiplied, of the first token; distances in bytes to the next token's.

    `kinds.reads` says which of them a product looks at; a group is that of the activations.
    """

    floats: int  # float32
    floats_stride: int
    values: int  # int8, or int16 where `simd.dot` works on pairs
    stride: int
    scales: int  # float32 of each group
    offsets: int  # int32 of each group: -128 times the sum of its values
    shifts: int  # float32 of each group: the sum of its values times its scale
    half_shifts: int  # the same of each half of a group
    nibble_offsets: int  # int32 of each group: -8 times the sum of its values
    group_stride: int  # from one token's scales (offsets, shifts) to the next's; twice this for halves


class Pair(NamedTuple):
    """Two tiles of weights: addresses of the first, distances of the second."""

    values: int
    values_apart: int
    scales: int
    scales_apart: int


@njit
def finish(how, out, apart, stride, first, second):  # type: ignore[no-untyped-def]
    """Bring two tiles of sums to their place."""
    if how == STORE:
        store_tile(out, stride, first)
        store_tile(out + apart, stride, second)
        return
    add_to_memory(out, stride, first)
    if apart != 0:
        add_to_memory(out + apart, stride, second)
