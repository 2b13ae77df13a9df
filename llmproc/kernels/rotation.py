"""The angles of rotary position embedding (RoFormer, Su et al. 2021), computed once for all positions.

Compiled; `calls` is how it is called. cosf and sinf are libm's, in the order of llama2.c, so that both orders of
arithmetic can use the table.
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import entry
from llmproc.simd.scalars import get_f32, put_f32


@entry
def fill_angles(out, positions, head_dim, frequencies, factor):  # type: ignore[no-untyped-def]
    """out (positions, 2 * head_dim): the cosine of every pair twice, then its sine twice, negative and positive.

    Both are multiplied by `factor`; `frequencies` (head_dim / 2): the angle of each pair at position 1.
    """
    for pair in range(0, head_dim, 2):
        frequency = get_f32(frequencies + 2 * pair)
        for position in range(positions):
            angle = np.float32(position) * frequency
            cosine, sine = factor * math.cos(angle), factor * math.sin(angle)
            at = out + 4 * (position * 2 * head_dim + pair)
            put_f32(at, cosine)
            put_f32(at + 4, cosine)
            put_f32(at + 4 * head_dim, -sine)
            put_f32(at + 4 * head_dim + 4, sine)
