"""How often ids stand in an answer, against a plain count, for any number of distinct ids and any batches of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from llmproc.engine.id_counts import IdCounts

TOKENS = st.lists(st.integers(0, 500), max_size=400)


def counted(counts: IdCounts, tokens: list[int]) -> dict[int, int]:
    ids, times = counts.read(tokens)
    return dict(zip(ids.tolist(), times.tolist(), strict=True))


def expected(tokens: list[int], prompt: int) -> dict[int, int]:
    """Every distinct id, with its number in the answer alone."""
    return dict.fromkeys(tokens, 0) | Counter(tokens[prompt:])


@given(TOKENS, st.integers(0, 400), st.lists(st.integers(0, 400), max_size=5))
def test_counts_are_those_of_a_plain_count(tokens: list[int], prompt: int, stops: list[int]) -> None:
    prompt, counts = min(prompt, len(tokens)), IdCounts(min(prompt, len(tokens)))
    for stop in [*sorted(stops), len(tokens)]:
        assert counted(counts, tokens[:stop]) == expected(tokens[:stop], prompt)


def test_many_distinct_ids_of_an_answer_are_counted() -> None:
    """The arrays grow several times, each time for an id that is counted at once."""
    tokens = [*range(1000), *range(500)]
    assert counted(IdCounts(0), tokens) == expected(tokens, 0)
    assert counted(IdCounts(200), tokens) == expected(tokens, 200)
