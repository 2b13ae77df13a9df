"""A worker's events on their way: what waits, what goes at once, and that nothing changes its order for a request."""

from __future__ import annotations

import random

import pytest
from support.clocks import FakeClock

from llmproc.engine.events import Finish, Token
from llmproc.engine.shaping import PLACED, Likely
from llmproc.service.messages import Events, Taken
from llmproc.service.outgoing import HOLD_S, Outgoing


def end(number: int) -> Finish:
    return Finish.plain(number, "length", prompt_tokens=2, draws=0)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def begun(clock: FakeClock, *numbers: int) -> Outgoing:
    """Requests whose first id has gone."""
    outgoing = Outgoing(clock)
    for number in numbers:
        outgoing.add(Token(number, 1, True))
    outgoing.due()
    outgoing.collect()
    return outgoing


def steps_until_due(outgoing: Outgoing, clock: FakeClock, step_s: float, *numbers: int) -> int:
    """How many steps of this length make one frame."""
    for count in range(1, 1000):
        clock.now += step_s
        outgoing.extend(Token(number, count, True) for number in numbers)
        if outgoing.due():
            return count
    raise AssertionError("it waits for ever")


def test_ids_of_many_steps_make_columns(clock: FakeClock) -> None:
    outgoing = begun(clock, 7, 8)
    assert not outgoing
    for token in (5, 6):
        outgoing.extend([Token(8, token, True), Token(7, token + 10, True)])
    outgoing.add(Token(7, 2, False), end(7))
    assert outgoing
    assert outgoing.collect() == Events([8, 7], [[5, 6], [15, 16, 2]], [7], [end(7)])
    assert not outgoing and outgoing.collect() == Events()


def test_what_is_told_of_ids_stands_beside_them_for_those_who_ask(clock: FakeClock) -> None:
    outgoing, said = begun(clock, 7, 8), [Likely(-1.0, [(5, -1.0)]), Likely(-2.0), PLACED]
    outgoing.extend([Token(7, 5, True, said[0]), Token(8, 5, True), Token(7, 6, True, said[1])])
    outgoing.add(Token(7, 2, False, said[2]), end(7))
    assert outgoing.collect() == Events([7, 8], [[5, 6, 2], [5]], [7], [end(7)], {7: said})
    outgoing.add(Token(7, 5, True, said[0]))
    assert outgoing.collect() == Events([7], [[5]], likely={7: said[:1]}), "each once"


@pytest.mark.parametrize(
    ("step_s", "steps"),
    [(HOLD_S / 16.5, 16), (HOLD_S / 4.5, 4), (HOLD_S / 2.5, 2), (HOLD_S / 1.9, 1), (HOLD_S, 1), (HOLD_S * 100, 1)],
)
def test_frames_are_as_far_apart_as_they_may_be_and_long_steps_wait_for_nothing(
    clock: FakeClock, step_s: float, steps: int
) -> None:
    outgoing = begun(clock, 1)
    steps_until_due(outgoing, clock, step_s, 1)  # it knows how long a step is
    outgoing.collect()
    assert steps_until_due(outgoing, clock, step_s, 1) == steps


def test_a_first_id_a_taken_request_and_an_end_go_at_once(clock: FakeClock) -> None:
    outgoing = begun(clock, 1)
    outgoing.add(Token(1, 5, True))
    assert not outgoing.due()
    outgoing.add(Token(2, 5, True))
    assert outgoing.due(), "the first of its request"
    assert outgoing.collect() == Events([1, 2], [[5], [5]])
    outgoing.add(Token(2, 6, True))
    assert not outgoing.due(), "the second is not"
    outgoing.add(Taken(3, 0, 1.0))
    assert outgoing.due()
    outgoing.collect()
    outgoing.add(end(2))
    assert outgoing.due()
    outgoing.collect()
    outgoing.add(Token(2, 5, True))
    assert outgoing.due(), "after its end a number is a new request's"


def test_nothing_is_never_sent_for_its_age(clock: FakeClock) -> None:
    outgoing = begun(clock, 1)
    clock.now += 100
    assert not outgoing


def test_whatever_happens_each_request_has_its_ids_in_order_and_its_end_last(clock: FakeClock) -> None:
    for seed in range(50):
        chance, outgoing = random.Random(seed), Outgoing(clock)
        made: dict[int, list[int]] = {number: [] for number in range(4)}
        got: dict[int, list[int]] = {number: [] for number in range(4)}
        ended: list[int] = []
        while len(ended) < 4:
            clock.now += chance.choice((0.0001, 0.001, 0.01))
            for number in chance.sample(sorted(set(made) - set(ended)), 1):
                made[number].append(len(made[number]))
                outgoing.add(Token(number, made[number][-1], True))
                if chance.random() < 0.05:
                    outgoing.add(end(number))
            if outgoing.due():
                events = outgoing.collect()
                for number, ids in zip(events.requests, events.tokens, strict=True):
                    assert number not in ended
                    got[number] += ids
                ended += [item.request_id for item in events.items]
        assert got == made and sorted(ended) == [0, 1, 2, 3]
