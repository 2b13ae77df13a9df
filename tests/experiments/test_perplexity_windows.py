"""Windows of a text: as llama.cpp's perplexity tool cuts it, whatever the text's length, the window and BOS."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.errors import UsageError
from llmproc.experiments.perplexity.windows import TextWindow, windows_of

BOS = 1000


def test_ten_ids_in_windows_of_four() -> None:
    found = windows_of(list(range(10)), 4, None)
    assert found == [TextWindow(0, (0, 1, 2, 3), 2), TextWindow(1, (4, 5, 6, 7), 2)]
    assert [list(window.scored) for window in found] == [[2], [2]]  # the ids 3 and 7


def test_bos_takes_the_place_of_each_windows_first_id() -> None:
    """The text itself begins with it; in later windows an id is lost."""
    found = windows_of([BOS, *range(1, 9)], 4, BOS)
    assert [window.ids for window in found] == [(BOS, 1, 2, 3), (BOS, 5, 6, 7)]


def test_an_odd_window_scores_the_longer_half_less_one() -> None:
    window = windows_of(list(range(14)), 7, None)[1]
    assert list(window.scored) == [3, 4, 5] and [window.ids[at + 1] for at in window.scored] == [11, 12, 13]


def test_at_most_the_windows_asked_for() -> None:
    assert len(windows_of(list(range(100)), 10, None, 3)) == 3
    assert len(windows_of(list(range(100)), 10, None, 30)) == 10


@pytest.mark.parametrize(
    ("count", "context", "said"),
    [
        (1023, 512, "--context is 512: the text has 1023 tokens, two windows need 1024; --context 511 would fit"),
        (7, 4, "--context is 4: the text has 7 tokens, two windows need 8"),
        (0, 4, "--context is 4: the text has 0 tokens, two windows need 8"),
        (100, 3, "--context is 3: must be at least 4"),
    ],
)
def test_a_text_too_short_is_refused(count: int, context: int, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        windows_of(list(range(count)), context, None)
    assert str(caught.value) == said


def test_the_window_that_is_proposed_fits() -> None:
    assert len(windows_of(list(range(1023)), 511, None)) == 2


@given(st.integers(4, 40), st.integers(0, 300), st.booleans())
def test_every_window_has_its_ids_and_scores_its_second_half(context: int, more: int, bos: bool) -> None:
    ids = list(range(2 * context + more))
    found = windows_of(ids, context, BOS if bos else None)
    assert len(found) == len(ids) // context
    for number, window in enumerate(found):
        own = ids[number * context : (number + 1) * context]
        assert window.number == number and len(window.ids) == context
        assert list(window.ids) == ([BOS, *own[1:]] if bos else own)
        assert window.first == context // 2 and len(window.scored) == context - context // 2 - 1
        assert window.scored.start > 0 and window.scored[-1] + 1 < context
