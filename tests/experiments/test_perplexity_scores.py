"""Rows of logits to sums, beside sums written out position by position."""

from __future__ import annotations

import math

import numpy as np
import pytest

from llmproc.errors import LlmprocError
from llmproc.experiments.perplexity.scores import log_probabilities, sums_of


def rows(seed: int, count: int = 5, vocabulary: int = 7, spread: float = 3.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal((count, vocabulary)) * spread).astype(np.float32)


def test_log_probabilities_are_those_of_softmax() -> None:
    logits = rows(1)
    found = log_probabilities(logits)
    assert found.dtype == np.float64
    for row, own in zip(found, logits.astype(np.float64), strict=True):
        shares = [math.exp(value) for value in own]
        assert row == pytest.approx([math.log(share / sum(shares)) for share in shares], abs=1e-12)


def test_large_logits_do_not_overflow() -> None:
    found = log_probabilities(np.array([[3e4, 0.0, -3e4]], np.float32))
    assert found.tolist() == [[0.0, -3e4, -6e4]]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_are_refused(value: float) -> None:
    logits = rows(2)
    logits[3, 2] = value
    with pytest.raises(LlmprocError, match="not finite"), np.errstate(invalid="ignore"):
        log_probabilities(logits)


def test_sums_by_hand() -> None:
    found, reference = log_probabilities(rows(3)), log_probabilities(rows(3) + rows(8, spread=2.0))
    targets = [0, 3, 6, 6, 1]
    sums = sums_of(found, targets, reference)
    nll = [-found[at, target] for at, target in enumerate(targets)]
    other = [-reference[at, target] for at, target in enumerate(targets)]
    divergence = [
        sum(math.exp(q) * (q - p) for p, q in zip(found[at], reference[at], strict=True)) for at in range(len(targets))
    ]
    assert sums.count == 5 and sums.nll == pytest.approx(sum(nll))
    assert sums.nll_squares == pytest.approx(sum(n * n for n in nll))
    assert sums.nll_products == pytest.approx(sum(a * b for a, b in zip(nll, other, strict=True)))
    assert sums.divergence == pytest.approx(sum(divergence)) and min(divergence) > 0
    assert sums.divergence_squares == pytest.approx(sum(d * d for d in divergence))
    assert sums.divergence_largest == pytest.approx(max(divergence))
    same = [list(found[at]).index(max(found[at])) == list(reference[at]).index(max(reference[at])) for at in range(5)]
    assert sums.same_top == sum(same) and 0 < sum(same) < 5, "the seeds show both"
    expected = sum((math.exp(-a) - math.exp(-b)) ** 2 for a, b in zip(nll, other, strict=True))
    assert sums.difference_squares == pytest.approx(expected)


def test_a_row_beside_itself_does_not_diverge() -> None:
    found = log_probabilities(rows(5))
    sums = sums_of(found, [1, 2, 3, 4, 5], found)
    assert (sums.divergence, sums.divergence_largest, sums.same_top, sums.difference_squares) == (0, 0, 5, 0)
    assert sums.nll_products == sums.nll_squares


def test_without_a_reference_only_the_text_counts() -> None:
    found = log_probabilities(rows(6))
    alone, beside = sums_of(found, [0, 1, 2, 3, 4]), sums_of(found, [0, 1, 2, 3, 4], found)
    assert (alone.nll, alone.nll_squares) == (beside.nll, beside.nll_squares)
    assert (alone.nll_products, alone.divergence, alone.same_top) == (0, 0, 0)
