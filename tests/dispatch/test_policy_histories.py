"""Any order of add, next, remove and add_again: nothing is lost, nothing comes twice, no ring is overfilled."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.dispatch import POLICIES, Policy, Request, make_policy
from llmproc.dispatch.shared import SharedQueue

NAMES = [*POLICIES, "queue"]
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9), st.integers(-1, 3)),  # cost, affinity (-1: none)
        st.tuples(st.just("next"), st.integers(0, 0), st.integers(0, 0)),
        st.tuples(st.just("finish"), st.integers(0, 99), st.integers(0, 0)),  # which of those handed out
        st.tuples(st.just("die"), st.integers(0, 3), st.integers(0, 3)),  # which worker, what comes back first
        st.tuples(st.just("remove"), st.integers(0, 99), st.integers(0, 0)),  # which of all ids ever
    ),
    max_size=60,
)


class History:
    """What a caller keeps: who has what, in rings of a few cells whose requests begin as soon as they are there."""

    def __init__(self, name: str, workers: int, sequences: int, cells: int) -> None:
        self.policy: Policy = (
            SharedQueue(workers, sequences) if name == "queue" else make_policy(name, workers, sequences)
        )
        self.name, self.workers, self.sequences, self.cells = name, workers, sequences, cells
        self.requests: list[Request] = []
        self.waiting: set[int] = set()
        self.returned: set[int] = set()
        self.dealt: dict[int, int] = {}  # where sp and ws must put it
        self.held: list[list[int]] = [[] for _ in range(workers)]
        self.handed: Counter[int] = Counter()
        self.turn = 0

    def add(self, cost: int, affinity: int) -> None:
        request = Request(len(self.requests), cost, affinity if 0 <= affinity < self.workers else None)
        self.requests.append(request)
        self.policy.add(request)
        self.waiting.add(request.request_id)
        if request.affinity is None:
            self.dealt[request.request_id] = self.turn
            self.turn = (self.turn + 1) % self.workers
        else:
            self.dealt[request.request_id] = request.affinity

    def next(self) -> bool:
        running = [len(held) for held in self.held]
        rooms = [self.cells - count for count in running]
        found = self.policy.next(rooms, running)
        can = self._could_hand_out(rooms, running)
        assert (found is not None) == can, f"{self.name} gives {found}"
        if found is None:
            return False
        request_id, worker = found
        assert rooms[worker] > 0, "beyond its room"
        assert request_id in self.waiting, "what does not wait"
        self._judge_order(request_id, worker, running)
        self.waiting.remove(request_id)
        self.returned.discard(request_id)
        self.held[worker].append(request_id)
        self.handed[request_id] += 1
        return True

    def _could_hand_out(self, rooms: list[int], running: list[int]) -> bool:
        if self.name == "seq":
            return bool(self.waiting and not running[0] and rooms[0])
        if self.name in ("sp", "ws"):
            return any(rooms[self.dealt[request_id]] > 0 for request_id in self.waiting)
        free = [w for w in range(self.workers) if rooms[w] > 0 and running[w] < self.sequences]
        return bool(self.waiting and free)

    def _judge_order(self, request_id: int, worker: int, running: list[int]) -> None:
        rivals = self.waiting
        if self.name in ("sp", "ws"):
            assert worker == self.dealt[request_id], "moved"
            rivals = {other for other in rivals if self.dealt[other] == worker}
        if self.name == "seq":
            assert worker == 0 and not running[0]
        if self.name in ("lpt", "queue"):
            assert running[worker] < self.sequences

        def rank(other: int) -> tuple[bool, float, int]:
            return other not in self.returned, -self.requests[other].cost if self.name == "lpt" else 0, other

        assert request_id == min(rivals, key=rank)

    def finish(self, which: int) -> None:
        busy = [(worker, request_id) for worker, held in enumerate(self.held) for request_id in held]
        if busy:
            worker, request_id = busy[which % len(busy)]
            self.held[worker].remove(request_id)

    def die(self, worker: int, turned: int) -> None:
        """Its requests come back in an order that begins with the `turned`-th."""
        worker %= self.workers
        held = self.held[worker]
        for request_id in [*held[turned:], *held[:turned]]:
            self.policy.add_again(self.requests[request_id], worker)
            self.waiting.add(request_id)
            self.returned.add(request_id)
            self.dealt[request_id] = worker
            self.handed[request_id] -= 1
        self.held[worker].clear()

    def remove(self, which: int) -> None:
        request_id = which % (len(self.requests) + 1)
        assert self.policy.remove(request_id) == (request_id in self.waiting)
        if request_id in self.waiting:
            self.waiting.remove(request_id)
            self.returned.discard(request_id)
            self.handed[request_id] += 1  # it had its end

    def drain(self) -> None:
        """Until nothing waits; everybody finishes at once what he has."""
        while self.waiting:
            while self.next():
                pass
            assert any(self.held), "requests wait, all are free, and none is given"
            for held in self.held:
                held.clear()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(steps=STEPS, workers=st.integers(1, 4), sequences=st.integers(1, 3), cells=st.integers(1, 4))
def test_every_request_is_handed_out_exactly_once(
    name: str, steps: list[tuple[str, int, int]], workers: int, sequences: int, cells: int
) -> None:
    """Deaths and removals counted in: a request that came back is handed out once more, a removed one never."""
    history = History(name, workers, sequences, cells)
    for what, first, second in steps:
        if what == "add":
            history.add(first, second)
        elif what == "next":
            history.next()
        elif what == "die":
            history.die(first, second)
        else:
            {"finish": history.finish, "remove": history.remove}[what](first)
        assert len(history.policy) == len(history.waiting)
    history.drain()
    assert len(history.policy) == 0
    assert history.handed == Counter({request.request_id: 1 for request in history.requests})
