"""Everything between the matrix products: embedding rows, RMSNorm, activation quantisation, RoPE, SwiGLU, residuals.

Serves `engine.transformer`. Arrays carry one row per token: (tokens, width). Each line keeps the order of operations
of llama2.c's run.c and runq.c (MIT, Andrej Karpathy), all in fp32, so that results are equal to the C engine's bit by
bit; `math.exp` and friends on a float32 are libm's expf and friends (SVML is off, contraction is never allowed).
"""

from __future__ import annotations

import math

import numpy as np

from llmproc.kernels.registry import (
    F32,
    F32_IN,
    F32_IN_2D,
    F32_OUT_2D,
    I8_IN_2D,
    I8_OUT_2D,
    I64,
    I64_IN,
    VOID,
    kernel,
)


@kernel(VOID, F32_OUT_2D, I64_IN, F32_IN_2D)
def embed_f32(out, tokens, table):  # type: ignore[no-untyped-def]
    """out (tokens, dim) = rows `tokens` of table (vocab, dim)."""
    for t in range(tokens.shape[0]):
        row = table[tokens[t]]
        for i in range(row.shape[0]):
            out[t, i] = row[i]


@kernel(VOID, F32_OUT_2D, I64_IN, I8_IN_2D, F32_IN_2D)
def embed_int8(out, tokens, values, scales):  # type: ignore[no-untyped-def]
    """out (tokens, dim) = dequantised rows: value times the scale of its group."""
    group = values.shape[1] // scales.shape[1]
    for t in range(tokens.shape[0]):
        row, scale = values[tokens[t]], scales[tokens[t]]
        for g in range(scale.shape[0]):
            for i in range(g * group, (g + 1) * group):
                out[t, i] = np.float32(row[i]) * scale[g]


@kernel(VOID, F32_OUT_2D, F32_IN_2D, F32_IN, F32)
def rmsnorm(out, x, weight, eps):  # type: ignore[no-untyped-def]
    """out = weight * (x / sqrt(mean(x^2) + eps)) per row; the sum runs from left to right."""
    size = x.shape[1]
    for t in range(x.shape[0]):
        total = np.float32(0)
        for i in range(size):
            total += x[t, i] * x[t, i]
        total /= np.float32(size)
        total += eps
        total = np.float32(1) / math.sqrt(total)
        for i in range(size):
            out[t, i] = weight[i] * (total * x[t, i])


@kernel(VOID, I8_OUT_2D, F32_OUT_2D, F32_IN_2D)
def quantise(values, scales, x):  # type: ignore[no-untyped-def]
    """Per group: scale = max|x| / 127, value = x / scale rounded half away from zero; a zero group gives zeros.

    values (tokens, n) int8, scales (tokens, n / group), x (tokens, n). A group with NaN or infinity gets scale NaN, so
    that it reaches the logits and is reported (C would lose it in the conversion to int8).
    """
    group = values.shape[1] // scales.shape[1]
    for t in range(x.shape[0]):
        for g in range(scales.shape[1]):
            part, target = x[t, g * group : (g + 1) * group], values[t, g * group : (g + 1) * group]
            largest = np.float32(0)
            for i in range(group):
                size = abs(part[i])
                if size > largest or size != size:
                    largest = size
            scale = largest / np.float32(127)
            if not scale < np.float32(np.inf):
                scale = np.float32(np.nan)
            scales[t, g] = scale
            if not scale > np.float32(0):
                for i in range(group):
                    target[i] = 0
                continue
            for i in range(group):
                # In double, as C's round(): adding a half is exact there. The bounds matter only where the scale is so
                # small that it lost precision itself.
                quotient = np.float64(part[i] / scale)
                rounded = np.int32(quotient + 0.5) if quotient >= 0 else np.int32(quotient - 0.5)
                target[i] = np.int8(min(max(rounded, np.int32(-127)), np.int32(127)))


@kernel(VOID, F32_OUT_2D, F32_OUT_2D, I64, I64, F32)
def rope(queries, keys, position, head_dim, theta):  # type: ignore[no-untyped-def]
    """Rotate interleaved pairs of every head in place; row t stands at `position` + t.

    queries (tokens, heads * head_dim), keys (tokens, kv heads * head_dim). Formula: RoFormer, Su et al. 2021.
    """
    for pair in range(0, head_dim, 2):
        frequency = np.float32(1) / math.pow(theta, np.float32(pair) / np.float32(head_dim))
        for t in range(queries.shape[0]):
            angle = np.float32(position + t) * frequency
            cosine, sine = math.cos(angle), math.sin(angle)
            for vectors in (queries, keys):
                for i in range(pair, vectors.shape[1], head_dim):
                    first, second = vectors[t, i], vectors[t, i + 1]
                    vectors[t, i] = first * cosine - second * sine
                    vectors[t, i + 1] = first * sine + second * cosine


@kernel(VOID, F32_OUT_2D, F32_IN_2D)
def swiglu(gate, up):  # type: ignore[no-untyped-def]
    """gate = gate * sigmoid(gate) * up, in place, in this order."""
    one = np.float32(1)
    for t in range(gate.shape[0]):
        for i in range(gate.shape[1]):
            value = gate[t, i]
            value *= one / (one + math.exp(-value))
            gate[t, i] = value * up[t, i]


@kernel(VOID, F32_OUT_2D, F32_IN_2D)
def add(x, branch):  # type: ignore[no-untyped-def]
    """x += branch: the residual connection."""
    for t in range(x.shape[0]):
        for i in range(x.shape[1]):
            x[t, i] += branch[t, i]
