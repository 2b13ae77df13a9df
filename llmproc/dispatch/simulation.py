"""Policies on a fake clock: what each gives for known costs on workers that lose no time. Discrete events, no chance.

    all requests arrive at 0 --> lanes.LaneQueues --> the worker, whenever it has a free sequence --> its end

Used by `experiments` for ideal curves, and by the tests of policies. A request takes its cost
whatever runs beside it: right for one sequence a worker on a CPU of its own, and for a remote service; more sequences
than one are an ideal that a real batch only comes near to. Nothing is lost to dispatch, pipes or caches.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

from llmproc.dispatch import CLIENT_POLICIES, Policy, Request, make_policy
from llmproc.dispatch.lanes import CELLS, LaneQueues
from llmproc.dispatch.schedule import Schedule, Span, busy_times


def simulate(
    policy_name: str,
    costs: Sequence[float],
    workers: int,
    sequences: int = 1,
    cells: int = CELLS,
    slowness: Sequence[float] | None = None,
) -> Schedule:
    """Return the schedule of requests 0, 1, ... with these costs; `policy_name`: one of CLIENT_POLICIES.

    `slowness[w]`: how many times its cost a request takes on worker w, for servers of different speed; None: 1 for all.
    Bounds that hold for all but seq and sp, which leave workers idle beside waiting requests, where all are as fast
    (Graham 1966; n = workers x sequences, `sum` and `longest` of the costs):

        max(sum / n, longest) <= makespan <= sum / n + (1 - 1/n) longest

    So ws is never above the shared queue by more than (1 - 1/n) longest, nor by more than a factor of 2 - 1/n; and for
    some costs it is (1 0 2 1 on 2 workers: 3 against 2), so no better bound can be promised.
    UsageError for an unknown policy, ValueError for a cost below 0, a number below 1, a slowness that is not above 0.
    """
    slow = [1.0] * workers if slowness is None else list(slowness)
    if len(slow) != workers or not all(each > 0 for each in slow):
        raise ValueError(f"the slowness of {workers} workers is {slow}")
    policy: Policy = make_policy(policy_name, workers, sequences, CLIENT_POLICIES)
    lanes = LaneQueues(policy, workers, sequences, cells)
    for number, cost in enumerate(costs):
        lanes.add(Request(number, cost))
    return _Simulation(lanes, costs, slow).run()


class _Simulation:
    """The state between two events."""

    def __init__(self, lanes: LaneQueues, costs: Sequence[float], slowness: Sequence[float]) -> None:
        self._lanes, self._costs, self._slowness = lanes, costs, slowness
        self._ends: list[tuple[float, int, int]] = []  # end, place in the order of beginning, worker
        self._spans: list[Span] = []
        self._now, self._steals = 0.0, 0

    def run(self) -> Schedule:
        """Run to the end of the last request."""
        self._settle()
        while self._ends:
            self._now = self._ends[0][0]
            while self._ends and self._ends[0][0] == self._now:  # all who end together, before anybody takes
                self._lanes.end(heapq.heappop(self._ends)[2])
            self._settle()
        busy = busy_times(self._spans, len(self._slowness))
        return Schedule(self._now, busy, tuple(self._spans), self._steals)

    def _settle(self) -> None:
        for begun in self._lanes.settle():
            end = self._now + self._costs[begun.request] * self._slowness[begun.lane]
            heapq.heappush(self._ends, (end, len(self._spans), begun.lane))
            self._spans.append(Span(begun.request, begun.lane, self._now, end))
            self._steals += begun.stolen
