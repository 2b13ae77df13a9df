"""Rings whose sums are known by hand: time by phase, and by rank and cause. And random ones, whose parts add up."""

from __future__ import annotations

import pytest
from engine.invented_rings import Given, RandomTeam, moved, rings_of
from engine.test_trace_steps import FIRST, SECOND

from llmproc.engine.trace_steps import TeamPhase
from llmproc.engine.trace_sums import ORDER, PortionWait, RankTime, StepNote, TraceSummary, summarise_rings
from llmproc.kernels.records import PHASES


def summed(*rings: list[Given], note: StepNote | None = None) -> TraceSummary:
    return summarise_rings(rings_of(*rings), [note or StepNote(7, len(rings))])


def parts(time: RankTime) -> tuple[int, int, int, int, int]:
    return time.worked, time.barrier, time.sleeping, time.run_queue, time.late


def test_every_phase_has_its_place_in_the_order() -> None:
    assert set(ORDER) == set(PHASES) - {"start", "wait", "sleep", "late"}


def test_a_step_of_two_ranks() -> None:
    found = summed(FIRST, SECOND)
    assert (found.steps, found.wall) == ([7], 100)
    phases = {name: (time.count, time.wall, time.worked) for name, time in found.phases.items()}
    assert phases == {
        "norm": (1, 10, 10 + 16),
        "qkv": (1, 62, 40 + 50 + 2),  # the one that ends a phase works until it has
        "output": (1, 28, 20 + 18),
    }
    # rank 0 noticed 8 ns late that qkv had ended; rank 1 began the step 4 ns late; what it slept at last is no step's
    assert [parts(time) for time in found.ranks] == [(70, 22, 0, 0, 8), (86, 10, 0, 0, 4)]
    assert [(time.ended, time.waited_for) for time in found.ranks] == [(1, 10), (1, 22)]
    assert found.longest == PortionWait(22, TeamPhase("qkv", 3, 110, 172, 1), 0)


ALONE: list[Given] = [
    (0, "start", 7), (10, "embed", 0), (10, "ended", 0), (30, "qkv", 0), (30, "ended", 0), (40, "rotate", 0),
    (60, "wait", 0),
]  # fmt: skip


def test_a_rank_that_slept_goes_on_late_and_works_again() -> None:
    sleeps: list[Given] = [
        (0, "start", 7), (4, "embed", 0), (25, "sleep", 0), (28, "qkv", 0), (33, "wait", 0), (55, "rotate", 0),
        (58, "ended", 0),
    ]  # fmt: skip
    found = summed(ALONE, sleeps)
    assert parts(found.ranks[0]) == (10 + 20 + 10, 18, 0, 0, 0)
    assert parts(found.ranks[1]) == (4 + 3 + 22 + 3, 6 + 2, 15, 0, 3)


def test_a_rank_that_missed_phases_was_late_for_them() -> None:
    """It was not running when embed ended, did not sleep, and found qkv over."""
    misses: list[Given] = [
        (0, "start", 7), (4, "embed", 0), (35, "wait", 0), (36, "late", 0), (55, "rotate", 0), (58, "ended", 0),
    ]  # fmt: skip
    found = summed(ALONE, misses)
    assert parts(found.ranks[1]) == (4 + 19 + 3, 6, 0, 0, 25 + 1)
    assert found.ranks[0].waited_for == 6 and found.ranks[1].waited_for == 18


def test_a_rank_that_has_not_come_back_waited_and_slept() -> None:
    alone = [(time, "ended" if what == "wait" else what, layer) for time, what, layer in ALONE]
    found = summed(alone, [(0, "start", 7), (4, "embed", 0)])
    assert parts(found.ranks[1]) == (4, 6, 50, 0, 0)
    found = summed(alone, [(0, "start", 7), (4, "embed", 0), (12, "wait", 0), (15, "norm", 0)])
    assert parts(found.ranks[1]) == (4 + 3, 6, 0, 0, 2 + 45), "it made a copy, and was not seen again"


def test_a_rank_that_did_not_come_was_late_for_all_of_the_step() -> None:
    alone = [(time, "ended" if what == "wait" else what, layer) for time, what, layer in ALONE]
    assert parts(summed(alone, []).ranks[1]) == (0, 0, 0, 0, 60)
    after: list[Given] = [(70, "start", 7), (71, "late", 0), (72, "late", 0), (73, "late", 0)]
    assert parts(summed(alone, after).ranks[1]) == (0, 0, 0, 0, 60), "nothing after the end of a step counts"


def test_a_rank_that_was_not_in_use_has_no_part() -> None:
    alone = [(time, "ended" if what == "wait" else what, layer) for time, what, layer in ALONE]
    found = summed(alone, [], note=StepNote(7, 1))
    assert parts(found.ranks[0]) == (60, 0, 0, 0, 0) and found.longest is None
    assert (found.ranks[0].steps, found.ranks[1]) == (1, RankTime())


@pytest.mark.parametrize(
    ("run_queue", "elapsed", "expected"),
    [
        ((0, 15), 100, [(70, 7, 0, 15, 8), (71, 10, 0, 15, 4)]),  # 15 of the 22 that rank 0 waited for rank 1
        ((0, 22), 100, [(70, 0, 0, 22, 8), (64, 10, 0, 22, 4)]),
        ((0, 24), 100, [(70, 0, 0, 22, 8), (64, 10, 0, 24, 2)]),  # two more: they made it late
        ((0, 30), 100, [(70, 0, 0, 22, 8), (60, 10, 0, 30, 0)]),  # and four in portions
        ((0, 30), 103, [(70, 0, 0, 22, 8), (63, 10, 0, 27, 0)]),  # three of which it may have waited between steps
        ((0, 30), 900, [(70, 0, 0, 22, 8), (64, 10, 0, 26, 0)]),
        ((5, 0), 100, [(65, 22, 0, 5, 8), (86, 5, 0, 5, 4)]),
        ((5, 15), 100, [(65, 7, 0, 20, 8), (71, 5, 0, 20, 4)]),  # each of the other, and both of their own
        ((999, 0), 100, [(0, 22, 0, 78, 0), (86, 0, 0, 10, 4)]),  # never more than there was
    ],
)
def test_waiting_for_a_cpu_is_told_from_waiting_for_the_rank_that_waits_for_one(
    run_queue: tuple[int, int], elapsed: int, expected: list[tuple[int, ...]]
) -> None:
    found = summed(FIRST, SECOND, note=StepNote(7, 2, run_queue, elapsed))
    assert [parts(time) for time in found.ranks] == expected
    assert all(sum(parts(time)) == 100 for time in found.ranks)
    assert [time.waited_for for time in found.ranks] == [10, 22], "whatever it was that kept it"


def test_two_ranks_that_wait_for_one_portion_are_explained_by_the_same_time() -> None:
    holds: list[Given] = [(0, "start", 7), (90, "qkv", 0), (90, "ended", 0), (100, "output", 0), (100, "ended", 0)]
    waits: list[Given] = [(0, "start", 7), (30, "qkv", 0), (90, "wait", 0), (98, "output", 0), (100, "wait", 0)]
    more: list[Given] = [(0, "start", 7), (50, "qkv", 0), (90, "wait", 0), (97, "output", 0), (100, "wait", 0)]
    found = summed(holds, waits, more, note=StepNote(7, 3, (45, 0, 0), 100))
    # the 45 go to the longest waits, those of qkv: 45 of rank 1's 60, all of rank 2's 40; none is left for output
    assert [parts(time) for time in found.ranks] == [(55, 0, 0, 45, 0), (38, 17, 0, 45, 0), (57, 3, 0, 40, 0)]
    found = summed(holds, waits, more, note=StepNote(7, 3, (62, 0, 0), 100))
    assert [parts(time) for time in found.ranks] == [(38, 0, 0, 62, 0), (38, 0, 0, 62, 0), (57, 1, 0, 42, 0)]


def test_steps_are_added_up_and_others_left_out() -> None:
    rings = rings_of(*([*records, *moved(records, 200, 8), *moved(records, 400, 9)] for records in (FIRST, SECOND)))
    found = summarise_rings(rings, [StepNote(7, 2), StepNote(9, 2, (0, 15), 100), StepNote(10, 2)])
    assert (found.steps, found.wall, found.phases["qkv"].count) == ([7, 9], 200, 2)
    assert [parts(time) for time in found.ranks] == [(140, 29, 0, 15, 16), (157, 20, 0, 15, 8)]
    assert [(time.steps, time.ended, time.waited_for) for time in found.ranks] == [(2, 2, 20), (2, 2, 44)]
    assert summarise_rings(rings, []) == TraceSummary(ranks=[RankTime(), RankTime()])


@pytest.mark.parametrize("seed", range(40))
def test_the_parts_of_random_steps_add_up(seed: int) -> None:
    ranks = 1 + seed % 4
    team = RandomTeam(ranks, seed)
    for number in range(20):
        team.step(number, 1 + team.chance.randrange(12))
    waited = [tuple(team.chance.randrange(60) for _ in range(ranks)) for _ in range(20)]
    rings = rings_of(*team.rings)
    for explained in (False, True):
        notes = [StepNote(n, ranks, waited[n] if explained else (), 10_000) for n in range(20)]
        found = summarise_rings(rings, notes)
        assert found.steps == list(range(20)) and found.wall > 0
        assert sum(phase.wall for phase in found.phases.values()) == found.wall
        assert [sum(parts(time)) for time in found.ranks] == [found.wall] * ranks
        assert min(min(parts(time)) for time in found.ranks) >= 0
        assert sum(time.ended for time in found.ranks) == sum(
            phase.count for name, phase in found.phases.items() if name != "norm"
        )
        assert (found.longest is None) == (ranks == 1)
        own = [sum(waited[n][rank] for n in range(20)) for rank in range(ranks)]
        limit = sum(own) if explained else 0
        assert all(time.run_queue <= limit for time in found.ranks)
