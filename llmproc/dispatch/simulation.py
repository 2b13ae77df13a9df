"""Policies on a fake clock: what each gives for known costs on workers that lose no time. Discrete events, no chance.

    all requests arrive at 0 --> policy.next --> ring of a worker --> the worker, whenever it has a free sequence
                                                 (ws: own ring empty -> another's, see stealing.victims)

Used by `experiments` for ideal curves, and by the tests of policies. A request takes its cost
whatever runs beside it: right for one sequence a worker on a CPU of its own, and for a remote service; more sequences
than one are an ideal that a real batch only comes near to. Nothing is lost to dispatch, pipes or caches.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Sequence

from llmproc.dispatch import Policy, Request, make_policy, victims
from llmproc.dispatch.schedule import Schedule, Span, busy_times
from llmproc.dispatch.shared import SharedQueue

CELLS = 1 << 30  # of a ring, unless a bound is asked for


def simulate(
    policy_name: str, costs: Sequence[float], workers: int, sequences: int = 1, cells: int = CELLS
) -> Schedule:
    """Return the schedule of requests 0, 1, ... with these costs; `policy_name`: one of POLICIES, or `queue`.

    Bounds that hold for all but seq and sp, which leave workers idle beside waiting requests (Graham 1966; n = workers
    x sequences, `sum` and `longest` of the costs):

        max(sum / n, longest) <= makespan <= sum / n + (1 - 1/n) longest

    So ws is never above the shared queue by more than (1 - 1/n) longest, nor by more than a factor of 2 - 1/n; and for
    some costs it is (1 0 2 1 on 2 workers: 3 against 2), so no better bound can be promised.
    UsageError for an unknown policy, ValueError for a cost below 0, or a number below 1.
    """
    if cells < 1:
        raise ValueError(f"rings of {cells} cells")
    shared = policy_name == SharedQueue.name
    policy: Policy = SharedQueue(workers, sequences) if shared else make_policy(policy_name, workers, sequences)
    for number, cost in enumerate(costs):
        policy.add(Request(number, cost))
    return _Simulation(policy, costs, workers, sequences, cells).run()


class _Simulation:
    """The state between two events."""

    def __init__(self, policy: Policy, costs: Sequence[float], workers: int, sequences: int, cells: int) -> None:
        self._policy, self._costs, self._sequences, self._cells = policy, costs, sequences, cells
        self._rings: list[deque[int]] = [deque() for _ in range(workers)]
        self._running = [0] * workers
        self._ends: list[tuple[float, int, int]] = []  # end, place in the order of beginning, worker
        self._spans: list[Span] = []
        self._now, self._steals = 0.0, 0

    def run(self) -> Schedule:
        """Run to the end of the last request."""
        self._settle()
        while self._ends:
            self._now = self._ends[0][0]
            while self._ends and self._ends[0][0] == self._now:  # all who end together, before anybody takes
                self._running[heapq.heappop(self._ends)[2]] -= 1
            self._settle()
        busy = busy_times(self._spans, len(self._rings))
        return Schedule(self._now, busy, tuple(self._spans), self._steals)

    def _settle(self) -> None:
        """Let everything happen that happens at this moment: main appends and workers take until neither can."""
        while self._append() or self._take_own() or self._steal():
            pass

    def _append(self) -> bool:
        rooms = [self._cells - len(ring) for ring in self._rings]
        held = [running + len(ring) for running, ring in zip(self._running, self._rings, strict=True)]
        found = self._policy.next(rooms, held)
        if found is not None:
            request, worker = found
            self._rings[worker].append(request)
        return found is not None

    def _take_own(self) -> bool:
        """Let each worker take one at most, so that none has its second before another had its first."""
        took = False
        for worker, ring in enumerate(self._rings):
            if ring and self._running[worker] < self._sequences:
                self._begin(ring.popleft(), worker)
                took = True
        return took

    def _steal(self) -> bool:
        """Let one worker steal one request, when none can take from its own ring any more."""
        if not self._policy.steals:
            return False
        for thief, running in enumerate(self._running):
            if running < self._sequences:
                for victim in victims([len(ring) for ring in self._rings], thief):
                    self._begin(self._rings[victim].popleft(), thief)
                    self._steals += 1
                    return True
        return False

    def _begin(self, request: int, worker: int) -> None:
        self._running[worker] += 1
        end = self._now + self._costs[request]
        heapq.heappush(self._ends, (end, len(self._spans), worker))
        self._spans.append(Span(request, worker, self._now, end))
