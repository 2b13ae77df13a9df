"""Summaries of samples, pairs and turns."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.experiments.samples import paired_ratios, summarise
from llmproc.experiments.turns import rotated


def test_summary_of_known_numbers() -> None:
    found = summarise([5.0, 1.0, 3.0, 2.0, 4.0])
    assert (found.count, found.median, found.minimum, found.maximum) == (5, 3, 1, 5)
    assert (found.iqr, found.mad) == (2, 1)
    assert found.spread == pytest.approx(2 / 3) and found.unsteady
    assert summarise([7.0]).iqr == 0 and not summarise([7.0]).unsteady
    with pytest.raises(ValueError, match="nothing"):
        summarise([])


def test_a_tenth_of_the_median_is_where_doubt_begins() -> None:
    assert not summarise([95.0, 100.0, 105.0]).unsteady  # the quartiles are 97.5 and 102.5
    assert summarise([89.0, 100.0, 111.0]).unsteady


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0.1, 1e6), min_size=1, max_size=20))
def test_summary_lies_within_its_samples(values: list[float]) -> None:
    found = summarise(values)
    assert found.minimum <= found.median <= found.maximum
    assert found.median == statistics.median(values)
    assert found.mad >= 0 and 0 <= found.iqr <= found.maximum - found.minimum + 1e-9


def test_rotation() -> None:
    assert [rotated("abc", by) for by in range(-1, 4)] == [list(x) for x in ("cab", "abc", "bca", "cab", "abc")]
    assert rotated([], 3) == []


def test_ratios_are_made_within_a_repetition() -> None:
    own, peer = {0: 10.0, 1: 40.0, 2: 9.0}, {0: 5.0, 1: 10.0, 3: 1.0}
    assert paired_ratios(own, peer) == {0: 2.0, 1: 4.0}
