"""Student's interval for a ratio: known quantiles, known samples, and how often it really holds the truth."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.experiments.intervals import Ratio, ratio_of, student

TABLE = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 9: 2.262, 10: 2.228, 29: 2.045, 30: 2.042, 999: 1.962}


@pytest.mark.parametrize("freedom", TABLE)
def test_the_quantiles_of_every_textbook(freedom: int) -> None:
    assert round(student(0.95, freedom), 3) == TABLE[freedom]


def test_other_levels() -> None:
    assert round(student(0.99, 4), 3) == 4.604 and round(student(0.9, 1), 3) == 6.314
    assert student(0.5, 2) == pytest.approx(math.sqrt(2 / 3)), "in closed form"
    for level, freedom in ((0.0, 3), (1.0, 3), (0.95, 0)):
        with pytest.raises(ValueError, match="no quantile"):
            student(level, freedom)


def test_a_known_sample() -> None:
    """Logarithms 0, 1, 2: mean 1, deviation 1, so e to the 1 +- 4.303 / sqrt 3."""
    found = ratio_of([1.0, math.e, math.e**2])
    assert found is not None and found.low is not None and found.high is not None
    assert (found.count, found.minimum, found.maximum) == (3, 1, math.e**2)
    assert found.mean == pytest.approx(math.e) and found.median == math.e
    assert math.log(found.low) == pytest.approx(1 - 4.30265 / math.sqrt(3), abs=1e-4)
    assert math.log(found.high) == pytest.approx(1 + 4.30265 / math.sqrt(3), abs=1e-4)


def test_one_run_says_nothing_about_its_error() -> None:
    assert ratio_of([2.0]) == Ratio(1, 2.0, None, None, 2.0, 2.0, 2.0)
    assert ratio_of([]) is None
    steady = ratio_of([2.0, 2.0])
    assert steady is not None and steady.low == pytest.approx(2) == steady.high


@pytest.mark.parametrize("wrong", [[0.0, 1.0], [-1.0], [float("nan")], [float("inf"), 1.0]])
def test_a_ratio_is_positive(wrong: list[float]) -> None:
    with pytest.raises(ValueError, match="ratios must be positive"):
        ratio_of(wrong)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=12))
def test_the_inverse_ratio_has_the_inverse_interval(values: list[float]) -> None:
    found, inverse = ratio_of(values), ratio_of([1 / value for value in values])
    assert found is not None and inverse is not None
    assert found.low is not None and found.high is not None and inverse.low is not None and inverse.high is not None
    assert found.low <= found.mean * (1 + 1e-9) and found.mean <= found.high * (1 + 1e-9)
    assert inverse.mean == pytest.approx(1 / found.mean) and inverse.low == pytest.approx(1 / found.high)


def test_a_disturbed_run_makes_the_interval_wide_and_leaves_the_median() -> None:
    calm, disturbed = ratio_of([1.9, 1.92, 1.94, 1.93, 1.91]), ratio_of([1.9, 1.92, 1.94, 1.93, 2.6])
    assert calm is not None and disturbed is not None
    assert calm.low is not None and calm.high is not None and disturbed.low is not None and disturbed.high is not None
    assert disturbed.median == 1.93 and disturbed.mean > 2.03
    assert disturbed.high - disturbed.low > 10 * (calm.high - calm.low)


def test_how_often_the_truth_lies_within() -> None:
    """The reason for Student's interval: a bootstrap of five pairs promises 95 % and holds in far fewer."""
    source = random.Random(4)
    student_held = bootstrap_held = 0
    rounds = 1200
    for _ in range(rounds):
        logs = [0.05 * source.gauss(0, 1) for _ in range(5)]
        found = ratio_of([math.exp(value) for value in logs])
        assert found is not None and found.low is not None and found.high is not None
        student_held += found.low <= 1 <= found.high
        means = sorted(statistics.fmean(source.choices(logs, k=5)) for _ in range(100))
        bootstrap_held += means[2] <= 0 <= means[97]
    assert 0.93 < student_held / rounds < 0.97
    assert bootstrap_held / rounds < 0.87
