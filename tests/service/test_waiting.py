"""The stand-in that waits: its tokens and times, on a fake clock."""

from __future__ import annotations

import pytest
from msgspec import structs
from support.clocks import FakeClock

from llmproc.engine.events import Finish, Token
from llmproc.service.messages import Generate
from llmproc.service.waiting import TOKENS, WaitRunner


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(100.0)


def order(wait_s: float, tokens: int = 2, ids: int = 3, temperature: float = 0.0) -> Generate:
    return structs.replace(Generate.greedy(list(range(ids)), tokens, draws=5, wait_s=wait_s), temperature=temperature)


def until_done(runner: WaitRunner, clock: FakeClock) -> list[tuple[float, Token | Finish]]:
    """(when, event) until nothing is left."""
    found = []
    while (patience := runner.patience()) is not None:
        clock.now += patience
        found += [(clock.now - 100, event) for event in runner.step()]
    return found


def test_tokens_come_evenly_and_the_last_one_with_the_end(clock: FakeClock) -> None:
    runner = WaitRunner(clock)
    assert runner.patience() is None and runner.load == 0
    runner.add(7, order(0.4))
    assert runner.load == 1 and runner.patience() == pytest.approx(0.2)
    (early, first), (late, second), (end, finish) = until_done(runner, clock)
    assert (early, late, end) == pytest.approx((0.2, 0.4, 0.4))
    assert first == Token(7, 3, True) and second == Token(7, 4, True)
    assert finish == Finish(
        request_id=7, reason="length", prompt_tokens=3, new_tokens=2, draws=5, positions=5, decode_s=pytest.approx(0.4)
    )


def test_requests_wait_side_by_side(clock: FakeClock) -> None:
    runner = WaitRunner(clock)
    for number, wait in ((1, 0.4), (2, 0.1), (3, 0.2)):
        runner.add(number, order(wait, tokens=1))
    ends = [(event.request_id, when) for when, event in until_done(runner, clock) if isinstance(event, Finish)]
    assert ends == [(2, pytest.approx(0.1)), (3, pytest.approx(0.2)), (1, pytest.approx(0.4))]


def test_no_wait_at_all_is_over_at_once(clock: FakeClock) -> None:
    runner = WaitRunner(clock)
    runner.add(1, order(0.0, tokens=3))
    assert runner.patience() == 0
    assert {when for when, _ in until_done(runner, clock)} == {0.0}


def test_a_replay_makes_the_tokens_that_are_missing(clock: FakeClock) -> None:
    whole, rest = WaitRunner(clock), WaitRunner(clock)
    whole.add(1, order(0.0, tokens=5, ids=TOKENS - 2, temperature=0.8))
    tokens = [event.token for _, event in until_done(whole, clock) if isinstance(event, Token)]
    assert tokens == [TOKENS - 2, TOKENS - 1, 0, 1, 2]
    rest.add(1, order(0.0, tokens=3, ids=TOKENS, temperature=0.8))
    *again, (_, finish) = until_done(rest, clock)
    assert [event.token for _, event in again] == tokens[2:]
    assert isinstance(finish, Finish) and finish.draws == 5 + 3


def test_cancelled_ones_end_with_the_next_step_and_keep_what_they_have(clock: FakeClock) -> None:
    runner = WaitRunner(clock)
    runner.add(1, order(0.4))
    clock.now += 0.25
    runner.step()
    runner.cancel(1)
    runner.cancel(2)  # not here
    assert runner.patience() == 0
    (finish,) = runner.step()
    assert isinstance(finish, Finish) and (finish.reason, finish.new_tokens, finish.positions) == ("cancelled", 1, 4)
    assert runner.load == 0 and runner.patience() is None


def test_a_long_wait_shows_signs_of_life(clock: FakeClock) -> None:
    runner = WaitRunner(clock)
    runner.add(1, order(60.0, tokens=1))
    for _ in range(3):
        patience = runner.patience()
        assert patience == pytest.approx(0.5)
        clock.now += patience
        assert runner.patience() == 0 and runner.step() == []
