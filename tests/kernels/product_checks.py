"""What products of every kind must do, as a program of test_products: prints JSON. LLMPROC_ISA chooses."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
from kernels import product_programs
from kernels.product_programs import ADD, CASES, NAMES, Case, int8_case, program, random_case, stored_case

from llmproc.kernels.kinds import QUANTISED
from llmproc.kernels.stored import BLOCKS
from llmproc.simd import target

EPSILON = 2.0**-24  # half a unit in the last place of float32, relative
SHAPES = ((1, 1, 1), (16, 3, 2), (33, 2, 4), (40, 5, 9), (80, 1, 5))  # rows, units of columns, tokens
GROUPS = (4, 16, 32, 64, 128, 256)  # of int8, as llama2.c's files may say


def check_close(case: Case) -> float:
    """Compare with float64; returns the error in proportion to what was added."""
    found, (expected, magnitude) = case.whole_product(), case.exact()
    # Numbers are added one by one, or group by group; a weight less its minimum is larger than the weight itself.
    steps = case.weights.shape[1] + 3 if not case.quantised else 3 * case.weights.shape[1] // case.form.group + 8
    error = np.abs(found - expected) / (magnitude + 1e-30)
    assert found.shape == expected.shape and np.isfinite(found).all()
    assert (error <= steps * EPSILON).all(), (case.name, error.max() / EPSILON, steps)
    return float(error.max())


def c_order(case: Case) -> np.ndarray:
    """llama2.c's own order in float32: what INT8 and F32_C must equal bit by bit."""
    total = np.zeros((len(case.x), len(case.weights)), np.float32)
    if case.name == "f32_c":
        weights = case.weights.astype(np.float32)
        for k in range(weights.shape[1]):
            total += weights[:, k] * case.x[:, k : k + 1]
        return total
    scales = case.scales.view(np.float32).reshape(case.tiles, -1, 16).transpose(0, 2, 1).reshape(16 * case.tiles, -1)
    scales = scales[: len(case.weights)]
    group = case.form.group
    whole = np.rint(case.weights / np.repeat(scales.astype(np.float64), group, axis=1)).astype(np.int64)
    for g in range(scales.shape[1]):
        part = slice(group * g, group * (g + 1))
        sums = case.whole[:, part] @ whole[:, part].T
        total += sums.astype(np.float32) * scales[:, g] * case.x_scales[:, g : g + 1]
    return total


def check_against_numpy() -> dict[str, float]:
    """Rows that fill no tile, odd counts of tiles, odd counts of columns or groups, all groups, 1 to 9 tokens."""
    worst = {}
    for name in CASES:
        errors = []
        for unit in units(name):
            for rows, count, tokens in SHAPES:
                case = random_case(name, rows, count * unit, tokens, group=unit)
                errors.append(check_close(case))
                if name in ("int8", "f32_c"):
                    assert (case.whole_product() == c_order(case)).all(), (name, unit)
        worst[name] = max(errors)
    return worst


def units(name: str) -> tuple[int, ...]:
    """The columns that rows are made of: blocks, groups, or one and many numbers."""
    if name == "int8":
        return GROUPS
    return (1, 37) if CASES[name].kind not in QUANTISED else (BLOCKS[name].columns,)


def check_extremes_of_bytes() -> None:
    """The same for whole bytes, of int8 and Q8_0: -128 and 127, all of one, and by turns."""
    for weight in (-128, 127):
        for activation in (-127, 127):
            for group in GROUPS:
                weights, x = np.full((32, 2 * group), weight), np.full((5, 2 * group), activation, np.float32)
                weights[1, ::2], x[1, ::2] = -1 - weight, -activation
                case = int8_case(weights, np.ones((32, 2), np.float32), x)
                assert (case.whole_product() == case.exact()[0]).all(), (group, weight, activation)
                if group == 256:
                    one = np.broadcast_to(np.array([1], "<f2").view(np.uint8), (32, 16, 2))
                    raw = np.concatenate([one, weights.astype(np.int8).view(np.uint8).reshape(32, 16, 32)], axis=2)
                    case = stored_case("Q8_0", raw.reshape(-1), (32, 512), x)
                    assert (case.weights == weights).all()
                    assert (case.whole_product() == case.exact()[0]).all(), (weight, activation)


def check_extremes() -> None:
    """Every value at the end of its range, where saturating or 16-bit sums go wrong; sums are exact integers."""
    for name in (name for name, block in BLOCKS.items() if block.columns > 1):
        for byte in (0x00, 0xFF, 0x0F, 0xF0):
            raw = np.full((32, 2 * 256 // BLOCKS[name].columns, BLOCKS[name].nbytes), byte, np.uint8)
            for at in product_programs.HALVES.get(name, ()):
                raw[:, :, at : at + 2] = np.array([1], "<f2").view(np.uint8)
            if name == "MXFP4":
                raw[:, :, 0] = 128
            for sign in (-1, 1):
                x = np.full((5, 512), 127 * sign, np.float32)
                x[1, ::2] *= -1
                case = stored_case(name, raw.reshape(-1), (32, 512), x)
                assert (case.whole_product() == case.exact()[0]).all(), (name, byte, sign)


def check_every_place() -> None:
    """Each column on its own: what stands in one bit of one byte reaches its own sum and no other."""
    x = np.zeros((256, 256), np.float32)
    np.fill_diagonal(x, 127)
    for name in CASES:
        made = random_case(name, 16, 256, 1, seed=3)
        group = made.group if name == "int8" else 0
        case = Case(name, made.weights, (made.values, made.scales), x, group)
        expected, found = 127 * case.weights.T, case.whole_product()
        assert (np.abs(found - expected) <= 4 * EPSILON * np.abs(expected) + 1e-30 + _least(case)).all(), name


def _least(case: Case) -> float:
    """The rounding of a weight that is the difference of larger numbers."""
    return 127 * 8 * EPSILON * float(np.abs(case.weights).max())


def check_one_token_or_many() -> None:
    """The same bits for a token alone and among others, and for a tile alone and in any range."""
    for name in CASES:
        case = random_case(name, 80, 256, 9, seed=1)  # five tiles
        together = case.run(0, 5, range(9))
        for t in range(9):
            assert (case.run(0, 5, range(t, t + 1))[0] == together[t]).all(), (name, t)
        for first in range(5):
            for last in range(first + 1, 6):
                part = case.run(first, last, range(2, 8))
                assert (part == together[2:8, 16 * first : 16 * last]).all(), (name, first, last)


def check_adding() -> None:
    """ADD puts the product on what is there, once for every tile, the last of an odd range too."""
    for name in CASES:
        case = random_case(name, 48, 256, 5, seed=2)
        for tiles in (1, 2, 3):
            there = np.random.default_rng(0).normal(size=(5, 16 * tiles)).astype(np.float32)
            expected = there + case.run(0, tiles, range(5))
            assert (case.run(0, tiles, range(5), ADD, there) == expected).all(), (name, tiles)


def check_nothing_beside() -> None:
    """Only the rows asked for are written."""
    for name in CASES:
        case = random_case(name, 48, 256, 3)
        for tiles in (1, 2, 3):
            wide = np.full((5, 16 * tiles + 32), np.nan, np.float32)
            case.run(0, tiles, range(3), out=wide[1:4, 16 : 16 * tiles + 16])
            inside = np.zeros(wide.shape, bool)
            inside[1:4, 16 : 16 * tiles + 16] = True
            assert (np.isfinite(wide) == inside).all(), (name, tiles)


def registers() -> dict[str, dict[str, int]]:
    """Which registers and instructions the products of each kind are made of."""
    names = ("%zmm", "%ymm", "%xmm", "vpdpbusd", "vpmaddwd", "pmaddwd", "pmaddubsw", "vfmadd")
    texts = {NAMES[form.kind]: program(form.kind)[1] for form in CASES.values()}
    return {kind: {name: len(re.findall(name, text)) for name in names} for kind, text in texts.items()}


CHECKS = (
    check_extremes, check_extremes_of_bytes, check_every_place, check_one_token_or_many, check_adding,
    check_nothing_beside,
)  # fmt: skip

if __name__ == "__main__":
    assert product_programs.environment._prepared
    errors = check_against_numpy()
    for check in CHECKS:
        check()
    json.dump({"isa": target.TARGET.name, "errors": errors, "assembly": registers()}, sys.stdout)
