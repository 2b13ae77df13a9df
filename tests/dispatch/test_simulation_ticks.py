"""The simulation against another one that knows nothing of it: time in ticks, workers as plain lists, no policies."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from llmproc.dispatch.simulation import simulate
from llmproc.dispatch.workloads import ALTERNATING, SYSTEM_B

Begun = tuple[int, int, int]  # request, worker, tick
COSTS = st.lists(st.integers(1, 9), min_size=1, max_size=16)


def dealt(costs: list[int], workers: int) -> list[list[int]]:
    return [list(range(worker, len(costs), workers)) for worker in range(workers)]


def in_ticks(costs: list[int], workers: int, sequences: int, steals: bool) -> tuple[list[Begun], int, int]:
    """(who began what and when, the last tick, steals), one tick after the other."""
    rings, left = dealt(costs, workers), [[0] * sequences for _ in range(workers)]
    begun: list[Begun] = []
    tick = stolen = 0
    while any(rings) or any(any(places) for places in left):
        moved = True
        while moved:  # everybody takes one of his own, again and again; then one thief, and all of it again
            moved = False
            for worker in range(workers):
                if rings[worker] and 0 in left[worker]:
                    request = rings[worker].pop(0)
                    left[worker][left[worker].index(0)] = costs[request]
                    begun.append((request, worker, tick))
                    moved = True
            if not moved and steals:
                for thief in range(workers):
                    fullest = max(len(ring) for ring in rings)
                    if 0 in left[thief] and fullest:
                        victim = next(
                            w % workers for w in range(thief, thief + workers) if len(rings[w % workers]) == fullest
                        )
                        request = rings[victim].pop(0)
                        left[thief][left[thief].index(0)] = costs[request]
                        begun.append((request, thief, tick))
                        stolen, moved = stolen + 1, True
                        break
        tick += 1
        left = [[max(0, ticks - 1) for ticks in places] for places in left]
    return begun, tick, stolen


@pytest.mark.parametrize("steals", [False, True])
@settings(max_examples=60, deadline=None)
@given(costs=COSTS, workers=st.integers(1, 4), sequences=st.integers(1, 3))
@example(costs=[*SYSTEM_B.costs], workers=4, sequences=1)
@example(costs=[*ALTERNATING.costs], workers=2, sequences=1)
def test_both_tell_the_same_story(steals: bool, costs: list[int], workers: int, sequences: int) -> None:
    schedule = simulate("ws" if steals else "sp", costs, workers, sequences)
    begun, last, stolen = in_ticks(costs, workers, sequences, steals)
    assert [(span.request, span.worker, span.start) for span in schedule.spans] == begun
    assert (schedule.makespan, schedule.steals) == (last, stolen)


def test_in_ticks_by_hand() -> None:
    """Worker 1 is through at 3 and takes 2 from worker 0, who has been at his first request all the while."""
    begun, last, stolen = in_ticks([5, 1, 1, 2], 2, 1, steals=True)
    assert begun == [(0, 0, 0), (1, 1, 0), (3, 1, 1), (2, 1, 3)] and (last, stolen) == (5, 1)
    assert in_ticks([5, 1, 1, 2], 2, 1, steals=False)[1:] == (6, 0)
