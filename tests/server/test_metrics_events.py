"""What the service's events say, counted: on a clock that a test moves, and by events in any order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.clocks import FakeClock
from support.happening import KINDS, happened

from llmproc.server.metrics.event_counts import EventCounts


class Told:
    """Counts, and a clock that stands still between events unless a test moves it."""

    def __init__(self) -> None:
        self.clock, self.ended = FakeClock(100.0), list[int]()
        self.counts = EventCounts(self.clock, self.ended.append)

    def __call__(self, kind: str, after: float = 0.0, **fields: Any) -> None:
        self.clock.now += after
        self.counts.on_event(happened(kind, **fields))

    def arrive(self, request: int, prompt_tokens: int = 10) -> None:
        self("request_arrived", request=request, prompt_tokens=prompt_tokens)
        self("request_queued", request=request, ring=0)

    def dispatch(self, request: int, worker: int = 0, after: float = 0.0) -> None:
        self.clock.now += after
        self("request_dispatched", request=request, worker=worker, at=self.clock.now)


@pytest.fixture
def told() -> Told:
    return Told()


def one(found: tuple[list[tuple[str, float]], float]) -> float:
    """The only observation of a histogram."""
    buckets, total = found
    assert buckets[-1][1] == 1.0
    return total


def test_one_request(told: Told) -> None:
    told.arrive(1, prompt_tokens=40)
    told.dispatch(1, after=0.5)
    assert one(told.counts.queue_time.cumulative()) == pytest.approx(0.5)
    assert [(each.request, each.positions) for each in told.counts.sequences()] == [(1, 0)]
    told("first_token", request=1, after=0.25)
    assert one(told.counts.prefill.cumulative()) == pytest.approx(0.25)
    assert one(told.counts.ttft.cumulative()) == pytest.approx(0.75)
    assert told.counts.prompt_tokens == 40
    assert [each.positions for each in told.counts.sequences()] == [41]
    told("step", request=1, position=60, tokens=20)
    assert [each.positions for each in told.counts.sequences()] == [60] and told.ended == []
    told("request_done", request=1, prompt_tokens=40, cached_tokens=32, new_tokens=25)
    assert (told.counts.prefix_queries, told.counts.prefix_hits) == (40, 32)
    assert told.counts.sequences() == [] and told.ended == [1] and told.counts._open == {}


def test_a_worker_that_took_it_before_main_saw_it_arrive_waits_for_no_negative_time(told: Told) -> None:
    """Moments come from two processes' looks at one clock."""
    told.arrive(1)
    told("request_dispatched", request=1, worker=0, at=told.clock.now - 1)
    told("first_token", request=1)
    assert one(told.counts.queue_time.cumulative()) == 0.0


def test_a_request_cancelled_in_the_queue_looked_nothing_up(told: Told) -> None:
    told.arrive(1, prompt_tokens=40)
    told("request_done", request=1, prompt_tokens=40, reason="cancelled")
    assert (told.counts.prefix_queries, told.counts.prompt_tokens) == (0, 0) and told.ended == [1]


def test_a_death_is_a_retry_and_a_restart(told: Told) -> None:
    for request in (1, 2):
        told.arrive(request)
        told.dispatch(request)
    told("first_token", request=1, after=0.5)
    told("worker_died", worker=0, pid=7)
    assert told.counts.sequences() == []
    told("worker_replaced", worker=0, pid=7, by=8)
    told.dispatch(1, worker=1, after=1.0)
    told.dispatch(2, worker=0)
    assert (told.counts.retries, told.counts.restarts) == (2, {0: 1})
    assert told.counts.queue_time.cumulative()[0][-1][1] == 2, "the queue is left once"
    assert [(each.worker, each.request) for each in told.counts.sequences()] == [(0, 2), (1, 1)]
    told("first_token", request=2, after=0.25)
    buckets, total = told.counts.prefill.cumulative()
    assert buckets[-1][1] == 2 and total == pytest.approx(0.75), "since it was taken the last time"


EVENTS = st.lists(
    st.tuples(st.sampled_from(sorted(KINDS)), st.integers(0, 4), st.integers(0, 2), st.floats(0, 2)), max_size=60
)


@given(EVENTS)
def test_events_in_any_order_never_raise_and_leave_nothing(events: list[tuple[str, int, int, float]]) -> None:
    told = Told()
    for kind, request, worker, after in events:
        if kind != "worker_reaped":  # a moment that holds what only the kernel can make
            told(kind, after, request=request, worker=worker, pid=worker, at=told.clock.now, prompt_tokens=3)
            told.counts.sequences()
    for request in range(5):
        told("request_done", request=request)
    assert told.counts._open == {} and told.counts.sequences() == []
    for histogram in (told.counts.queue_time, told.counts.ttft, told.counts.prefill):
        assert histogram.cumulative()[1] >= 0
