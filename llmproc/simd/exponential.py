"""exp of sixteen numbers at once: the same polynomial for every lane, so that no value depends on where it stands.

exp(x) = 2**n * exp(r) with n = round(x / ln 2) and |r| <= ln(2) / 2; ln 2 is taken off in two parts (Cody and Waite),
exp(r) is the Taylor polynomial of degree 7, whose remainder is below 2**-25. Error: below 2 units in the last place.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from llmproc.simd.vectors import (
    add_i32,
    bits_f32,
    broadcast_f32,
    broadcast_i32,
    f32_bits,
    fma_f32,
    mul_f32,
    shift_left_i32,
    sub_f32,
    where_less,
)

LOWEST, HIGHEST = np.float32(-87.0), np.float32(88.0)  # below: zero; above: exp(88) = 1.65e38
_LOG2_E = np.float32(1.4426950408889634)
_MAGIC = np.float32(12582912.0)  # 1.5 * 2**23: adding it rounds to an integer, which then stands in the lowest bits
_MAGIC_TO_BIAS = np.int32(127 - 0x4B400000)
_LN2_HIGH, _LN2_LOW = np.float32(-0.693359375), np.float32(2.12194440e-4)
_C7, _C6, _C5 = np.float32(1 / 5040), np.float32(1 / 720), np.float32(1 / 120)
_C4, _C3, _C2 = np.float32(1 / 24), np.float32(1 / 6), np.float32(0.5)
_ONE, _ZERO = np.float32(1), np.float32(0)


@njit
def exp_f32(x):  # type: ignore[no-untyped-def]
    """exp of each lane: 0 below LOWEST (also for -inf), exp(HIGHEST) above HIGHEST, NaN for NaN."""
    low, high = broadcast_f32(LOWEST), broadcast_f32(HIGHEST)
    inside = where_less(high, x, high, where_less(x, low, low, x))
    shifted = fma_f32(inside, broadcast_f32(_LOG2_E), broadcast_f32(_MAGIC))
    n = sub_f32(shifted, broadcast_f32(_MAGIC))
    r = fma_f32(n, broadcast_f32(_LN2_LOW), fma_f32(n, broadcast_f32(_LN2_HIGH), inside))
    p = fma_f32(broadcast_f32(_C7), r, broadcast_f32(_C6))
    p = fma_f32(p, r, broadcast_f32(_C5))
    p = fma_f32(p, r, broadcast_f32(_C4))
    p = fma_f32(p, r, broadcast_f32(_C3))
    p = fma_f32(p, r, broadcast_f32(_C2))
    p = fma_f32(p, r, broadcast_f32(_ONE))
    p = fma_f32(p, r, broadcast_f32(_ONE))
    power = shift_left_i32(add_i32(f32_bits(shifted), broadcast_i32(_MAGIC_TO_BIAS)), broadcast_i32(np.int32(23)))
    return where_less(x, low, broadcast_f32(_ZERO), mul_f32(p, bits_f32(power)))
