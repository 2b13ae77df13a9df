"""Quantisation to int8 groups: the rounding rule, the corner cases and the error bound."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.checkpoints.ggml_types import dequantise
from llmproc.checkpoints.llama2c import quantisation
from llmproc.checkpoints.llama2c.quantisation import quantise

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False)


def test_hand_worked() -> None:
    matrix = quantise(np.array([[127, 63.5, -63.5, 0.5, 0, 0, 0, 0], [1, -1, 0, 0.25, 254, 1, -1, 2.99]], "f4"), 4)
    assert matrix.scales.tolist() == [[1.0, 0.0], [float(np.float32(1) / np.float32(127)), 2.0]]
    assert matrix.values.tolist() == [[127, 64, -64, 1, 0, 0, 0, 0], [127, -127, 0, 32, 127, 1, -1, 1]]
    assert matrix.values.dtype == np.int8 and matrix.scales.dtype == np.float32


def test_half_goes_away_from_zero() -> None:
    halves = np.arange(-126.5, 127, 1, dtype=np.float32)
    row = np.concatenate([[np.float32(127)], halves])[None, :]
    expected = [127, *(math.floor(abs(h) + 0.5) * (1 if h > 0 else -1) for h in halves.tolist())]
    assert quantise(row, row.shape[1]).values[0].tolist() == expected


def test_just_below_half_goes_to_zero() -> None:
    """0.49999997 + 0.5 is 1.0 in float32: adding a half and cutting would round it up."""
    below = np.nextafter(np.float32(0.5), np.float32(0))
    assert quantise(np.array([[127, below, -below, 0]], "f4"), 4).values[0].tolist() == [127, 0, 0, 0]


@given(st.lists(FLOATS, min_size=4, max_size=4))
@settings(max_examples=300, deadline=None)
def test_against_exact_arithmetic(row: list[float]) -> None:
    array = np.array([row], np.float32)
    matrix = quantise(array, 4)
    scale = np.float32(np.abs(array).max() / np.float32(127))
    assert matrix.scales[0, 0] == scale
    for value, got in zip(array[0], matrix.values[0].tolist(), strict=True):
        if scale == 0:
            assert got == 0
            continue
        quotient = Fraction(float(value / scale))  # the float32 quotient, exactly
        rounded = math.floor(abs(quotient) + Fraction(1, 2)) * (1 if quotient > 0 else -1)
        assert got == max(-127, min(127, rounded))


@given(st.integers(1, 5), st.integers(1, 4), st.sampled_from([1, 4, 8, 32]), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_error_is_at_most_half_a_step(rows: int, groups: int, group: int, seed: int) -> None:
    array = np.random.default_rng(seed).standard_normal((rows, groups * group)).astype(np.float32)
    matrix = quantise(array, group)
    assert matrix.values.shape == array.shape and matrix.scales.shape == (rows, groups)
    error = np.abs(dequantise(matrix) - array).reshape(rows, groups, group)
    assert (error <= matrix.scales[:, :, None] * 0.5001).all()
    again = quantise(dequantise(matrix), group)
    assert np.array_equal(again.values, matrix.values), "quantising twice changes nothing"


def test_denormals_and_giants_stay_in_range() -> None:
    tiny = np.float32(2.6e-43)  # its scale is the smallest float32: 186 steps of it would not fit int8
    assert quantise(np.array([[tiny, -tiny, 0, 0]], "f4"), 4).values[0].tolist() == [127, -127, 0, 0]
    smallest = quantise(np.array([[1e-45, 0, 0, 0]], "f4"), 4)
    assert smallest.scales[0, 0] == 0 and not smallest.values.any()
    largest = quantise(np.array([[np.finfo("f4").max, 0, 0, 0]], "f4"), 4)
    assert np.isfinite(largest.scales).all() and largest.values[0, 0] == 127


def test_blocks_make_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    array = np.random.default_rng(1).standard_normal((37, 16)).astype(np.float32)
    whole = quantise(array, 4)
    monkeypatch.setattr(quantisation, "BLOCK", 48)
    parts = quantise(array, 4)
    assert np.array_equal(whole.values, parts.values) and np.array_equal(whole.scales, parts.scales)


@pytest.mark.parametrize(("shape", "group"), [((2, 6), 4), ((8,), 4), ((2, 8), 0), ((2, 8), -4)])
def test_wrong_shapes(shape: tuple[int, ...], group: int) -> None:
    with pytest.raises(ValueError, match="do not divide"):
        quantise(np.ones(shape, "f4"), group)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_not_finite(value: float) -> None:
    with pytest.raises(ValueError, match="only finite"):
        quantise(np.array([[1, value, 0, 0]], "f4"), 4)
