"""What is predicted from measured speeds: lines over prompts, times by load."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.server.speeds import PrefillLine, Speeds, whole_load

MEASURED = st.lists(st.tuples(st.integers(1, 100_000), st.floats(0, 1000)), min_size=1, max_size=30)


def test_a_line_is_found() -> None:
    line = PrefillLine()
    assert line.predict(10) is None
    for tokens in (10, 50, 200, 400) * 5:
        line.add(tokens, 0.02 + 0.001 * tokens)
    assert [line.predict(tokens) for tokens in (0, 100, 1000)] == pytest.approx([0.02, 0.12, 1.02])


def test_prompts_of_one_length_are_taken_as_proportional_beyond_it() -> None:
    line = PrefillLine()
    for _ in range(5):
        line.add(100, 0.1)
    assert [line.predict(tokens) for tokens in (10, 100, 300)] == pytest.approx([0.1, 0.1, 0.3])


def test_more_tokens_never_take_less() -> None:
    line = PrefillLine()
    line.add(10, 1.0)
    line.add(100, 0.5)
    assert (line.predict(1000) or 0.0) >= (line.predict(100) or 0.0) >= (line.predict(1) or 0.0) > 0


def test_new_measurements_count_more() -> None:
    line = PrefillLine()
    for seconds in [1.0] * 50 + [0.1] * 50:
        line.add(100, seconds)
    assert 0.1 < (line.predict(100) or 0.0) < 0.15


@given(MEASURED, st.integers(1, 100_000), st.integers(0, 100_000))
def test_a_prediction_is_never_negative_and_rises_with_the_prompt(
    measured: list[tuple[int, float]], tokens: int, more: int
) -> None:
    line = PrefillLine()
    for prompt, seconds in measured:
        line.add(prompt, seconds)
    found, longer = line.predict(tokens), line.predict(tokens + more)
    assert found is not None and longer is not None
    assert -1e-6 <= found <= longer + 1e-6


def test_times_by_load() -> None:
    speeds = Speeds()
    assert speeds.tpot(4) is None and speeds.service_s(1.5) == 1.5
    speeds.decoded(0.02, 4, 1.0)
    speeds.decoded(0.05, 8, 2.0)
    found = [None if (known := speeds.tpot(load)) is None else known.value for load in (3, 4, 7, 8, 99)]
    assert found == [None, 0.02, 0.02, 0.05, 0.05]
    for _ in range(100):
        speeds.decoded(0.04, 4, 3.0)
    known = speeds.tpot(4)
    assert known is not None and known.value == pytest.approx(0.04, rel=0.01) and known.at == 3.0
    speeds.ran(2.0, 1.0)
    assert speeds.service_s(1.5) == 2.0


def test_the_load_of_an_answer() -> None:
    assert [whole_load(*pair) for pair in ((0, 0), (1, 1), (1, 2), (4, 8))] == [1, 1, 2, 6]
