"""What every instruction set must do, as a program: `python checks.py` prints one line of JSON. LLMPROC_ISA chooses.

Run in a process of its own, because Numba is told its CPU once.
"""

from __future__ import annotations

import json
import re
import sys

import numpy as np
import programs

from llmproc.simd import dot, target

RNG = np.random.default_rng(5)


def address(array: np.ndarray) -> int:
    return int(array.ctypes.data)


def f32(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def check_arithmetic() -> None:
    a, b, c, out = f32(16), f32(16), f32(16), np.zeros((12, 16), np.float32)
    programs.arithmetic(address(out), address(a), address(b), address(c))
    exact = [a + b, a - b, a * b, a / b, np.maximum(a, b), np.minimum(a, b)]
    for row, expected in zip(out, exact, strict=False):
        assert (row == expected).all()
    wide = (a.astype(np.float64) * b + c).astype(np.float32)
    assert (out[6] == (wide if target.HAS_FMA else a * b + c)).all()
    assert (out[7] == np.abs(a)).all() and (out[8] == a).all()
    assert (out[9] == c.view(np.int32).astype(np.float32)).all()
    tree = a.copy()
    while len(tree) > 1:
        tree = tree[: len(tree) // 2] + tree[len(tree) // 2 :]
    assert (out[10] == tree[0]).all() and (out[11] == a.max()).all()


EDGES = np.array(
    [65519.9, 65520, 1e9, np.inf, -np.inf, 2**-14, 2**-15, 2**-24, 2**-25, 3 * 2**-26, -1e-9, 0, -0.0, 6e-8, 1, -1],
    np.float32,
)  # fmt: skip


def check_halves() -> None:
    every = np.arange(65536, dtype=np.uint16)
    finite = every[np.isfinite(every.view(np.float16))]
    for start in range(0, len(finite) - 15, 16):
        part, out, back = finite[start : start + 16].copy(), np.zeros(16, np.float32), np.zeros(16, np.uint16)
        programs.half_to_single(address(out), address(part))
        assert (out == part.view(np.float16).astype(np.float32)).all()
        programs.single_to_half(address(back), address(out))
        assert (back == part).all()
    for value in (f32(16) * 100, np.float32([1e-8] * 16), np.float32([2049.0, 2051.0] * 8), EDGES):
        back = np.zeros(16, np.uint16)
        programs.single_to_half(address(back), address(value))
        assert (back == value.astype(np.float16).view(np.uint16)).all()


def packed(weights: np.ndarray) -> np.ndarray:
    """(16, columns) int8 -> the steps the dot product reads."""
    steps = weights.reshape(16, -1, dot.STEP_K).transpose(1, 0, 2).astype(np.int16) + dot.OFFSET
    return np.ascontiguousarray(steps.astype(np.uint8))


def by_hand(weights: np.ndarray, scales: np.ndarray, x: np.ndarray, x_scales: np.ndarray, group: int) -> np.ndarray:
    """llama2.c's order: per group an exact sum, converted, times weight scale, times activation scale, added."""
    total = np.zeros((len(x), 16), np.float32)
    for g in range(x.shape[1] // group):
        part = slice(g * group, (g + 1) * group)
        sums = x[:, part].astype(np.int32) @ weights[:, part].astype(np.int32).T
        total += sums.astype(np.float32) * scales[g] * x_scales[:, g : g + 1]
    return total


def check_matmul(weights: np.ndarray, x: np.ndarray, group: int) -> None:
    tokens, columns = x.shape
    groups = columns // group
    scales, x_scales = np.abs(f32(groups, 16)), np.abs(f32(tokens, groups))
    offsets = (x.reshape(tokens, groups, group).sum(2, dtype=np.int32) * dot.OFFSET).astype(np.int32)
    activations = x.astype(np.int8 if dot.ACTIVATION_BYTES == 1 else np.int16)
    out, tile = np.zeros((tokens, 16), np.float32), packed(weights)
    programs.matmul(
        tokens, address(out), address(tile), address(scales), address(activations), activations.strides[0],
        address(offsets), address(x_scales), 4 * groups, groups, group // dot.STEP_K,
    )  # fmt: skip
    assert (out == by_hand(weights, scales, x, x_scales, group)).all()


def check_matmuls() -> None:
    for tokens in (1, 3, 6):
        for group in (4, 16, 64, 256):
            weights = RNG.integers(-128, 128, (16, 3 * group)).astype(np.int8)
            check_matmul(weights, RNG.integers(-127, 128, (tokens, 3 * group)).astype(np.int8), group)


def check_extremes() -> None:
    """All -128 and 127 against +-127: where saturating or 16-bit sums go wrong."""
    for weight in (-128, 127):
        for activation in (-127, 127):
            weights, x = np.full((16, 256), weight, np.int8), np.full((6, 256), activation, np.int8)
            check_matmul(weights, x, 256)
            mixed = weights.copy()
            mixed[:, ::2] = -128 - weights[:, ::2] - 1
            check_matmul(mixed, x, 64)


def check_floats() -> None:
    for tokens in (1, 4):
        weights, x, out = f32(40, 16), f32(tokens, 40), np.zeros((tokens, 16), np.float32)
        programs.float_matmul(tokens, address(out), address(weights), address(x), x.strides[0], 40)
        total = np.zeros((tokens, 16), np.float32)
        for k in range(40):
            if target.HAS_FMA:  # one rounding: exact in double precision but for its own last bit, checked loosely
                total = (total.astype(np.float64) + weights[k].astype(np.float64) * x[:, k : k + 1]).astype(np.float32)
            else:
                total += weights[k] * x[:, k : k + 1]
        assert np.abs(out - total).max() <= 1e-6


def registers() -> dict[str, int]:
    """Which registers and instructions the compiled programs use."""
    text = ""
    for program in (programs.arithmetic, programs.half_to_single, programs.matmul, programs.float_matmul):
        text += "".join(program.inspect_asm().values())
    names = ("%zmm", "%ymm", "%xmm", "vpdpbusd", "vpmaddwd", "pmaddwd", "pmaddubsw")
    return {name: len(re.findall(name, text)) for name in names}


if __name__ == "__main__":
    for check in (check_arithmetic, check_halves, check_matmuls, check_extremes, check_floats):
        check()
    json.dump({"isa": target.TARGET.name, **registers()}, sys.stdout)
