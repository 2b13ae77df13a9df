"""Choosing ids of shaped requests: every option and all of them together, against the oracle; ties, extremes, coins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from engine import shaping_oracle
from engine.one_sequence import sample
from engine.shaping_oracle import F
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc import kernels
from llmproc.engine.choosing import Chooser
from llmproc.engine.randomness import RandomStream
from llmproc.engine.sampling import LogitsError, Sampler, most_likely
from llmproc.engine.sequence import Sequence as Running
from llmproc.engine.sequence import SequenceRequest
from llmproc.engine.shaping import Shaping

LAST = 1 - 2**-24  # the largest coin


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.load(kernels.COMMON)


class FixedCoin(RandomStream):
    """A stream whose coins are all the same."""

    def __init__(self, coin: float) -> None:
        super().__init__(1)
        self.fixed = F(coin)

    def coin(self) -> np.float32:
        self.draws += 1
        return self.fixed


def running(
    shaping: Shaping, tokens: Sequence[int] = (0,), coin: float = 0.5, ends: Sequence[int] = (), **more: Any
) -> Running:
    """A sequence in the middle of its life."""
    values = {"temperature": 1.0, "top_p": 1.0, **more}
    request = SequenceRequest(1, tuple(tokens), 100, frozenset(ends), shaping=shaping, **values)
    sequence = Running.begin(request)
    sequence.stream = FixedCoin(coin)
    return sequence


def chosen(logits: Sequence[float] | np.ndarray, shaping: Shaping, **more: Any) -> int:
    """The id for one row."""
    row = np.array(logits, F)
    return Chooser(Sampler()).choose(running(shaping, **more), row, most_likely(row[None])[0])


logit = st.one_of(st.floats(-30, 30, width=32), st.sampled_from([0.0, -0.0, 1.0, 5.0, 5.0]))
penalty = st.one_of(st.just(0.0), st.floats(-2, 2))


@st.composite
def situations(draw: st.DrawFn) -> dict[str, Any]:
    """Logits, options and the ids so far, as any request might have them."""
    size = draw(st.integers(2, 40))
    ids = st.integers(0, size - 1)
    prompt, answer = draw(st.lists(ids, min_size=1, max_size=8)), draw(st.lists(ids, max_size=8))
    bias = draw(st.dictionaries(ids, st.floats(-100, 100), max_size=4))
    return {
        "logits": draw(st.lists(logit, min_size=size, max_size=size)),
        "shaping": Shaping(
            given=len(prompt),
            bias=sorted(bias.items()),
            min_tokens=draw(st.integers(0, 10)),
            repetition=draw(st.sampled_from([1.0, 1.0, 1.3, 0.5, 100.0, 1e-300])),
            frequency=draw(penalty),
            presence=draw(penalty),
            top_k=draw(st.sampled_from([0, 0, 1, 2, 5, 39, 40, 1000])),
            min_p=draw(st.sampled_from([0.0, 0.0, 0.01, 0.3, 1.0, 1e-320])),
        ),
        "tokens": prompt + answer,
        "ends": [*draw(st.lists(ids, max_size=size - 1, unique=True)), size, 1 << 20],
        "temperature": draw(st.sampled_from([0.0, 1e-60, 1e-40, 0.1, 0.7, 1.0, 2.5, 100.0])),
        "top_p": draw(st.sampled_from([0.0, 0.001, 0.5, 0.9, 0.999, 1.0])),
        "coin": draw(st.integers(0, 2**24 - 1)) / 2**24,
    }


def check(situation: dict[str, Any]) -> None:
    """Compare one choice with the oracle's."""
    asked = {name: value for name, value in situation.items() if name not in ("logits", "shaping")}
    logits, shaping = np.array(situation["logits"], F), situation["shaping"]
    sequence, before = running(shaping, **asked), logits.copy()
    token = Chooser(Sampler()).choose(sequence, logits, most_likely(logits[None])[0])
    expected = shaping_oracle.choice(
        logits, shaping, asked["ends"], asked["tokens"], asked["temperature"], asked["top_p"], F(asked["coin"])
    )
    assert token == expected
    assert sequence.stream.draws == (asked["temperature"] > 1e-50), "one coin for a choice, none at temperature 0"
    np.testing.assert_array_equal(logits.view(np.uint32), before.view(np.uint32))


@given(situations())
@settings(max_examples=600, deadline=None)
def test_choices_are_the_oracles(situation: dict[str, Any]) -> None:
    check(situation)


@pytest.mark.soak
@given(situations())
@settings(max_examples=20_000, deadline=None)
def test_20000_choices_are_the_oracles(situation: dict[str, Any]) -> None:
    check(situation)


@given(situations(), st.integers(-1, 20))
@settings(max_examples=200, deadline=None)
def test_options_without_an_effect_change_no_id(situation: dict[str, Any], logprobs: int) -> None:
    logits, coin = np.array(situation["logits"], F), situation["coin"]
    plain = sample(logits, situation["temperature"], situation["top_p"], FixedCoin(coin))
    for shaping in (
        Shaping(given=1, logprobs=logprobs),
        Shaping(given=1, top_k=len(logits)),
        Shaping(given=1, bias=[(0, 0.0), (1, -0.0)], min_tokens=5),
    ):
        found = chosen(logits, shaping, temperature=situation["temperature"], top_p=situation["top_p"], coin=coin)
        assert found == plain


def test_bias_comes_first() -> None:
    assert chosen([1, 2, 3], Shaping(given=1, bias=[(0, 2.5)]), temperature=0.0) == 0
    assert chosen([1, 2, 3], Shaping(given=1, bias=[(2, -100)]), temperature=0.0) == 1
    assert chosen([1, 2, 3], Shaping(given=1, bias=[(2, -100)], top_k=1)) == 1
    # what repetition divides is the biased logit: 4 / 2 < 3, while 2 / 2 + 2.5 would be above it
    assert chosen([1.5, 3], Shaping(given=1, bias=[(0, 2.5)], repetition=2.0), tokens=[0], temperature=0.0) == 1


def test_an_end_token_does_not_come_before_min_tokens_whatever_speaks_for_it() -> None:
    shaping = Shaping(given=1, min_tokens=2, bias=[(3, 100)], frequency=-2.0)
    for coin in (0.0, 0.5, LAST):
        for more in ({}, {"top_p": 0.9}, {"temperature": 0.0}, {"temperature": 1e-40}):
            assert chosen([0, 0, 0, 50], shaping, tokens=[3, 3], ends=[3, 7], coin=coin, **more) != 3
            assert chosen([0, 0, 0, 50], shaping, tokens=[3, 3, 0], ends=[3, 7], coin=coin, **more) == 3


def test_what_rounding_leaves_over_is_not_an_end_token_that_must_not_come() -> None:
    """`sample` takes the last id where the shares add up to less than the coin: thousands that were rounded may."""
    plain, held = Shaping(given=1), Shaping(given=1, min_tokens=1)
    uneven = np.array([0.1 * (i % 7) for i in range(3000)] + [-80.0], F)
    assert chosen(uneven, plain, coin=LAST) == 3000, "the last id, though its share is nothing"
    assert chosen(uneven, held, coin=LAST, ends=[3000]) == 6, "the likeliest"


def test_top_k_keeps_k_and_the_lower_id_on_ties() -> None:
    equal = [1.0, 5.0, 5.0, 5.0, 5.0]
    assert {chosen(equal, Shaping(given=1, top_k=2), coin=coin / 16) for coin in range(16)} == {1, 2}
    assert chosen(equal, Shaping(given=1, top_k=2), coin=LAST) == 2
    # so close that their shares are the same number
    close = [0.0, np.nextafter(F(0), F(1)), 0.0]
    assert {chosen(close, Shaping(given=1, top_k=1), coin=coin / 16, temperature=100.0) for coin in range(16)} == {1}


def test_top_p_is_over_what_top_k_left() -> None:
    shares = np.log([0.4, 0.3, 0.2, 0.1])
    # 0.4 / 0.7 is above a half, 0.4 is not
    assert chosen(shares, Shaping(given=1, top_k=2), top_p=0.5, coin=LAST) == 0
    assert chosen(shares, Shaping(given=1, top_k=4), top_p=0.5, coin=LAST) == 1


def test_min_p_is_relative_to_the_likeliest() -> None:
    shares = np.log([0.4, 0.3, 0.2, 0.1])
    for min_p, last in ((0.2, 3), (0.4, 2), (0.6, 1), (0.8, 0), (1.0, 0)):
        assert chosen(shares, Shaping(given=1, min_p=min_p), coin=LAST) == last
    assert chosen(shares, Shaping(given=1, min_p=0.6), coin=0.56) == 0, "0.4 of 0.7"
    assert chosen(shares, Shaping(given=1, min_p=0.6), coin=0.58) == 1
    assert chosen([3, 1, 3, 3], Shaping(given=1, min_p=1.0), coin=LAST) == 3, "as likely as the likeliest"


def test_a_chooser_serves_vocabularies_of_any_size_one_after_the_other() -> None:
    chooser, chance = Chooser(Sampler()), np.random.default_rng(3)
    for size in (5, 900, 5, 17, 900):
        logits = chance.standard_normal(size).astype(F)
        shaping = Shaping(given=1, top_k=3, bias=[(1, 1.0)], logprobs=2)
        found = chooser.choose(running(shaping, coin=0.7), logits, most_likely(logits[None])[0])
        assert found == shaping_oracle.choice(logits, shaping, (), (0,), 1.0, 1.0, F(0.7))
        assert len(chooser.likely(shaping, logits, 0).top) == 2


@pytest.mark.parametrize("shaping", [Shaping(given=1, logprobs=1), Shaping(given=1, top_k=2, bias=[(1, 5.0)])])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_logits_that_are_not_numbers_fail_before_a_coin_is_drawn(shaping: Shaping, bad: float) -> None:
    logits = np.zeros(9, F)
    logits[1] = bad
    sequence = running(shaping)
    with pytest.raises(LogitsError, match="NaN"):
        Chooser(Sampler()).choose(sequence, logits, most_likely(logits[None])[0])
    assert sequence.stream.draws == 0


def test_the_largest_vocabularies_of_models() -> None:
    logits = (3 * np.random.default_rng(1).standard_normal(152_064)).astype(F)
    for shaping in (Shaping(given=1, top_k=40), Shaping(given=1, min_p=0.02, repetition=1.2, min_tokens=3)):
        for coin in (0.0, 0.3, LAST):
            expected = shaping_oracle.choice(logits, shaping, {5}, (5, 9), 0.8, 0.95, F(coin))
            more = {"tokens": (5, 9), "ends": [5], "temperature": 0.8, "top_p": 0.95}
            assert chosen(logits, shaping, coin=coin, **more) == expected
