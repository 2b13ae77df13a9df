"""The angles of rotary position embedding (RoFormer, Su et al. 2021), computed once for all positions.

Serves `engine.loading`. powf, cosf and sinf are libm's, in the order of llama2.c, so that both orders of arithmetic can
use the table.
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import F32, F32_OUT_2D, VOID, kernel


@kernel(VOID, F32_OUT_2D, F32)
def fill_angles(out, theta):  # type: ignore[no-untyped-def]
    """out (positions, 2 * head_dim): the cosine of every pair twice, then its sine twice, negative and positive."""
    head_dim = out.shape[1] // 2
    for pair in range(0, head_dim, 2):
        frequency = np.float32(1) / math.pow(theta, np.float32(pair) / np.float32(head_dim))
        for position in range(out.shape[0]):
            angle = np.float32(position) * frequency
            cosine, sine = math.cos(angle), math.sin(angle)
            out[position, pair], out[position, pair + 1] = cosine, cosine
            out[position, head_dim + pair], out[position, head_dim + pair + 1] = -sine, sine
