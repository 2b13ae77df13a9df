"""What is told of drawn ids: the model's own probabilities, whatever options a request has."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from engine import shaping_oracle
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.engine.choosing import Chooser
from llmproc.engine.sampling import Sampler
from llmproc.engine.shaping import Likely, Shaping

F = np.float32


def told(logits: np.ndarray, count: int, token: int, **more: Any) -> Likely | None:
    return Chooser(Sampler()).likely(Shaping(given=1, logprobs=count, **more), logits, token)


@given(st.lists(st.floats(-50, 50, width=32), min_size=1, max_size=60), st.integers(0, 20), st.data())
@settings(max_examples=300, deadline=None)
def test_what_is_told_is_the_oracles(numbers: list[float], count: int, data: st.DataObject) -> None:
    logits, token = np.array(numbers, F), data.draw(st.integers(0, len(numbers) - 1))
    found, expected = told(logits, count, token), shaping_oracle.likely(logits, count, token)
    assert found is not None and [each for each, _ in found.top] == [each for each, _ in expected.top]
    said = [found.logprob, *(value for _, value in found.top)]
    right = [expected.logprob, *(value for _, value in expected.top)]
    assert said == pytest.approx(right, abs=2**-24)
    assert max(said) <= 0 and [value for _, value in found.top] == sorted(said[1:], reverse=True)


def test_nothing_is_told_unless_asked_for_and_no_option_changes_it() -> None:
    logits = np.array([1, 5, 3], F)
    assert told(logits, -1, 0) is None
    plain = told(logits, 2, 0)
    assert plain == told(logits, 2, 0, top_k=1, min_p=0.9, repetition=3.0)
    assert [token for token, _ in plain.top] == [1, 2] and told(logits, 0, 0) == Likely(plain.logprob)


def test_the_lower_id_comes_first_on_ties() -> None:
    logits = np.array([2, 7, 2, 7, 2, 0.0, -0.0], F)
    assert [token for token, _ in told(logits, 4, 0).top] == [1, 3, 0, 2]
    assert [token for token, _ in told(logits, 7, 0).top] == [1, 3, 0, 2, 4, 5, 6]
    assert [token for token, _ in told(np.zeros(30, F), 20, 0).top] == list(range(20))


def test_extremes_stay_numbers() -> None:
    logits = np.array([3e38, -3e38, 0], F)
    found = told(logits, 3, 1)
    assert found.logprob == float(logits[1]) - float(logits[0]) and found.top[0] == (0, 0.0)
    certain = told(np.array([0, 40], F), 2, 1)
    assert certain.logprob == 0.0 and certain.top[1] == (0, -40.0)
    assert told(np.zeros(1 << 17, F), 1, 5).logprob == pytest.approx(-17 * math.log(2), abs=2**-24)
