"""Bias, penalties and min_tokens: what they do to a row, how ids are counted, and that a row always stays usable."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from engine.shaping_oracle import changed_row
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.engine.id_counts import IdCounts
from llmproc.engine.row_changes import RowChanges
from llmproc.engine.shaping import Shaping

F = np.float32
ROW = np.array([4.0, -4.0, 1.0, 0.0, -1.0, 2.0], F)


def changed(shaping: Shaping, tokens: list[int], ends: tuple[int, ...] = (), row: np.ndarray = ROW) -> list[float]:
    return RowChanges(shaping, ends).apply(row, tokens, np.empty_like(row)).tolist()


def test_repetition_counts_prompt_and_answer_the_others_the_answer_alone() -> None:
    tokens = [0, 1, 2, 0, 0]  # the first three are the prompt
    assert changed(Shaping(given=3, repetition=2.0), tokens) == [2.0, -8.0, 0.5, 0.0, -1.0, 2.0]
    assert changed(Shaping(given=3, frequency=0.5), tokens) == [3.0, -4.0, 1.0, 0.0, -1.0, 2.0]
    assert changed(Shaping(given=3, presence=0.5), tokens) == [3.5, -4.0, 1.0, 0.0, -1.0, 2.0]
    both = changed(Shaping(given=3, repetition=2.0, frequency=0.5, presence=0.25), tokens)
    assert both == [0.75, -8.0, 0.5, 0.0, -1.0, 2.0]
    assert changed(Shaping(given=0, frequency=-2.0), tokens) == [10.0, -2.0, 3.0, 0.0, -1.0, 2.0]


def test_a_row_that_nothing_changes_is_not_copied() -> None:
    out = np.full_like(ROW, 9)
    for shaping in (Shaping(given=2), Shaping(given=2, top_k=3, min_p=0.1, logprobs=5), Shaping(given=2, min_tokens=1)):
        ends = (1,) if not shaping.min_tokens else ()
        assert RowChanges(shaping, ends).apply(ROW, [1, 2], out) is ROW
    held = RowChanges(Shaping(given=2, min_tokens=1), (1,))
    assert held.apply(ROW, [1, 2], out) is out and out[1] == -np.inf
    assert held.apply(ROW, [1, 2, 3], out) is ROW, "one id has been generated"
    assert (out == 9).sum() == 0 and ROW[1] == -4.0


def test_end_tokens_beyond_the_vocabulary_are_no_ids() -> None:
    assert changed(Shaping(given=1, min_tokens=1), [0], (5, 6, -1, 1 << 40)) == [*ROW[:5].tolist(), -np.inf]


@pytest.mark.parametrize("penalty", [1e-300, 5e-324, 100.0])
def test_no_penalty_makes_infinities(penalty: float) -> None:
    row = np.array([3e38, -3e38, 1e-45, 0.0], F)
    with np.errstate(all="raise", under="ignore"):
        found = changed(Shaping(given=4, repetition=penalty), [0, 1, 2, 3], (), row)
    assert np.isfinite(found).all() and found[0] > 0 >= found[1]


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], int, list[int]]:
    """All ids of a request, how many of them are its prompt's, and after which of them a row came."""
    ids = draw(st.lists(st.integers(0, 300), max_size=300))
    return ids, draw(st.integers(0, len(ids))), sorted(draw(st.sets(st.integers(0, len(ids)), max_size=6)))


@given(histories())
@settings(max_examples=100, deadline=None)
def test_ids_are_counted_whenever_one_asks(history: tuple[list[int], int, list[int]]) -> None:
    ids, prompt, looks = history
    counts = IdCounts(prompt)
    for place in looks:
        found, times = counts.read(ids[:place])
        assert found.tolist() == list(dict.fromkeys(ids[:place]))
        answer = Counter(ids[prompt:place])
        assert times.tolist() == [answer[token] for token in found.tolist()]


@given(histories(), st.lists(st.floats(-9, 9, width=32), min_size=301, max_size=301), st.floats(0.1, 3))
@settings(max_examples=30, deadline=None)
def test_rows_are_the_oracles_after_any_steps(
    history: tuple[list[int], int, list[int]], logits: list[float], repetition: float
) -> None:
    ids, prompt, looks = history
    shaping = Shaping(
        given=prompt, bias=[(3, 1.5), (300, -7)], min_tokens=9, repetition=repetition, frequency=0.3, presence=-0.7
    )
    changes, row, out = RowChanges(shaping, (2, 4)), np.array(logits, F), np.empty(301, F)
    for place in looks:
        found = changes.apply(row, ids[:place], out)
        assert found.tolist() == changed_row(row, shaping, (2, 4), ids[:place])
