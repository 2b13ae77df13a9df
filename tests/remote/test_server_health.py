"""One server on a fake clock: away, tried again with longer waits, back, given up."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from llmproc.remote.health import ServerHealth, ServerState


def away(give_up_s: float = 60.0) -> ServerHealth:
    health = ServerHealth(give_up_s)
    assert health.may_begin(100.0) and health.unavailable("refused", 99.0, 100.0)
    return health


def test_it_is_tried_again_by_one_connection_with_longer_waits() -> None:
    health, now, waits = away(), 100.0, []
    for _ in range(5):
        assert not health.may_begin(health.until - 0.01) and health.may_begin(health.until)
        waits.append(health.until - now)
        now = health.until
        health.begun()
        assert not health.may_begin(now), "one at a time"
        assert not health.unavailable("refused", now, now), "that is no change"
    assert waits == [0.5, 1, 2, 4, 8]


def test_it_is_back_with_the_first_answer_of_a_try() -> None:
    health = away()
    assert not health.answered(99.5, 100.2), "asked before it went away"
    assert health.state is ServerState.AWAY
    health.begun()
    assert health.answered(100.5, 101.0)
    assert health.state is ServerState.READY and health.reason == "" and health.may_begin(101.0)
    assert health.unavailable("again", 101.0, 102.0) and health.until == 102.5, "waits start from the shortest"


def test_it_is_given_up_at_its_time_and_not_before() -> None:
    health, now = away(3.0), 100.0
    while health.state is ServerState.AWAY:
        now = health.until
        health.begun()
        changed = health.unavailable("refused", now, now)
        assert changed == (health.state is ServerState.LOST)
    assert now == 103.0, "the last try is at the end of its time"
    assert not health.may_begin(200.0) and not health.answered(199.0, 200.0)


def test_a_server_that_is_heard_of_is_not_given_up() -> None:
    """A full server says 429 to new requests, and goes on with old ones."""
    health = away(3.0)
    health.answered(99.0, 102.9)
    assert not health.unavailable("429", 103.5, 103.5) and health.state is ServerState.AWAY


def test_retry_after_goes_before_our_own_waits() -> None:
    health = ServerHealth(60.0)
    health.unavailable("429", 99.0, 100.0, 20.0)
    assert health.until == 120.0
    impatient = ServerHealth(10.0)
    impatient.unavailable("429", 99.0, 100.0, 20.0)
    assert impatient.until == 110.0, "but not beyond the last try"


def test_what_was_asked_before_it_went_away_says_nothing_new() -> None:
    health = away()
    until = health.until
    assert not health.unavailable("refused", 99.9, 100.1) and health.until == until


@given(st.lists(st.tuples(st.sampled_from(["fail", "answer", "late"]), st.floats(0.01, 30)), max_size=40))
def test_its_states_follow_each_other_as_drawn(steps: list[tuple[str, float]]) -> None:
    health, now, states = ServerHealth(20.0), 0.0, [ServerState.READY]
    for what, seconds in steps:
        now += seconds
        if what == "fail" and health.may_begin(now):
            health.begun()
            health.unavailable("refused", now, now)
        elif what == "answer" and health.may_begin(now):
            health.begun()
            health.answered(now, now)
        elif what == "late":
            health.answered(-1.0, now)
        states.append(health.state)
        assert health.state is not ServerState.AWAY or health.until <= now + 20.0
    ready, gone, lost = ServerState.READY, ServerState.AWAY, ServerState.LOST
    allowed = {(ready, gone), (gone, ready), (gone, lost), (ready, ready), (gone, gone), (lost, lost)}
    assert set(itertools.pairwise(states)) <= allowed
