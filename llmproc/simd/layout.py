"""Sizes that data in memory must have for the intrinsics: lanes, the steps of integer products, cache lines.

Used by those that lay data out for kernels, and by the intrinsics themselves. No Numba here.
"""

from __future__ import annotations

from llmproc.simd.target import HAS_VNNI

LANES = 16  # of 32 bits: one AVX-512 register, two of AVX2, four of the baseline

STEP_K = 4 if HAS_VNNI else 2  # columns that a step of an integer product takes
STEP_BYTES = STEP_K * LANES  # of weights in a step
OFFSET = 128 if HAS_VNNI else 0  # what is added to each stored int8 weight
NIBBLE_OFFSET = 8  # and to each 4-bit weight
ACTIVATION_BYTES = 4 // STEP_K  # per activation: int8 or int16

LINE = 64  # bytes of the cache, and of a vector: what one rank writes often shares none with another's
