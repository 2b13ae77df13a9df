"""The number of ranks that take part: tables of single looks, and whole stories of neighbours that come and go."""

from __future__ import annotations

from itertools import pairwise

import pytest
from engine.ranks_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.engine.rank_policy import (
    FIRST_RETRY_S,
    IDLE,
    LAST_RETRY_S,
    LASTED_S,
    MEMORY_S,
    TRIAL_S,
    RankPolicy,
    RankTimes,
    best_ranks,
    cpus_missing,
    worked_s,
)

MS = 1_000_000


def looks(policy: RankPolicy, times: list[tuple[float, float]], count: int, now: float = 0.0) -> list[int]:
    """Ranks in use after each of `count` looks, 10 ms apart, at (run, wait) in milliseconds of each rank in use."""
    found = []
    for number in range(count):
        seen = [RankTimes(int(run * MS), int(wait * MS)) for run, wait in times][: policy.in_use]
        policy.look(now + 0.01 * number, seen, cpus=2)
        found.append(policy.in_use)
    return found


@pytest.mark.parametrize(
    ("times", "missing"),
    [
        ([(10, 0), (10, 0)], 0.0),
        ([(10, 0), (5, 5)], 0.5),
        ([(6.5, 3.5), (6.5, 3.5)], 0.7),
        ([(10, 0), (9.2, 0.8)], 0.0),  # waking up beside short-lived work
        ([(10, 0), (0.1, 9.9)], 0.99),  # it came too late in every step
        ([(10, 0), (0.1, 0.05)], 0.0),  # it had nothing to do, and slept
        ([(10, 0), (0, 0)], 0.0),
        ([(0, 60), (0, 60)], 2.0),  # a quota is used up
    ],
)
def test_missing_cpus_are_the_waiting_of_ranks_that_could_have_worked(
    times: list[tuple[float, float]], missing: float
) -> None:
    assert cpus_missing([RankTimes(int(run * MS), int(wait * MS)) for run, wait in times]) == pytest.approx(missing)


def test_a_team_works_as_long_as_its_busiest_rank() -> None:
    assert worked_s([RankTimes(3 * MS, 1 * MS), RankTimes(2 * MS, 0)]) == pytest.approx(0.004)
    assert worked_s([]) == 0


def test_sharing_a_cpu_is_noticed_within_a_few_looks_and_one_pause_is_not() -> None:
    assert looks(RankPolicy(2), [(10, 0), (3.5, 6.5)], 4)[-1] == 1
    assert looks(RankPolicy(2), [(10, 0), (3.5, 6.5)], 1) == [2], "one look may be chance"
    policy = RankPolicy(2)
    assert looks(policy, [(0, 10), (10, 0)], 1) == [2], "a pause of 10 ms"
    assert looks(policy, [(10, 0), (10, 0)], 20) == [2] * 20


def test_one_long_look_is_enough() -> None:
    """A chunk of a long prompt takes 100 ms; so does a period in which a quota was used up."""
    assert looks(RankPolicy(2), [(60, 40), (60, 40)], 1) == [1]


def test_looks_that_saw_little_work_say_nothing() -> None:
    assert looks(RankPolicy(2), [(1, 0.9), (1, 0.9)], 50) == [2] * 50
    assert looks(RankPolicy(2), [(0, 0), (0, 0)], 50) == [2] * 50


@pytest.mark.parametrize(
    ("cpus", "ranks", "competitors", "left"),
    [(2, 2, 1, 1), (16, 16, 1, 15), (4, 4, 1, 3), (8, 8, 3, 5), (1, 2, 0, 1), (2, 8, 0, 2), (1, 4, 3, 1), (2, 1, 5, 1)],
)
def test_as_many_ranks_stay_as_there_are_cpus_for(cpus: int, ranks: int, competitors: int, left: int) -> None:
    world = World(cpus, ranks, competitors=competitors).run(1.0)
    assert world.policy.in_use <= max(1, left) and world.policy.in_use >= max(1, left - max(1, competitors // 2))
    assert {decision.reason for _, decision in world.decisions} <= {"busy", "trial"}, "one too few is found by trial"


@pytest.mark.parametrize(
    ("cpus", "in_use", "found", "best"),
    [
        (2, 2, 2.0, 2),
        (2, 2, 1.33, 1),  # one competitor: a whole CPU is left
        (2, 2, 1.2, 1),
        (2, 2, 1.5, 2),  # one, always on the same CPU: the other one is a whole one
        (2, 2, 1.0, 2),  # two: one rank would get 0.67
        (2, 2, 0.8, 2),  # three: one rank would get 0.5
        (2, 2, 0.4, 2),  # eight: one rank would get 0.22
        (2, 1, 0.22, 2),
        (16, 16, 15.06, 15),
        (16, 16, 12.8, 12),
        (16, 16, 1.0, 16),
        (1, 2, 1.0, 1),  # pinned
        (1, 4, 0.5, 1),  # more ranks than CPUs would only take from others
        (2, 2, 0.0, 2),
    ],
)
def test_the_number_that_promises_most(cpus: int, in_use: int, found: float, best: int) -> None:
    use, gain = best_ranks(16, cpus, in_use, found)
    assert use == best and (gain >= 1 or in_use > cpus)


def test_ranks_stay_beside_many_competitors_and_come_back_beside_more() -> None:
    assert World(2, 2, competitors=8).run(2.0).decisions == []
    world = World(2, 2, competitors=1).run(0.5)
    assert world.policy.in_use == 1
    world.competitors = 8
    world.run(0.5)
    assert world.policy.in_use == 2 and world.decisions[-1][1].reason == "shared"
    count = len(world.decisions)
    assert len(world.run(5.0).decisions) == count, "and stays"


@pytest.mark.parametrize("ranks", [1, 2, 4, 16, 64])
def test_nothing_changes_on_an_idle_machine(ranks: int) -> None:
    world = World(ranks, ranks).run(30.0)
    assert world.decisions == [] and world.policy.in_use == ranks


@pytest.mark.parametrize("knows_idle", [True, False])
def test_all_take_part_again_soon_after_the_neighbour_has_gone(knows_idle: bool) -> None:
    world = World(2, 2, competitors=1, knows_idle=knows_idle).run(0.15)
    assert world.policy.in_use == 1
    world.competitors = 0
    world.run(2 * FIRST_RETRY_S + TRIAL_S)
    assert world.policy.in_use == 2 and world.decisions[-1][1].reason == "trial"
    before = len(world.decisions)
    world.run(20)
    assert len(world.decisions) == before, "and it stays"


def test_trials_in_vain_become_rare_and_cost_little() -> None:
    """Where idle time is not known, only trials tell."""
    world = World(2, 2, competitors=1, knows_idle=False).run(60.0)
    failed = [t for t, decision in world.decisions if decision.reason == "trial failed"]
    gaps = [round(after - before, 3) for before, after in pairwise(failed)]
    assert all(after > before - 0.05 for before, after in pairwise(gaps)), gaps  # a trial may take a few looks more
    assert LAST_RETRY_S <= gaps[-1] < LAST_RETRY_S + 0.1
    assert world.used[2] / 60 < 0.01
    assert world.policy.in_use == 1


def test_a_loss_after_more_ranks_have_lasted_begins_with_a_short_retry() -> None:
    world = World(2, 2, competitors=1, knows_idle=False).run(20.0)
    world.competitors = 0
    world.run(LAST_RETRY_S + LASTED_S + 0.5)
    assert world.policy.in_use == 2
    world.competitors = 1
    world.run(0.2)
    assert world.decisions[-1][1].reason == "busy"
    world.competitors = 0
    world.run(FIRST_RETRY_S + 0.05)
    assert world.policy.in_use == 2


def test_a_trial_takes_only_what_it_finds() -> None:
    world = World(8, 8, competitors=4).run(1.0)
    few = world.policy.in_use
    world.competitors = 2
    world.run(5.0)
    assert few < world.policy.in_use <= 6


@settings(max_examples=30, deadline=None)
@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.lists(st.tuples(st.integers(0, 6), st.floats(0.05, 2.0)), min_size=1, max_size=5),
    st.booleans(),
    st.sampled_from([0.01, 0.015, 0.1]),
    st.integers(0, 1000),
)
def test_whatever_neighbours_do(
    cpus: int, ranks: int, story: list[tuple[int, float]], knows_idle: bool, step_s: float, seed: int
) -> None:
    world = World(cpus, ranks, step_s, seed, knows_idle=knows_idle)
    for competitors, seconds in story:
        world.competitors = competitors
        world.run(seconds)
    assert all(1 <= decision.use <= ranks for _, decision in world.decisions)
    for (_, before), (_, after) in pairwise(world.decisions):
        assert (after.use > before.use) == (after.reason in ("trial", "shared"))
    world.competitors = 0
    world.run(2 * LAST_RETRY_S + 1).used.clear()
    world.run(LAST_RETRY_S)
    assert world.used[min(ranks, cpus)] > 0.95 * LAST_RETRY_S, "and in the end every free CPU is used, no more"


def test_numbers_that_must_fit_each_other() -> None:
    assert TRIAL_S < MEMORY_S < FIRST_RETRY_S < LASTED_S < LAST_RETRY_S and 0 < IDLE < 1
