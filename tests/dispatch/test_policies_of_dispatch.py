"""The dispatch policies by themselves: who gets what, in which order, and what is refused."""

from __future__ import annotations

import pytest

from llmproc.dispatch import POLICIES, Policy, Request, make_policy, victims
from llmproc.dispatch.shared import SharedQueue
from llmproc.errors import UsageError

PLENTY = [100, 100, 100]
NOTHING = [0, 0, 0]


def filled(name: str, costs: list[float], workers: int = 3, sequences: int = 1) -> Policy:
    policy = make_policy(name, workers, sequences)
    for number, cost in enumerate(costs):
        policy.add(Request(number, cost))
    return policy


def drained(policy: Policy, rooms: list[int], running: list[int]) -> list[tuple[int, int]]:
    """Everything it hands out while nobody finishes anything."""
    found = []
    rooms, running = list(rooms), list(running)
    while (given := policy.next(rooms, running)) is not None:
        rooms[given[1]] -= 1
        running[given[1]] += 1
        found.append(given)
    return found


def test_the_table_of_policies() -> None:
    assert list(POLICIES) == ["seq", "sp", "ws", "lpt"]
    for name in POLICIES:
        policy = make_policy(name, 2, 1)
        assert policy.name == name and policy.steals == (name == "ws") and len(policy) == 0
        assert policy.next([1, 1], [0, 0]) is None
    with pytest.raises(UsageError, match=r"^mode is fifo: must be one of seq, sp, ws, lpt$"):
        make_policy("fifo", 2, 1)


@pytest.mark.parametrize("name", [*POLICIES])
@pytest.mark.parametrize(("workers", "sequences"), [(0, 1), (1, 0), (-1, 1)])
def test_no_policy_without_workers(name: str, workers: int, sequences: int) -> None:
    with pytest.raises(ValueError, match="a policy for"):
        make_policy(name, workers, sequences)


@pytest.mark.parametrize("cost", [-1.0, float("nan"), float("inf")])
def test_a_cost_is_a_number_from_0_on(cost: float) -> None:
    with pytest.raises(ValueError, match="request 7 has the cost"):
        Request(7, cost)


def test_sequential_gives_one_at_a_time_to_the_first_worker() -> None:
    policy = filled("seq", [5, 1, 3], sequences=4)
    assert policy.next(PLENTY, [1, 0, 0]) is None, "the first worker has one, and others get none"
    assert policy.next([0, 9, 9], NOTHING) is None
    assert drained(policy, PLENTY, NOTHING) == [(0, 0)]
    assert drained(policy, PLENTY, NOTHING) == [(1, 0)]
    assert len(policy) == 1


def test_static_deals_in_turn_and_moves_nothing() -> None:
    policy = filled("sp", [1] * 7)
    assert drained(policy, PLENTY, NOTHING) == [(0, 0), (1, 1), (2, 2), (3, 0), (4, 1), (5, 2), (6, 0)]
    policy = filled("sp", [1] * 7)
    assert drained(policy, [0, 5, 0], NOTHING) == [(1, 1), (4, 1)], "only what was dealt to the one with room"
    assert len(policy) == 5


def test_the_deal_goes_on_where_it_was() -> None:
    policy = filled("sp", [1] * 4)
    drained(policy, PLENTY, NOTHING)
    policy.add(Request(4))
    assert policy.next(PLENTY, NOTHING) == (4, 1)


def test_a_ring_is_filled_where_least_is_to_do() -> None:
    policy = filled("ws", [1] * 9)
    assert policy.next(PLENTY, [3, 2, 2]) == (1, 1)
    assert policy.next(PLENTY, [3, 3, 2]) == (2, 2)
    assert policy.next(PLENTY, [3, 3, 3]) == (0, 0), "the one that arrived first, of equals"


@pytest.mark.parametrize("name", ["sp", "ws"])
def test_an_affinity_wins_over_the_deal_and_takes_no_turn(name: str) -> None:
    policy = make_policy(name, 3, 1)
    for number, affinity in enumerate([None, 2, 2, None, None]):
        policy.add(Request(number, affinity=affinity))
    assert dict(drained(policy, PLENTY, NOTHING)) == {0: 0, 1: 2, 2: 2, 3: 1, 4: 2}
    with pytest.raises(ValueError, match="request 9 for worker 3 of 3"):
        policy.add(Request(9, affinity=3))
    assert len(policy) == 0
    policy.add(Request(10))
    assert policy.next(PLENTY, NOTHING) == (10, 0), "what was refused took no turn"


@pytest.mark.parametrize("name", ["seq", "lpt"])
def test_others_ignore_affinity(name: str) -> None:
    policy = make_policy(name, 3, 1)
    policy.add(Request(0, affinity=2))
    assert policy.next(PLENTY, NOTHING) == (0, 0)


def test_longest_first_only_to_whoever_can_begin() -> None:
    policy = filled("lpt", [3, 9, 5, 9, 1], sequences=2)
    assert policy.next(PLENTY, [2, 2, 2]) is None
    assert policy.next(PLENTY, [2, 1, 2]) == (1, 1), "of equal costs the first"
    assert policy.next(PLENTY, [2, 1, 0]) == (3, 2), "to the one with most free sequences"
    assert policy.next([5, 5, 0], [1, 0, 0]) == (2, 1), "who has no room in his ring gets none"
    assert drained(policy, PLENTY, NOTHING) == [(0, 0), (4, 1)]


def test_the_shared_queue_keeps_the_order_of_arrival() -> None:
    queue = SharedQueue(2, 1)
    for number, cost in enumerate([1.0, 9.0, 5.0]):
        queue.add(Request(number, cost))
    assert queue.next([9, 9], [1, 0]) == (0, 1) and queue.next([9, 9], [1, 1]) is None
    queue.add_again(Request(0), 1)
    assert queue.remove(1) and not queue.remove(1) and len(queue) == 2
    assert drained(queue, [9, 9], [0, 0]) == [(0, 0), (2, 1)]


@pytest.mark.parametrize("name", [*POLICIES, "queue"])
def test_what_comes_back_goes_first(name: str) -> None:
    policy: Policy = SharedQueue(1, 9) if name == "queue" else make_policy(name, 1, 9)
    for number in range(6):
        policy.add(Request(number))
    handed = [policy.next([9], [0]) for _ in range(4)]
    assert handed == [(0, 0), (1, 0), (2, 0), (3, 0)]
    for number in (2, 3, 1):
        policy.add_again(Request(number), 0)
    assert [policy.next([9], [0]) for _ in range(6)] == [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0), None]
    for number in (2, 4):
        policy.add_again(Request(number), 0)
    assert policy.remove(2) and not policy.remove(2) and len(policy) == 1 and policy.next([9], [0]) == (4, 0)


def test_what_comes_back_stays_with_its_worker() -> None:
    for name in ("sp", "ws"):
        policy = filled(name, [1] * 6)
        drained(policy, PLENTY, NOTHING)
        policy.add_again(Request(4), 1)
        policy.add_again(Request(0, affinity=0), 2)
        assert dict(drained(policy, PLENTY, NOTHING)) == {4: 1, 0: 2}
        with pytest.raises(ValueError, match="for worker 5 of 3"):
            policy.add_again(Request(1), 5)


def test_of_what_came_back_the_longest_goes_first_with_lpt() -> None:
    policy = filled("lpt", [2, 8, 9])
    assert [policy.next([9], [0]) for _ in range(2)] == [(2, 0), (1, 0)]
    policy.add_again(Request(1, 8), 0)
    policy.add_again(Request(2, 9), 0)
    policy.add(Request(3, 50))
    assert [policy.next([9], [0]) for _ in range(4)] == [(2, 0), (1, 0), (3, 0), (0, 0)]


@pytest.mark.parametrize("name", [*POLICIES, "queue"])
def test_nobody_waits_twice(name: str) -> None:
    policy: Policy = SharedQueue(2, 1) if name == "queue" else make_policy(name, 2, 1)
    policy.add(Request(0))
    with pytest.raises(ValueError, match="request 0 waits already"):
        policy.add(Request(0))
    with pytest.raises(ValueError, match="request 0 waits already"):
        policy.add_again(Request(0), 1)
    assert len(policy) == 1 and policy.next([1, 1], [0, 0]) == (0, 0)
    policy.add_again(Request(0), 0)
    with pytest.raises(ValueError, match="request 0 waits already"):
        policy.add(Request(0))


@pytest.mark.parametrize("name", [*POLICIES])
def test_what_was_removed_never_comes(name: str) -> None:
    policy = filled(name, [1, 2, 3], workers=1, sequences=9)
    assert policy.remove(1) and not policy.remove(1) and not policy.remove(77)
    assert len(policy) == 2
    policy.add(Request(1, 9))  # and the same id with another cost is another request
    order = [policy.next([9], [0]) for _ in range(4)]
    assert order == ([(1, 0), (2, 0), (0, 0), None] if name == "lpt" else [(0, 0), (2, 0), (1, 0), None])


def test_what_was_removed_leaves_no_trace_of_its_cost() -> None:
    policy = filled("lpt", [1, 9, 5])
    assert policy.remove(1)
    policy.add(Request(1, 0))
    assert [policy.next([9], [0]) for _ in range(4)] == [(2, 0), (0, 0), (1, 0), None]


def test_thousands_wait_without_a_search() -> None:
    """A plain dict would take longer to find its first key with every one deleted before it: minutes here."""
    policy = filled("ws", [1] * 60_000, workers=1)
    assert [policy.next([1], [0]) for _ in range(60_000)] == [(number, 0) for number in range(60_000)]


def test_workstealing_where_a_thief_looks() -> None:
    assert victims([3, 0, 5, 1], 1) == [2, 0, 3]
    assert victims([2, 2, 2, 2], 1) == [2, 3, 0], "of equals the next one round"
    assert victims([2, 2, 2, 2], 3) == [0, 1, 2]
    assert victims([9, 0, 0], 0) == [], "never his own"
    assert victims([4], 0) == [] and victims([0, 0, 0, 0], 2) == []
    assert victims([0, 1, 7, 1, 7], 3) == [4, 2, 1]
