"""Sums and the figures made of them, beside the plain formulas over every position."""

from __future__ import annotations

import math
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.experiments.perplexity.figures import (
    ScoreSums,
    comparison_of,
    mean_of,
    perplexity_of,
    total,
)

VALUES = st.lists(st.floats(0, 20), min_size=2, max_size=50)


def sums_of(nll: list[float], other: list[float] | None = None, **more: float) -> ScoreSums:
    products = 0.0 if other is None else sum(a * b for a, b in zip(nll, other, strict=True))
    return ScoreSums(len(nll), sum(nll), sum(n * n for n in nll), products, **more)  # type: ignore[arg-type]


def test_a_uniform_guess_among_eight() -> None:
    found = perplexity_of(sums_of([math.log(8)] * 10))
    assert found.value == pytest.approx(8) and found.error == pytest.approx(0, abs=1e-6)


def test_two_positions_by_hand() -> None:
    """Mean 2, squares 1 and 9: variance 5 - 4 = 1, error sqrt(1 / 1)."""
    found = perplexity_of(sums_of([1.0, 3.0]))
    assert (found.value, found.error) == (pytest.approx(math.exp(2)), pytest.approx(math.exp(2)))


@given(VALUES)
def test_the_error_is_that_of_a_mean(values: list[float]) -> None:
    found = mean_of(len(values), sum(values), sum(v * v for v in values))
    assert found.value == pytest.approx(statistics.fmean(values))
    expected = statistics.pstdev(values) / math.sqrt(len(values) - 1)
    assert found.error == pytest.approx(expected, rel=1e-6, abs=1e-6)


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=2, max_size=40))
def test_the_ln_ratio_is_the_mean_of_the_differences(pairs: list[tuple[float, float]]) -> None:
    """And its error is that of this mean: what both have in common does not count."""
    own, other = [a for a, _ in pairs], [b for _, b in pairs]
    found = comparison_of(sums_of(own, other), sums_of(other))["ln_ratio"]
    differences = [a - b for a, b in pairs]
    expected = mean_of(len(pairs), sum(differences), sum(d * d for d in differences))
    assert found["value"] == pytest.approx(expected.value, abs=1e-9)
    assert found["error"] == pytest.approx(expected.error, rel=1e-3, abs=1e-5)


def test_shares_and_divergence() -> None:
    sums = sums_of([1.0] * 5, [1.0] * 5, divergence=0.5, divergence_squares=0.05, same_top=4, difference_squares=0.2)
    found = comparison_of(sums, sums_of([1.0] * 5))
    assert found["same_top"] == {"value": 0.8, "error": pytest.approx(math.sqrt(0.8 * 0.2 / 4))}
    assert found["divergence"] == {"value": 0.1, "error": pytest.approx(0.0, abs=1e-9)}
    assert found["delta_p"] == pytest.approx(0.2)


def test_other_positions_are_not_compared() -> None:
    with pytest.raises(ValueError, match="5 positions against 4"):
        comparison_of(sums_of([1.0] * 5), sums_of([1.0] * 4))


def test_sums_add_up_and_the_largest_stays() -> None:
    one = ScoreSums(2, 1.0, 2.0, 3.0, 4.0, 5.0, 0.25, 1, 6.0)
    other = ScoreSums(3, 10.0, 20.0, 30.0, 40.0, 50.0, 0.125, 2, 60.0)
    assert total([one, other]) == ScoreSums(5, 11.0, 22.0, 33.0, 44.0, 55.0, 0.25, 3, 66.0)
    assert total([]) == ScoreSums()


def test_a_broken_model_has_an_infinite_perplexity() -> None:
    assert perplexity_of(sums_of([1000.0, 1000.0])).value == math.inf


def test_nothing_has_no_mean() -> None:
    with pytest.raises(ValueError, match="nothing was scored"):
        perplexity_of(ScoreSums())
