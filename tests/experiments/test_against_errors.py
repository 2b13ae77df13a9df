"""Errors of logits, and the bars: what each figure is, and that each bar breaks where it should."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from llmproc.experiments.against_llama_cpp.errors import ErrorFigures, broken_bars, divergence_of, figures_of, ratio_of

PEER = ErrorFigures(320, 1e-3, 5e-3, 0.05, 0.3, 8)


def changed(**values: float) -> ErrorFigures:
    return dataclasses.replace(PEER, **values)  # type: ignore[arg-type]


def test_two_positions_by_hand() -> None:
    exact = np.array([[0.0, 0.0], [2.0, 1.0]])
    found = np.array([[math.log(3), 0.0], [1.0, 2.0]], np.float32)  # 3/4 and 1/4 in place of halves; the other first
    figures = figures_of([(found, exact)])
    first = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    share = math.e / (1 + math.e)
    second = share * 1.0 + (1 - share) * -1.0
    assert figures.positions == 2 and figures.changed == 1
    assert figures.mean_divergence == pytest.approx((first + second) / 2, rel=1e-6)
    assert figures.largest_divergence == pytest.approx(max(first, second), rel=1e-6)
    assert figures.root_mean_square == pytest.approx(math.sqrt((math.log(3) ** 2 + 2) / 4), rel=1e-6)
    assert figures.largest_error == pytest.approx(math.log(3), rel=1e-6)
    assert figures.largest_over_mean == pytest.approx(figures.largest_error / figures.root_mean_square)


def test_models_are_pooled() -> None:
    """Not the mean of means: the one with more positions counts more."""
    exact = np.zeros((4, 3))
    small, large = np.full((1, 3), 2.0), np.zeros((3, 3))
    figures = figures_of([(small, exact[:1]), (large, exact[1:])])
    assert figures.positions == 4 and figures.root_mean_square == pytest.approx(1.0)
    assert figures.largest_error == 2.0 and figures.largest_over_mean == pytest.approx(2.0)


def test_what_is_exact_has_no_error() -> None:
    rows = np.random.default_rng(1).standard_normal((5, 9))
    figures = figures_of([(rows, rows)])
    assert figures == ErrorFigures(5, 0.0, 0.0, 0.0, 0.0, 0) and figures.largest_over_mean == 0.0
    assert broken_bars(figures, figures) == []


def test_a_shift_of_all_logits_is_an_error_but_no_divergence() -> None:
    rows = np.random.default_rng(1).standard_normal((5, 9))
    assert divergence_of(rows + 1, rows) == pytest.approx([0.0] * 5, abs=1e-12)
    assert figures_of([(rows + 1, rows)]).root_mean_square == pytest.approx(1.0)


def test_as_good_as_the_peer_breaks_nothing() -> None:
    assert broken_bars(PEER, PEER) == []
    edge = changed(mean_divergence=1.0999e-3, root_mean_square=0.05499, largest_error=0.05499 * 7.99, changed=10)
    assert broken_bars(edge, PEER) == []


@pytest.mark.parametrize(
    ("own", "said"),
    [
        (changed(mean_divergence=1.11e-3), "mean divergence is 1.11 times llama.cpp's: at most 1.1"),
        (changed(root_mean_square=0.06), "root mean square is 1.20 times llama.cpp's: at most 1.1"),
        (changed(largest_error=0.41), "the largest error is 8.2 times the mean: at most 8"),
        (changed(changed=11), "11 positions changed, 8 in llama.cpp: at most 2 more"),
        (changed(mean_divergence=math.nan), "mean divergence is nan times llama.cpp's: at most 1.1"),
    ],
)
def test_each_bar_breaks(own: ErrorFigures, said: str) -> None:
    assert broken_bars(own, PEER) == [said]


def test_ratios_of_nothing() -> None:
    assert (ratio_of(0.0, 0.0), ratio_of(1.0, 0.0), ratio_of(1.0, 2.0)) == (1.0, math.inf, 0.5)
