"""Random stream, token sampling: the C sampler's choices, ties, extremes, and what is refused."""

from __future__ import annotations

import time

import numpy as np
import pytest
from engine.one_sequence import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc import kernels
from llmproc.engine.randomness import SEED_INSTEAD_OF_ZERO, RandomStream, advance, skip
from llmproc.engine.reference import reference_sample
from llmproc.engine.sampling import LogitsError, check_options

F = np.float32


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.load(kernels.COMMON)


class OneCoin(RandomStream):
    """A stream whose draws are chosen."""

    def __init__(self, coin: float) -> None:
        super().__init__(1)
        self.fixed = F(coin)

    def coin(self) -> np.float32:
        self.draws += 1
        return self.fixed


def c_coins(seed: int, count: int) -> list[float]:
    """llama2.c's random_f32, with NumPy's 64-bit arithmetic."""
    state, draws = np.uint64(seed), []
    with np.errstate(over="ignore"):
        for _ in range(count):
            state ^= state >> np.uint64(12)
            state ^= state << np.uint64(25)
            state ^= state >> np.uint64(27)
            number = np.uint32((state * np.uint64(0x2545F4914F6CDD1D)) >> np.uint64(32))
            draws.append(float(F(number >> np.uint32(8)) / F(16777216)))
    return draws


@pytest.mark.parametrize("seed", [1, 42, 2**63, 2**64 - 1])
def test_coins_are_cs(seed: int) -> None:
    stream = RandomStream(seed)
    draws = [stream.coin() for _ in range(50)]
    assert [float(coin) for coin in draws] == c_coins(seed, 50)
    assert all(type(coin) is np.float32 and 0 <= coin < 1 for coin in draws)
    assert stream.draws == 50


def test_seeds_are_taken_modulo_2_to_64_and_zero_is_replaced() -> None:
    assert RandomStream(2**64 + 42).state == RandomStream(42).state == 42
    assert RandomStream(-1).state == 2**64 - 1
    assert RandomStream(0).state == RandomStream(2**64).state == SEED_INSTEAD_OF_ZERO != 0
    assert len({float(RandomStream(0).coin()) for _ in range(3)}) == 1
    assert RandomStream(0).coin() != 0


@given(st.integers(1, 2**64 - 1), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_skipping_coins_equals_drawing_them(seed: int, draws: int) -> None:
    state = seed
    for _ in range(draws):
        state = advance(state)
    assert skip(seed, draws) == state
    assert RandomStream(seed, draws).state == state


def test_skipping_is_quick_however_far() -> None:
    assert skip(42, 2**64 - 1) == 42, "the generator's period"
    assert skip(skip(42, 10**15), 2**64 - 1 - 10**15) == 42
    with pytest.raises(ValueError, match="negative"):
        RandomStream(42, -1)


logit = st.floats(-30, 30, width=32)


@given(
    st.lists(logit, min_size=1, max_size=60),
    st.sampled_from([0.1, 0.6, 0.8, 1.0, 2.5]),
    st.sampled_from([-1.0, 0.0, 0.001, 0.1, 0.5, 0.9, 0.999, 1.0, 7.0]),
    st.integers(0, 2**24 - 1),
)
@settings(max_examples=300, deadline=None)
def test_choices_are_the_references(numbers: list[float], temperature: float, top_p: float, coin: int) -> None:
    logits, stream = np.array(numbers, F), OneCoin(coin / 2**24)
    before = logits.copy()
    if len(logits) == 1:
        expected = 0
    else:
        try:
            expected = reference_sample(logits, temperature, top_p, stream.fixed)
        except IndexError:  # no candidate at all
            expected = int(np.argmax(logits))
    assert sample(logits, temperature, top_p, stream) == expected
    assert stream.draws == 1
    np.testing.assert_array_equal(logits, before)


def test_temperature_zero_draws_no_coin_and_takes_the_lower_id() -> None:
    stream = RandomStream(42)
    assert sample(np.array([0, 5, 5, 1], F), 0.0, 0.9, stream) == 1
    assert sample(np.array([0, 5, 5, 1], F), 1e-60, 0.9, stream) == 1, "zero in fp32"
    assert (stream.state, stream.draws) == (42, 0)


def test_ties_in_top_p_go_to_the_lower_id() -> None:
    logits = np.zeros(8, F)
    assert [sample(logits, 1.0, 0.5, OneCoin(coin)) for coin in (0.0, 0.3, 0.999)] == [0, 1, 4]
    logits[6] = 1
    assert sample(logits, 1.0, 0.5, OneCoin(0.0)) == 6


def test_top_p_cuts_the_tail_and_the_whole_distribution_does_not() -> None:
    logits = np.log(np.array([0.05, 0.6, 0.05, 0.3], F))
    last = 1 - 2**-24
    assert sample(logits, 1.0, 0.5, OneCoin(last)) == 1
    assert sample(logits, 1.0, 0.8, OneCoin(last)) == 3
    for top_p in (1.0, 0.0, -3.0, 2.0):
        assert sample(logits, 1.0, top_p, OneCoin(0.0)) == 0
        assert sample(logits, 1.0, top_p, OneCoin(last)) == 3


def test_a_tiny_temperature_is_argmax_but_draws_its_coin() -> None:
    stream = RandomStream(42)
    assert sample(np.array([1, 3, 2], F), 1e-40, 0.9, stream) == 1
    assert stream.draws == 1


def test_a_top_p_no_candidate_reaches_takes_the_largest() -> None:
    assert sample(np.zeros(100, F), 1.0, 0.001, OneCoin(0.5)) == 0
    assert sample(np.array([2.5], F), 1.0, 0.9, OneCoin(0.5)) == 0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("temperature", [0.0, 0.8])
def test_logits_that_are_not_numbers_are_an_error(bad: float, temperature: float) -> None:
    logits = np.zeros(9, F)
    logits[4] = bad
    with pytest.raises(LogitsError, match="NaN"):
        sample(logits, temperature, 0.9, RandomStream(42))


@pytest.mark.parametrize("options", [(float("nan"), 1), (-0.1, 1), (float("inf"), 1), (1, float("nan"))])
def test_options_that_break_a_rule(options: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="must be a finite number"):
        check_options(*options)


def test_a_vocabulary_of_49152_is_quick() -> None:
    logits, stream = np.random.default_rng(0).standard_normal(49152).astype(F), RandomStream(42)
    best = np.inf
    for _ in range(10):
        start = time.perf_counter()
        sample(logits, 0.6, 0.9, stream)
        best = min(best, time.perf_counter() - start)
    assert best < 0.02  # about 1.5 ms when the machine is quiet
