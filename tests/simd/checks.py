"""What every instruction set must do, as a program: `python checks.py` prints one line of JSON. LLMPROC_ISA chooses.

Run in a process of its own, because Numba is told its CPU once.
"""

from __future__ import annotations

import json
import re
import sys

import numpy as np
from simd import programs, weight_checks

from llmproc.simd import layout, target

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
    steps = weights.reshape(16, -1, layout.STEP_K).transpose(1, 0, 2).astype(np.int16) + layout.OFFSET
    return np.ascontiguousarray(steps.astype(np.uint8))


def by_hand(weights: np.ndarray, scales: np.ndarray, x: np.ndarray, x_scales: np.ndarray, group: int) -> np.ndarray:
    """llama2.c's order: per group an exact sum, converted, times weight scale, times activation scale, added."""
    total = np.zeros((len(x), 16), np.float32)
    for g in range(x.shape[1] // group):
        part = slice(g * group, (g + 1) * group)
        sums = x[:, part].astype(np.int32) @ weights[:, part].astype(np.int32).T
        total += sums.astype(np.float32) * scales[g] * x_scales[:, g : g + 1]
    return total


def fused_by_hand(
    weights: np.ndarray, scales: np.ndarray, x: np.ndarray, x_scales: np.ndarray, group: int
) -> np.ndarray:
    """fma(sum, weight scale * activation scale, total), whose product is exact in float64; or the order above."""
    if not target.HAS_FMA:
        return by_hand(weights, scales.astype(np.float32), x, x_scales, group)
    total = np.zeros((len(x), 16), np.float32)
    for g in range(x.shape[1] // group):
        part = slice(g * group, (g + 1) * group)
        sums = (x[:, part].astype(np.int32) @ weights[:, part].astype(np.int32).T).astype(np.float64)
        both = scales[g].astype(np.float32) * x_scales[:, g : g + 1]
        total = (sums * both + total.astype(np.float64)).astype(np.float32)
    return total


def check_matmul(weights: np.ndarray, x: np.ndarray, group: int) -> None:
    tokens, columns = x.shape
    groups = columns // group
    x_scales = np.abs(f32(tokens, groups))
    offsets = (-layout.OFFSET * x.reshape(tokens, groups, group).sum(2, dtype=np.int32)).astype(np.int32)
    activations = x.astype(np.int8 if layout.ACTIVATION_BYTES == 1 else np.int16)
    tile = packed(weights)
    for fused, kind, expected in ((0, np.float32, by_hand), (1, np.float16, fused_by_hand)):
        scales, out = np.abs(f32(groups, 16)).astype(kind), np.zeros((tokens, 16), np.float32)
        programs.matmul(
            tokens, fused, address(out), address(tile), address(scales), address(activations), activations.strides[0],
            address(offsets), address(x_scales), 4 * groups, groups, group // layout.STEP_K,
        )  # fmt: skip
        assert (out == expected(weights, scales, x, x_scales, group)).all(), fused


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


def check_nibbles() -> None:
    """Every weight from -8 to 7, both ends against +-127 too."""
    for low, high in ((-8, 8), (-8, -7), (7, 8)):
        for x_low, x_high in ((-127, 128), (-127, -126), (127, 128)):
            weights, x = RNG.integers(low, high, (16, 64)), RNG.integers(x_low, x_high, (3, 64))
            pairs = (weights + 8).reshape(16, -1, 2, layout.STEP_K).transpose(1, 2, 0, 3).astype(np.uint8)
            tile = np.ascontiguousarray(pairs[:, 0] | pairs[:, 1] << 4)
            stored = x.astype(np.int8 if layout.ACTIVATION_BYTES == 1 else np.int16)
            offsets = (-layout.NIBBLE_OFFSET * x.sum(1)).astype(np.int32)
            out = np.zeros((3, 16), np.int32)
            programs.nibbles(
                address(out), address(tile), address(stored), stored.strides[0], address(offsets),
                64 // (2 * layout.STEP_K),
            )  # fmt: skip
            assert (out == x @ weights.T).all()


def check_activations() -> None:
    kind = np.int8 if layout.ACTIVATION_BYTES == 1 else np.int16
    values = RNG.integers(-127, 128, 16).astype(np.int32)
    one, many = np.zeros(16, kind), np.zeros(16, kind)
    programs.activations(address(one), address(many), address(values))
    assert (one == values).all() and (many == values).all()


def check_tiles() -> None:
    tile, weights, x, out = f32(3, 16), f32(16), f32(3), np.zeros((9, 16), np.float32)
    out[3:6] = before = f32(3, 16)
    programs.tile_steps(address(out), address(tile), address(weights), address(x))
    assert (out[:3] == tile + weights * x[:, None]).all(), "a product is rounded before it is added"
    assert (out[3:6] == before + tile).all() and (out[6:] == tile).all()


def check_integers() -> None:
    a, b = (RNG.integers(-(1 << 31), 1 << 31, 16).astype(np.int32) for _ in range(2))
    x, y, out = f32(16) * 1000, f32(16) * 1000, np.zeros((9, 16), np.int32)
    x[:5], y[:5] = [np.nan, 1, 2, 0.0, np.nan], [1, np.nan, 2, -0.0, np.nan]
    x[5:8] = [2.9, -2.9, 0.9]
    programs.integers(address(out), address(a), address(b), address(x), address(y))
    with np.errstate(over="ignore", invalid="ignore"):
        expected = [a + b, a - b, a & b, a | b, a << (b & 31), x.astype(np.int32)]
    expected += [np.where(x < y, x, y).view(np.int32), np.where(x >= y, x, y).view(np.int32)]
    numbers = ~np.isnan(x)  # what becomes of the others is not defined
    for number, (row, right) in enumerate(zip(out, expected, strict=False)):
        compared = numbers if number == 5 else slice(None)
        assert (row[compared] == right[compared]).all(), number
    assert (out[8] == a.sum(dtype=np.int32)).all()


def check_lanes() -> None:
    x, y, out = f32(16), f32(16), np.zeros(16, np.float32)
    for count in range(-1, 18):
        programs.first_of(address(out), address(x), count, address(y))
        assert (out == np.where(np.arange(16) < count, x, y)).all()
    a, narrow = RNG.integers(-(1 << 31), 1 << 31, 16).astype(np.int32), np.zeros(48, np.uint8)
    programs.narrowed(address(narrow), address(a))
    assert (narrow[:16].view(np.int8) == a.astype(np.int8)).all()
    assert (narrow[16:].view(np.int16) == a.astype(np.int16)).all()


def check_exponential() -> None:
    """Two units in the last place over the whole range, and what is beyond it."""
    numbers, out = np.linspace(-87, 88, 160_000, dtype=np.float32), np.zeros(16, np.float32)
    worst = 0.0
    for start in range(0, len(numbers), 16):
        part = numbers[start : start + 16].copy()
        programs.exponentials(address(out), address(part))
        exact = np.exp(part.astype(np.float64))
        worst = max(worst, float((np.abs(out - exact) / np.spacing(exact.astype(np.float32))).max()))
    assert 0.4 < worst < 2, worst
    special = np.array([0, -0.0, -np.inf, -88, -1e30, np.inf, 89, 1e30, np.nan, *[1] * 7], np.float32)
    programs.exponentials(address(out), address(special))
    top = np.float32(np.exp(88.0))
    assert out[:5].tolist() == [1, 1, 0, 0, 0] and np.isnan(out[8])
    assert (np.abs(out[5:8] / top - 1) < 1e-6).all() and (out[9:] == out[9]).all()


def check_scalars() -> None:
    for half in (0x0000, 0x8000, 0x3C00, 0x0001, 0x7BFF, 0xFC00):
        place = np.array([half], np.uint16)
        assert programs.half_at(address(place)) == place.view(np.float16)[0]
    source, to = RNG.integers(0, 256, 24).astype(np.uint8), np.zeros(24, np.uint8)
    assert programs.copied(address(to), address(source)) == int(source.view(np.int8)[20]) + int(source[20])
    written = np.r_[0:2, 4:20]
    assert (to[written] == source[written]).all() and not to[[2, 3, 20, 21, 22, 23]].any()


PROGRAMS = (
    programs.arithmetic, programs.half_to_single, programs.single_to_half, programs.matmul, programs.float_matmul,
    programs.nibbles, programs.tile_steps, programs.integers, programs.exponentials, programs.first_of,
    *weight_checks.PROGRAMS,
)  # fmt: skip
CHECKS = (
    check_arithmetic, check_halves, check_matmuls, check_extremes, check_floats, check_nibbles, check_activations,
    check_tiles, check_integers, check_lanes, check_exponential, check_scalars, *weight_checks.CHECKS,
)  # fmt: skip


def registers() -> dict[str, int]:
    """Which registers and instructions the compiled programs use."""
    text = ""
    for program in PROGRAMS:
        text += "".join(program.inspect_asm().values())
    names = ("%zmm", "%ymm", "%xmm", "vpdpbusd", "vpmaddwd", "pmaddwd", "pmaddubsw")
    return {name: len(re.findall(name, text)) for name in names}


if __name__ == "__main__":
    for check in CHECKS:
        check()
    json.dump({"isa": target.TARGET.name, **registers()}, sys.stdout)
