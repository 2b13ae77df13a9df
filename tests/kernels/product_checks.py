"""What products of every kind must do, as a program of test_products: prints JSON. LLMPROC_ISA chooses."""

from __future__ import annotations

import json
import re
import sys

import numpy as np
from kernels import product_programs
from kernels.product_programs import ADD, F32_C, INT8, NAMES, Q4_0, Q8_0, Case, program, random_case

from llmproc.simd import target

KINDS = range(len(NAMES))
EPSILON = 2.0**-24  # half a unit in the last place of float32, relative
GROUPS = {INT8: (4, 16, 32, 64, 128, 256), Q8_0: (32,), Q4_0: (32,)}


def check_close(case: Case) -> float:
    """Compare with float64; returns the error in proportion to what was added."""
    found, (expected, magnitude) = case.whole(), case.exact()
    steps = case.weights.shape[1] // case.group + 3  # roundings on the way to a sum
    error = np.abs(found - expected) / (magnitude + 1e-30)
    assert found.shape == expected.shape and (error <= steps * EPSILON).all(), (NAMES[case.kind], error.max(), steps)
    return float(error.max())


def check_bits(case: Case) -> None:
    """The kinds of the C engine's order equal it bit by bit."""
    if case.kind in (INT8, F32_C):
        assert (case.whole() == case.c_order()).all(), NAMES[case.kind]


def check_against_numpy() -> dict[str, float]:
    """Rows that fill no tile, odd counts of tiles, all groups, 1 to 9 tokens."""
    worst = {}
    for kind in KINDS:
        errors = []
        for group in GROUPS.get(kind, (1, 32)):
            for rows, groups, tokens in ((1, 1, 1), (16, 3, 2), (33, 2, 4), (40, 5, 9), (80, 1, 5)):
                case = random_case(kind, rows, groups, group, tokens)
                errors.append(check_close(case))
                check_bits(case)
        worst[NAMES[kind]] = max(errors)
    return worst


def check_extremes() -> None:
    """Every value at the end of its range, where saturating or 16-bit sums go wrong; sums are exact integers."""
    for kind, ends in ((INT8, (-128, 127)), (Q8_0, (-128, 127)), (Q4_0, (-8, 7))):
        scale = np.float32 if kind == INT8 else np.float16
        for group in GROUPS[kind]:
            for weight in ends:
                for activation in (-127, 127):
                    weights, x = np.full((32, 2 * group), weight), np.full((5, 2 * group), activation)
                    weights[1, ::2], x[1, ::2] = sum(ends) - weight, -activation
                    case = Case(kind, weights, np.ones((32, 2), scale), x, np.ones((5, 2), np.float32))
                    assert (case.whole() == case.exact()[0]).all(), (NAMES[kind], group, weight, activation)


def check_every_nibble() -> None:
    """Each of the 16 values in each of the two places of a byte, against each place of the activations."""
    for shift in range(32):
        weights = (np.arange(32)[None, :] + np.arange(16)[:, None] + shift) % 16 - 8
        x = np.zeros((1, 32), int)
        x[0, shift] = 3
        case = Case(Q4_0, weights, np.ones((16, 1), np.float16), x, np.ones((1, 1), np.float32))
        assert (case.whole()[0] == 3 * weights[:, shift]).all(), shift


def check_one_token_or_many() -> None:
    """The same bits for a token alone and among others, and for a tile alone and in any range."""
    for kind in KINDS:
        group = GROUPS.get(kind, (16,))[-1]
        case = random_case(kind, 80, 3, group, 9, seed=1)  # five tiles
        together = case.run(0, 5, range(9))
        for t in range(9):
            assert (case.run(0, 5, range(t, t + 1))[0] == together[t]).all(), (NAMES[kind], t)
        for first in range(5):
            for last in range(first + 1, 6):
                part = case.run(first, last, range(2, 8))
                assert (part == together[2:8, 16 * first : 16 * last]).all(), (NAMES[kind], first, last)


def check_adding() -> None:
    """ADD puts the product on what is there, once for every tile, the last of an odd range too."""
    for kind in KINDS:
        case = random_case(kind, 48, 2, 32, 5, seed=2)
        for tiles in (1, 2, 3):
            there = np.random.default_rng(0).normal(size=(5, 16 * tiles)).astype(np.float32)
            expected = there + case.run(0, tiles, range(5))
            assert (case.run(0, tiles, range(5), ADD, there) == expected).all(), (NAMES[kind], tiles)


def check_nothing_beside() -> None:
    """Only the rows asked for are written."""
    for kind in KINDS:
        case = random_case(kind, 48, 1, 32, 3)
        for tiles in (1, 2, 3):
            wide = np.full((5, 16 * tiles + 32), np.nan, np.float32)
            case.run(0, tiles, range(3), out=wide[1:4, 16 : 16 * tiles + 16])
            inside = np.zeros(wide.shape, bool)
            inside[1:4, 16 : 16 * tiles + 16] = True
            assert (np.isfinite(wide) == inside).all(), (NAMES[kind], tiles)


def registers() -> dict[str, dict[str, int]]:
    """Which registers and instructions the products of each kind are made of."""
    names = ("%zmm", "%ymm", "%xmm", "vpdpbusd", "vpmaddwd", "pmaddwd", "pmaddubsw", "vfmadd")
    texts = {kind: program(kind)[1] for kind in KINDS}
    return {NAMES[kind]: {name: len(re.findall(name, text)) for name in names} for kind, text in texts.items()}


if __name__ == "__main__":
    assert product_programs.environment._prepared
    errors = check_against_numpy()
    for check in (check_extremes, check_every_nibble, check_one_token_or_many, check_adding, check_nothing_beside):
        check()
    json.dump({"isa": target.TARGET.name, "errors": errors, "assembly": registers()}, sys.stdout)
