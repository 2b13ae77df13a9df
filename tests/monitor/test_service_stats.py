"""The counts of an instance, from the service's events: where every request stands, and whose token it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.happening import happened

from llmproc.monitor.service_stats import Counts, ServiceStats, WorkerCount


class Telling:
    """A stats, and a clock that moves a second with every event."""

    def __init__(self, workers: int = 2) -> None:
        self.stats, self.now = ServiceStats(), 0.0
        for slot in range(workers):
            self("worker_forked", worker=slot, pid=100 + slot)
            self("worker_ready", worker=slot, pid=100 + slot)

    def __call__(self, kind: str, **fields: Any) -> Counts:
        self.now += 1.0
        self.stats.on_event(happened(kind, **fields), self.now)
        return self.stats.counts(self.now)

    @property
    def counts(self) -> Counts:
        return self.stats.counts(self.now)

    def places(self) -> tuple[Any, ...]:
        """(waiting at main, (running, queued) of each worker)."""
        return self.counts.waiting, *((w.sequences, w.queue) for w in self.counts.workers)


@pytest.fixture
def tell() -> Telling:
    return Telling()


def test_one_request_from_arrival_to_its_end(tell: Telling) -> None:
    tell("request_arrived", request=1, session=0, prompt_tokens=5)
    assert tell.places() == (1, (0, 0), (0, 0))
    tell("request_queued", request=1, ring=1)
    assert tell.places() == (0, (0, 0), (0, 1))
    tell("request_dispatched", request=1, worker=1, ring=1)
    assert tell.places() == (0, (0, 0), (1, 0))
    tell("first_token", request=1)
    tell("step", request=1, position=20, tokens=12)
    tell("request_done", request=1, new_tokens=15, reason="end")
    assert tell.places() == (0, (0, 0), (0, 0))
    assert [(w.tokens, w.steals) for w in tell.counts.workers] == [(0, 0), (15, 0)]


def test_a_first_token_shows_that_it_runs(tell: Telling) -> None:
    """Also where nobody says that it was taken."""
    tell("request_arrived", request=1)
    tell("request_queued", request=1, ring=0)
    tell("first_token", request=1)
    assert tell.places() == (0, (1, 0), (0, 0)) and tell.counts.workers[0].tokens == 1


@pytest.mark.parametrize("kinds", [("request_dispatched",), ("request_dispatched", "request_dispatched")])
def test_a_steal_counts_once_however_it_is_told(tell: Telling, kinds: tuple[str, ...]) -> None:
    tell("request_arrived", request=1)
    tell("request_queued", request=1, ring=0)
    for kind in kinds:
        tell(kind, request=1, worker=1, ring=0)
    assert tell.places() == (0, (0, 0), (1, 0))
    assert [w.steals for w in tell.counts.workers] == [0, 1]
    tell("step", request=1, position=9, tokens=4)
    assert [w.tokens for w in tell.counts.workers] == [0, 4], "the thief's tokens"


def test_a_death_and_a_replay_count_every_token_once(tell: Telling) -> None:
    for request in (1, 2):
        tell("request_arrived", request=request)
        tell("request_queued", request=request, ring=0)
    tell("request_dispatched", request=1, worker=0, ring=0)
    tell("step", request=1, tokens=30, position=40)
    tell("worker_died", worker=0, pid=100, status=-9)
    assert tell.places() == (1, (0, 1), (0, 0)), "the one that ran waits; the other is still in the ring"
    assert (tell.counts.workers[0].pid, tell.counts.workers[0].state) == (0, "dead")
    tell("request_dispatched", request=2, worker=1, ring=0)
    tell("worker_forked", worker=0, pid=200)
    tell("request_queued", request=1, ring=1)
    tell("request_dispatched", request=1, worker=1, ring=1)
    tell("step", request=1, tokens=35, position=45)
    tell("request_done", request=1, new_tokens=36)
    assert [(w.pid, w.tokens, w.steals) for w in tell.counts.workers] == [(200, 30, 0), (101, 6, 1)]


def test_a_death_told_after_the_successor_came(tell: Telling) -> None:
    tell("worker_forked", worker=0, pid=200)
    tell("worker_died", worker=0, pid=100, status=-9)
    assert tell.counts.workers[0].pid == 200


def test_when_a_count_was_exact(tell: Telling) -> None:
    """So that tokens/s may be taken between two looks: of a running request only what was told is known."""
    tell("request_arrived", request=1)
    tell("request_queued", request=1, ring=0)
    assert tell.counts.workers[0].as_of == tell.now, "idle: nothing has been missed"
    tell("request_dispatched", request=1, worker=0, ring=0)
    began = tell.now
    tell("request_arrived", request=2)
    assert tell.counts.workers[0].as_of == began
    tell("step", request=1, tokens=8)
    stepped = tell.now
    tell("request_dispatched", request=2, worker=0, ring=0)
    assert tell.counts.workers[0].as_of == stepped
    tell("request_done", request=1, new_tokens=8)
    tell("request_done", request=2, new_tokens=0)
    tell.now += 50
    assert tell.counts.workers[0].as_of == tell.now


def test_processes(tell: Telling) -> None:
    assert tell("template_started", pid=9).template == 9
    tell("template_started", pid=10)
    assert tell("template_died", pid=9, status=1).template == 10
    assert tell("template_died", pid=10, status=1).template == 0
    assert tell("worker_forked", worker=5, pid=77).workers[-1] == WorkerCount(5, 77, "starting", 0, 0, 0, tell.now, 0)
    assert tell("worker_ready", worker=5, pid=77).workers[-1].state == "ready"


def test_threads_that_take_part(tell: Telling) -> None:
    tell("worker_forked", worker=0, pid=77)
    assert (tell.counts.workers[0].ranks, tell.counts.workers[0].ranks_in_use) == (0, 0)
    worker = tell("worker_ready", worker=0, pid=77, ranks=4).workers[0]
    assert (worker.ranks, worker.ranks_in_use) == (4, 4)
    worker = tell("ranks_changed", worker=0, pid=77, ranks=4, in_use=3, reason="busy", cpus=3.4).workers[0]
    assert (worker.ranks, worker.ranks_in_use) == (4, 3)
    tell("ranks_changed", worker=0, pid=76, ranks=4, in_use=1, reason="busy", cpus=1.0)
    assert tell.counts.workers[0].ranks_in_use == 3, "said by its predecessor"
    assert tell("worker_forked", worker=0, pid=78).workers[0].ranks_in_use == 0


def test_the_threads_that_were_chosen_are_announced(tell: Telling) -> None:
    assert tell.counts.threads is None
    chosen = tell("threads_chosen", workers=2, threads=3, cpus=(0, 1)).threads
    assert chosen is not None and (chosen.workers, chosen.threads, chosen.cpus) == (2, 3, (0, 1))


def test_what_nobody_knows_is_passed_over(tell: Telling) -> None:
    before = tell.counts, tell.stats.version
    tell("turn_began", pid=100)
    tell("warning", text="it starves")
    assert tell.stats.version == before[1]
    for kind in ("first_token", "step", "request_done", "request_queued", "request_dispatched"):
        tell(kind, request=99, worker=0, pid=100, tokens=5, new_tokens=5, ring=1)
    assert tell.places() == (0, (0, 0), (0, 0)) and sum(w.tokens for w in tell.counts.workers) == 0


def test_the_version_tells_a_change(tell: Telling) -> None:
    version = tell.stats.version
    tell("request_arrived", request=1)
    assert tell.stats.version > version


@given(st.lists(st.tuples(st.sampled_from(["arrived", "dispatched", "taken", "token", "done", "died"]),
                          st.integers(1, 4), st.integers(0, 2)), max_size=60))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_no_request_is_ever_in_two_places(story: list[tuple[str, int, int]]) -> None:
    """Whatever comes in whatever order: those in flight are waiting, queued or running, each once."""
    tell, open_requests = Telling(3), set()
    for what, request, worker in story:
        pid = tell.counts.workers[worker].pid
        if what == "arrived":
            open_requests.add(request)
            tell("request_arrived", request=request)
        elif what == "done":
            open_requests.discard(request)
            tell("request_done", request=request, new_tokens=3)
        elif what == "died":
            tell("worker_died", worker=worker, pid=pid, status=-9)
            tell("worker_forked", worker=worker, pid=pid + 1)
        else:
            kind = {"dispatched": "request_queued", "taken": "request_dispatched", "token": "first_token"}[what]
            tell(kind, request=request, worker=worker, pid=pid, ring=0)
        waiting, *workers = tell.places()
        assert waiting + sum(map(sum, workers)) == len(open_requests)
        assert waiting >= 0
