"""Rings that were written by hand: which steps are whole, and how the team went through their phases."""

from __future__ import annotations

import pytest
from engine.invented_rings import Given, moved, rings_of

from llmproc.engine.trace_steps import TeamPhase, TraceRecord, whole_steps

FIRST: list[Given] = [
    (100, "start", 7), (110, "norm", 3), (150, "qkv", 3), (180, "wait", 3), (200, "output", 3), (200, "ended", 3),
]  # fmt: skip
SECOND: list[Given] = [
    (104, "start", 7), (120, "norm", 3), (170, "qkv", 3), (172, "ended", 3), (190, "output", 3), (215, "sleep", 3),
]  # fmt: skip


def numbers(*rings: list[Given], full: int = 1 << 14) -> list[int]:
    return [step.number for step in whole_steps(rings_of(*rings), full)]


def test_a_phase_lasts_from_the_end_of_the_one_before_to_when_the_first_rank_saw_its_end() -> None:
    (step,) = whole_steps(rings_of(FIRST, SECOND))
    assert (step.number, step.begin, step.end) == (7, 100, 200)
    assert step.phases == (TeamPhase("qkv", 3, 110, 172, 1), TeamPhase("output", 3, 172, 200, 0))
    assert step.copies == (TeamPhase("norm", 3, 100, 110, -1),), "until the first rank has its own"
    assert step.ranks[0][1] == TraceRecord(110, "norm", 3, 1), "the rank that will have ended the phase"


def test_a_norm_that_all_ranks_share_is_a_phase() -> None:
    (step,) = whole_steps(
        rings_of([(0, "start", 1), (9, "norm", 0), (10, "ended", 0), (30, "qkv", 0), (30, "ended", 0)])
    )
    assert step.phases == (TeamPhase("norm", 0, 0, 10, 0), TeamPhase("qkv", 0, 10, 30, 0)) and step.copies == ()


def test_a_rank_that_came_late_neither_moves_nor_names_a_phase() -> None:
    late: list[Given] = [(105, "start", 7), (107, "norm", 3), (190, "late", 3), (300, "late", 3)]
    (step,) = whole_steps(rings_of(FIRST, SECOND, late))
    assert [(phase.name, phase.end, phase.by) for phase in step.phases] == [("qkv", 172, 1), ("output", 200, 0)]
    assert step.copies[0].end == 107, "its copy was the first, though it had no use for it"


def test_the_first_rank_that_saw_the_end_names_the_one_that_ended_it() -> None:
    """One that sleeps through many phases may read who ended a later one in the same place."""
    rings = rings_of(FIRST, SECOND)
    rings[0]["by"][3] = 5
    (step,) = whole_steps(rings)
    assert [phase.by for phase in step.phases] == [1, 0]


def test_a_rank_that_walks_a_step_with_the_next_ones_record_is_only_late() -> None:
    """It read the number of phases after its step had ended: too many of them, all over."""
    walks: list[Given] = [(210, "start", 7), *((211 + i, "late", i) for i in range(5))]
    (step,) = whole_steps(rings_of(FIRST, SECOND, walks))
    assert len(step.phases) == 2 and step.end == 200


def test_a_step_whose_last_phase_has_not_ended_is_left_out() -> None:
    for first in (1, 2):  # with and without the last product: "output", then its end
        rings = [FIRST + moved(FIRST, 100, 8)[:-first], SECOND + moved(SECOND, 100, 8)[:-1]]
        assert numbers(*rings) == [7], "one of them is about to note it, and none has"


@pytest.mark.parametrize(
    ("kept", "completed"), [(3, (200, "sleep")), (2, (200, "late")), (5, (200, "sleep")), (6, (215, "sleep"))]
)
def test_a_rank_that_has_not_come_back_yet_does_not_hold_the_step(kept: int, completed: tuple[int, str]) -> None:
    """Its last record is its work in a phase that others saw ended, or a copy made for it."""
    alone = [(time, "ended" if what == "wait" else what, layer) for time, what, layer in FIRST]
    (step,) = whole_steps(rings_of(alone, [(t, "sleep" if w == "ended" else w, n) for t, w, n in SECOND[:kept]]))
    assert len(step.phases) == 2 and step.end == 200
    assert (step.ranks[1][-1].time, step.ranks[1][-1].what) == completed


def test_without_a_ring_or_a_record_there_is_no_step() -> None:
    assert numbers() == numbers([], []) == numbers([(5, "start", 1)]) == []
    assert numbers([(5, "qkv", 1), (6, "ended", 1)]) == [], "the beginning is gone"


def steps_in_a_row(count: int) -> tuple[list[Given], list[Given]]:
    """The ring of each rank over steps 10, 11, ...; the second rank has no part in every third."""
    first = [record for i in range(count) for record in moved(FIRST, 100 * i, 10 + i)]
    second = [record for i in range(count) for record in moved(SECOND, 100 * i, 10 + i)]
    return first, second


@pytest.mark.parametrize("kept", range(1, 25))
def test_a_ring_that_overflowed_is_cut_at_its_first_whole_step(kept: int) -> None:
    first, second = steps_in_a_row(5)
    whole = kept // 6  # each step has six records
    assert numbers(first[-kept:], second, full=kept) == list(range(15 - whole, 15))
    assert numbers(first, second[-kept:], full=kept) == list(range(15 - whole, 15))
    assert numbers(first[-kept:], second[-kept:], full=kept) == list(range(15 - whole, 15))


def test_a_ring_that_did_not_overflow_may_begin_late() -> None:
    """Its rank slept through the first steps: they are whole without it."""
    first, second = steps_in_a_row(3)
    alone = [(time, "ended" if what in ("wait", "sleep") else what, layer) for time, what, layer in first]
    assert numbers(alone, [], full=99) == [10, 11, 12]
    assert numbers([*alone[:6], *first[6:]], second[6:], full=99) == [10, 11, 12]
    assert numbers([*alone[:6], *first[6:]], second[6:], full=12) == [11, 12], "it may have lost older ones"
