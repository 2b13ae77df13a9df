"""Steps on a row and the choice of a token against the plainest possible loop in fp32, bit by bit, and at extremes.

Products are in test_products; attention and embedding are compared with the reference, in engine.
"""

from __future__ import annotations

import ctypes
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kernels import choice_calls, row_programs

from llmproc import kernels
from llmproc.checkpoints.description import ModelDescription
from llmproc.engine.loading import frequencies
from llmproc.kernels import calls

F = np.float32
libm = ctypes.CDLL("libm.so.6")
for _name, _count in (("expf", 1), ("sinf", 1), ("cosf", 1), ("powf", 2)):
    getattr(libm, _name).restype = ctypes.c_float
    getattr(libm, _name).argtypes = [ctypes.c_float] * _count


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.load(kernels.COMMON)


def floats(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(F)


def left_to_right(terms) -> np.float32:
    total = F(0)
    for term in terms:
        total = F(total + F(term))
    return total


def same(first: np.ndarray, second: np.ndarray) -> None:
    np.testing.assert_array_equal(first.view(np.uint32), np.asarray(second, F).view(np.uint32))


@pytest.mark.parametrize("size", [1, 16, 37])
def test_rmsnorm_is_cs(size: int) -> None:
    x, weight, eps = floats(size), floats(size, seed=1), F(1e-5)
    factor = F(1) / np.sqrt(F(F(left_to_right(x * x) / F(size)) + eps))
    expected = weight * (factor * x)
    same(row_programs.normalised(x, weight, eps, c_order=True), expected)
    same(row_programs.normalised(x, weight, eps, c_order=True, in_place=True), expected)


@pytest.mark.parametrize("size", [1, 16, 37, 192])
def test_rmsnorm_in_lanes_agrees_to_a_few_digits(size: int) -> None:
    x, weight = floats(size), floats(size, seed=1)
    exact = weight.astype(float) * x / np.sqrt((x.astype(float) ** 2).mean() + 1e-5)
    np.testing.assert_allclose(row_programs.normalised(x, weight, 1e-5, c_order=False), exact, rtol=1e-6)


def c_round(value: float) -> int:
    return math.floor(abs(value) + 0.5) * (1 if value >= 0 else -1)  # exact: a Python float is a double


ANY = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("group", "groups"), [(4, 2), (8, 2), (16, 2), (32, 1)])
@given(st.data())
@settings(max_examples=60, deadline=None)
def test_quantise_is_cs_and_stays_in_range(group: int, groups: int, data: st.DataObject) -> None:
    """By scalars, and by vectors where a group is whole ones; with -128 times the sum, which bytes start from."""
    x = np.array(data.draw(st.lists(ANY, min_size=group * groups, max_size=group * groups)), F)
    values, scales, offsets, *sums, nibbles = row_programs.quantised(x, group)
    for g in range(groups):
        part = slice(g * group, (g + 1) * group)
        with np.errstate(under="ignore"):
            scale = F(np.abs(x[part]).max() / F(127))
        assert scales[g] == scale
        for value, number in zip(values[part], x[part], strict=True):
            expected = c_round(float(number / scale)) if scale > 0 else 0
            assert value == max(-127, min(127, expected))
        assert offsets[g] == -128 * values[part].astype(int).sum()
    assert all(np.isnan(each).all() for each in sums) and (nibbles == 99).all(), "sums that nobody asked for"


@given(st.lists(ANY, min_size=96, max_size=96), st.booleans(), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_sums_for_minimums_are_those_of_the_integers_times_the_scale(
    x: list[float], whole: bool, halves: bool, nibbles: bool
) -> None:
    """Of every group of 32, and of every half of one: one rounding each. Those that nibbles start from are integers."""
    row = row_programs.quantised(np.array(x, F), 32, whole, halves, nibbles)
    assert (row.nibble_offsets == (-8 * row.values.astype(int).reshape(-1, 32).sum(axis=1) if nibbles else 99)).all()
    sums = row.values.astype(int).reshape(-1, 32).sum(axis=1).astype(F)
    of_halves = row.values.astype(int).reshape(-1, 16).sum(axis=1).astype(F)
    with np.errstate(under="ignore", over="ignore"):
        for wanted, found, expected in (
            (whole, row.shifts, row.scales * sums),
            (halves, row.half_shifts, np.repeat(row.scales, 2) * of_halves),
        ):
            if wanted:
                same(found, expected)
            else:
                assert np.isnan(found).all(), "written, though nobody asked"


@pytest.mark.parametrize("group", [4, 12])
def test_sums_of_groups_that_are_no_whole_vectors(group: int) -> None:
    row = row_programs.quantised(floats(5 * group), group, shifts=True, nibbles=True)
    assert (16 * row.nibble_offsets == row.offsets).all()
    same(row.shifts, row.scales * row.values.astype(int).reshape(5, group).sum(axis=1).astype(F))


@pytest.mark.parametrize("group", [8, 16])
def test_quantise_rounds_halves_away_from_zero_and_no_less(group: int) -> None:
    below = np.nextafter(F(0.5), F(0))  # in fp32, below + 0.5 is 1
    x = np.array([127, 0.5, -0.5, 1.5, -1.5, 2.5, below, -below] * (group // 8), F)
    assert row_programs.quantised(x, group)[0][:8].tolist() == [127, 1, -1, 2, -2, 3, 0, 0]


@pytest.mark.parametrize("repeat", [1, 4])
def test_quantise_zero_group_and_denormals(repeat: int) -> None:
    groups = [[0, -0.0, 0, 0], [1, 0, 0, 0], [2e-43, 1e-45, 0, -2e-43]]
    x = np.array([numbers * repeat for numbers in groups], F).reshape(-1)
    values, scales, offsets, *_ = row_programs.quantised(x, 4 * repeat)
    zero, one, small = values.reshape(3, -1).tolist()
    assert scales[0] == 0 and offsets[0] == 0 and not any(zero)
    assert one[:4] == [127, 0, 0, 0] and offsets[1] == -128 * 127 * repeat
    assert np.abs(small).max() <= 127


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("group", [4, 16, 64])
def test_quantise_passes_on_what_is_not_a_number(bad: float, group: int) -> None:
    for place in (0, group // 2, group - 1):
        x = np.ones(2 * group, F)
        x[place] = bad
        values, scales, offsets, *_ = row_programs.quantised(x, group)
        assert np.isnan(scales[0]) and not np.isnan(scales[1])
        assert not values[:group].any() and offsets[0] == 0, "0 * NaN is NaN: it reaches the logits"


@pytest.mark.parametrize("position", [0, 1, 511, 4999])
@pytest.mark.parametrize(("theta", "factor"), [(10000, 1.0), (500000, 1.0), (500000, 1.13)])
def test_angles_and_rotation_are_libms(position: int, theta: int, factor: float) -> None:
    size, scale = 42, F(0.37)  # two vectors and a rest
    angles = np.full((position + 1, 2 * size), np.nan, F)
    plain = ModelDescription(size, size, 1, 1, 1, 9, 9, size, True, "f32", 0, rope_theta=float(theta))
    calls.fill_angles(angles, frequencies(plain), factor)
    x = floats(size)
    expected, scaled = x.copy(), x.copy()
    for i in range(0, size, 2):
        angle = F(position) * (F(1) / F(libm.powf(F(theta), F(i) / F(size))))
        cosine, sine = F(factor) * F(libm.cosf(angle)), F(factor) * F(libm.sinf(angle))
        assert angles[position, i : i + 2].tolist() == [cosine, cosine]
        assert angles[position, size + i : size + i + 2].tolist() == [-sine, sine]
        expected[i : i + 2] = x[i] * cosine - x[i + 1] * sine, x[i] * sine + x[i + 1] * cosine
        scaled[i : i + 2] = expected[i : i + 2] * scale
    same(row_programs.rotated(x, angles[position], 1), expected)
    same(row_programs.rotated(x, angles[position], scale), scaled)


def test_what_is_not_rotated_is_scaled() -> None:
    x = floats(42)
    same(row_programs.scaled(x, 0.37), x * F(0.37))
    same(row_programs.scaled(x, 1), x)


def test_the_gated_unit_is_libms() -> None:
    gate, up = floats(50) * F(20), floats(50, seed=1)
    expected = gate.copy()
    for i in range(50):
        expected[i] = F(gate[i] * F(F(1) / F(F(1) + F(libm.expf(-gate[i]))))) * up[i]
    same(row_programs.gated(gate, up, c_order=True), expected)


def test_the_gated_unit_in_lanes_agrees_to_a_few_digits() -> None:
    gate, up = np.linspace(-120, 120, 4000, dtype=F), floats(4000, seed=1)
    wide = gate.astype(float)
    exact = wide / (1 + np.exp(-wide)) * up
    found = row_programs.gated(gate, up, c_order=False)
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-30)
    assert np.isnan(row_programs.gated(np.array([np.nan], F), np.ones(1, F), c_order=False)).all()


def test_probabilities_are_libms() -> None:
    logits, heat = floats(300) * F(5), F(0.6)
    shares = np.empty_like(logits)
    assert choice_calls.probabilities(shares, logits, heat) == 0
    scaled = logits / heat
    powers = np.array([libm.expf(v - scaled.max()) for v in scaled], F)
    same(shares, powers / left_to_right(powers))


def argmax(*rows: list[float]) -> list[int]:
    found = np.empty(len(rows), np.int64)
    calls.argmax(found, np.array(rows, F))
    return found.tolist()


def test_argmax_takes_the_lowest_index_and_refuses_what_is_not_finite() -> None:
    assert argmax([-3, 2, 2, 1], [9, 2, 2, 1]) == [1, 0]
    assert argmax([-3]) == [0]
    for bad in (np.nan, np.inf, -np.inf):
        for place in (0, 2):
            x = [1.0, 2.0, 3.0]
            x[place] = bad
            assert argmax([5, 1, 2], x) == [0, -1]


@pytest.mark.parametrize("size", [1, 15, 256, 257, 1000])
def test_argmax_of_rows_that_lie_apart_sees_these_rows_alone(size: int) -> None:
    wide = np.full((5, size + 300), np.nan, F)
    rows = wide[:, :size]
    rows[:] = np.random.default_rng(size).integers(0, 40, rows.shape)
    found = np.empty(5, np.int64)
    calls.argmax(found, rows)
    assert found.tolist() == rows.argmax(axis=1).tolist()
