"""Queues of lanes that close, open and are lost: nothing is lost or run twice, and each policy keeps its rule."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.dispatch import CLIENT_POLICIES, POLICIES, Request, make_policy
from llmproc.dispatch.lanes import Begun, LaneQueues
from llmproc.dispatch.simulation import simulate
from llmproc.errors import UsageError

NAMES = [*CLIENT_POLICIES]


def lanes(mode: str, count: int, requests: int = 0, sequences: int = 1) -> LaneQueues:
    found = LaneQueues(make_policy(mode, count, sequences, CLIENT_POLICIES), count, sequences)
    for number in range(requests):
        found.add(Request(number, float(number)))
    return found


def test_a_closed_lane_begins_nothing_and_is_stolen_from() -> None:
    found = lanes("ws", 2, 4)
    found.set_open(0, False)
    assert found.settle() == [Begun(1, 1, False)]
    found.end(1)
    assert found.settle() == [Begun(3, 1, False)]
    found.end(1)
    assert found.settle() == [Begun(0, 1, True)], "its own queue is empty: another's"
    found.set_open(0, True)
    assert found.settle() == [Begun(2, 0, False)] and len(found) == 0


def test_static_waits_for_a_closed_lane_and_leaves_a_lost_one() -> None:
    found = lanes("sp", 2, 4)
    found.set_open(0, False)
    assert found.settle() == [Begun(1, 1, False)]
    found.end(1)
    assert found.settle() == [Begun(3, 1, False)]
    found.end(1)
    assert found.settle() == [] and len(found) == 2
    found.lose(0)
    assert found.settle() == [Begun(0, 1, False)]
    found.set_open(0, True)
    assert found.settle() == [], "lost is for good"


def test_what_comes_back_goes_first() -> None:
    found = lanes("sp", 1, 3)
    assert [each.request for each in found.settle()] == [0]
    found.end(0)
    found.add_again(Request(0), 0)
    assert [each.request for each in found.settle()] == [0]


def test_one_queue_for_all_is_in_order_of_arrival() -> None:
    found = lanes("queue", 3, 6)
    assert [(each.request, each.lane) for each in found.settle()] == [(0, 0), (1, 1), (2, 2)]
    found.end(1)
    assert found.settle() == [Begun(3, 1, False)]


def test_only_clients_have_the_shared_queue() -> None:
    with pytest.raises(UsageError, match="mode is queue: must be one of seq, sp, ws, lpt"):
        make_policy("queue", 1, 1)
    assert set(CLIENT_POLICIES) - set(POLICIES) == {"queue"}


@pytest.mark.parametrize("mode", NAMES)
def test_what_waits_can_be_removed(mode: str) -> None:
    found = lanes(mode, 2, 6)
    begun = {each.request for each in found.settle()}
    for request in range(6):
        assert found.remove(request) == (request not in begun)
    assert len(found) == 0


@settings(deadline=None)
@given(
    st.sampled_from(NAMES),
    st.integers(1, 4),
    st.lists(
        st.tuples(st.sampled_from(["end", "back", "close", "open", "lose", "add"]), st.integers(0, 9)), max_size=60
    ),
)
def test_nothing_is_lost_or_run_twice(mode: str, count: int, steps: list[tuple[str, int]]) -> None:
    """Whatever happens to lanes: a request waits, runs once, or has ended; closed and full lanes begin nothing."""
    found, running, done, added = lanes(mode, count), dict[int, int](), set[int](), 0
    is_open, lost = [True] * count, [False] * count

    def settle() -> None:
        for each in found.settle():
            assert is_open[each.lane] and not lost[each.lane] and each.lane not in running
            assert each.request not in running.values() and each.request not in done
            assert each.stolen is False or mode == "ws"
            running[each.lane] = each.request

    for what, number in steps:
        lane = number % count
        if what == "add":
            found.add(Request(added, float(number)))
            added += 1
        elif what in ("end", "back") and lane in running:
            request = running.pop(lane)
            found.end(lane)
            if what == "end":
                done.add(request)
            else:
                found.add_again(Request(request), lane)
        elif what in ("close", "open"):
            is_open[lane] = what == "open"
            found.set_open(lane, is_open[lane])
        elif what == "lose":
            lost[lane] = True
            found.lose(lane)
        settle()
        assert len(found) + len(running) + len(done) == added
    if mode != "seq" and not all(lost):
        for lane in range(count):
            is_open[lane] = not lost[lane]
            found.set_open(lane, is_open[lane])
        settle()
        while running:
            for lane in list(running):
                done.add(running.pop(lane))
                found.end(lane)
            settle()
        assert len(done) == added, "what is left begins, in any mode"


def test_slow_workers_in_the_simulation() -> None:
    """Two servers, one of them three times slower: four equal costs of 3 are 3 to 1 on the shared queue."""
    assert simulate("queue", [3, 3, 3, 3], 2, slowness=[1, 3]).makespan == 9
    assert simulate("sp", [3, 3, 3, 3], 2, slowness=[1, 3]).makespan == 18
    stolen = simulate("ws", [3, 3, 3, 3], 2, slowness=[1, 3])
    assert (stolen.makespan, stolen.steals) == (9, 1) and stolen.busy == (9, 9)


@pytest.mark.parametrize("slowness", [[1], [1, 0], [1, -1], [1, 2, 3]])
def test_a_slowness_that_makes_no_sense(slowness: list[float]) -> None:
    with pytest.raises(ValueError, match="the slowness of 2 workers"):
        simulate("ws", [1], 2, slowness=slowness)
