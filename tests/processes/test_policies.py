"""Decisions under a fake clock: restarts, the stop escalation, verdicts, time in which main ran."""

from __future__ import annotations

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.processes.health import HealthBoard
from llmproc.processes.policies import (
    HealthSample,
    RestartPolicy,
    RunningClock,
    StopEscalation,
    StopStage,
    Verdict,
    Watchdog,
)

MS = 1_000_000

# -- the clock ------------------------------------------------------------------------------------------------------


def test_the_clock_starts_at_nought_and_runs() -> None:
    clock = RunningClock()
    assert clock.tick(1000.0) == 0.0
    assert clock.tick(1000.25) == pytest.approx(0.25)
    assert clock.tick(1000.5) == pytest.approx(0.5) == clock.now


def test_a_stopped_main_costs_nobody_time() -> None:
    """Ctrl-Z for an hour, then fg."""
    clock = RunningClock(longest_s=0.5)
    clock.tick(0.0)
    clock.tick(0.25)
    assert clock.tick(3600.0) == pytest.approx(0.75)
    assert clock.tick(3600.25) == pytest.approx(1.0)


def test_the_clock_never_goes_back() -> None:
    clock = RunningClock()
    clock.tick(10.0)
    clock.tick(10.25)
    assert clock.tick(5.0) == pytest.approx(0.25)
    assert clock.tick(5.25) == pytest.approx(0.5)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30))
def test_running_time_is_at_most_wall_time(gaps: list[float]) -> None:
    clock, wall = RunningClock(), 0.0
    clock.tick(wall)
    for gap in gaps:
        before = clock.now
        wall += gap
        assert before <= clock.tick(wall) <= before + 0.5
    assert clock.now <= wall + 1e-6


# -- restarts -------------------------------------------------------------------------------------------------------


def deaths(policy: RestartPolicy, slot: int, *fruitless: bool) -> list[float | None]:
    return [policy.worker_died(slot, one) for one in fruitless]


def test_fruitless_deaths_are_free_then_delayed_then_final() -> None:
    assert deaths(RestartPolicy(), 0, *[True] * 6) == [0.0, 0.0, 0.2, 0.4, 0.8, None]


def test_a_death_with_work_done_or_idle_never_counts_and_never_delays() -> None:
    assert deaths(RestartPolicy(), 0, *[False] * 50) == [0.0] * 50


def test_a_fruitful_life_resets_the_count() -> None:
    policy = RestartPolicy()
    assert deaths(policy, 0, *[True] * 5, False, *[True] * 3) == [0.0, 0.0, 0.2, 0.4, 0.8, 0.0, 0.0, 0.0, 0.2]


def test_a_finished_step_resets_the_count() -> None:
    policy = RestartPolicy()
    deaths(policy, 0, *[True] * 5)
    assert policy.count(0) == 5
    policy.progressed(0)
    assert policy.count(0) == 0
    assert policy.worker_died(0, True) == 0.0
    policy.progressed(1)  # of a slot that never died: nothing


def test_slots_are_counted_apart() -> None:
    policy = RestartPolicy()
    deaths(policy, 0, *[True] * 5)
    assert policy.worker_died(1, True) == 0.0
    assert policy.worker_died(0, True) is None
    assert policy.count(1) == 1


def test_the_budget_can_be_set() -> None:
    assert deaths(RestartPolicy(free=1, limit=3), 0, True, True, True) == [0.2, 0.4, None]


# -- the escalation --------------------------------------------------------------------------------------------------


def climb(escalation: StopEscalation, times: list[float]) -> list[StopStage | None]:
    return [escalation.next(now) for now in times]


def test_the_ladder_takes_each_rung_once_after_its_deadline() -> None:
    escalation = StopEscalation((0.6, 0.4, 0.3))
    assert climb(escalation, [10.0, 10.5, 10.61, 10.9, 11.02, 11.1, 11.33, 99.0]) == [
        StopStage.MESSAGE,
        None,
        StopStage.SIGTERM,
        None,
        StopStage.SIGABRT,
        None,
        StopStage.SIGKILL,
        None,
    ]


def test_a_late_look_takes_one_rung_only_and_the_next_has_its_whole_time() -> None:
    escalation = StopEscalation((0.6, 0.4, 0.3))
    assert climb(escalation, [0.0, 100.0, 100.3, 100.5]) == [
        StopStage.MESSAGE,
        StopStage.SIGTERM,
        None,
        StopStage.SIGABRT,
    ]


def test_a_ladder_can_begin_higher() -> None:
    escalation = StopEscalation((0.6, 0.4, 0.3), first=StopStage.SIGTERM)
    assert climb(escalation, [0.0, 0.1, 0.41, 0.5, 0.72]) == [
        StopStage.SIGTERM,
        None,
        StopStage.SIGABRT,
        None,
        StopStage.SIGKILL,
    ]


def test_all_rungs_are_taken_in_bounded_time() -> None:
    escalation, now, taken = StopEscalation(), 0.0, []
    while now < 3.0:
        if stage := escalation.next(now):
            taken.append(stage)
        now += 0.1
    assert taken == list(StopStage)


# -- verdicts -------------------------------------------------------------------------------------------------------


def seen(steps: int = 3, busy: bool = True, cpu_ms: int = 0, wait_ms: int = 0, state: str = "S") -> HealthSample:
    return HealthSample(steps, busy, cpu_ms * MS, wait_ms * MS, state)


def judge(first: HealthSample, later: HealthSample, after: float = 11.0) -> Verdict:
    judge = Watchdog(patience_s=10.0)
    assert judge.look(0, 0.0, first) is Verdict.FINE
    return judge.look(0, after, later)


@pytest.mark.parametrize(
    ("later", "verdict"),
    [
        (seen(steps=4), Verdict.FINE),
        (seen(steps=4, cpu_ms=9000), Verdict.FINE),
        (seen(busy=False), Verdict.FINE),
        (seen(cpu_ms=9000), Verdict.LONG_STEP),
        (seen(cpu_ms=9000, wait_ms=9000, state="R"), Verdict.LONG_STEP),
        (seen(wait_ms=9000), Verdict.STARVED),
        (seen(state="R"), Verdict.STARVED),
        (seen(), Verdict.STUCK),
        (seen(state="T"), Verdict.STUCK),
        (seen(state="D"), Verdict.STUCK),
        (seen(cpu_ms=5, wait_ms=5), Verdict.STUCK),  # noise
    ],
)
def test_the_four_verdicts(later: HealthSample, verdict: Verdict) -> None:
    assert judge(seen(), later) is verdict


def test_nobody_is_judged_before_the_patience_is_over() -> None:
    assert judge(seen(), seen(), after=9.9) is Verdict.FINE


def test_idle_is_exempt_and_work_begun_has_its_whole_time() -> None:
    judge = Watchdog(10.0)
    for now in (0.0, 20.0, 40.0):
        assert judge.look(0, now, seen(busy=False)) is Verdict.FINE
    assert judge.look(0, 60.0, seen()) is Verdict.FINE  # was idle until now
    assert judge.look(0, 69.0, seen()) is Verdict.FINE
    assert judge.look(0, 71.0, seen()) is Verdict.STUCK


def test_after_a_verdict_a_new_window_begins() -> None:
    judge = Watchdog(10.0)
    judge.look(0, 0.0, seen())
    assert judge.look(0, 11.0, seen(cpu_ms=9000)) is Verdict.LONG_STEP
    assert judge.look(0, 12.0, seen(cpu_ms=9000)) is Verdict.FINE
    assert judge.look(0, 22.0, seen(cpu_ms=9000)) is Verdict.STUCK


def test_only_what_changed_in_the_window_counts() -> None:
    assert judge(seen(cpu_ms=50_000, wait_ms=50_000), seen(cpu_ms=50_001, wait_ms=50_001)) is Verdict.STUCK


def test_a_new_worker_is_not_judged_by_the_old_ones_window() -> None:
    judge = Watchdog(10.0)
    judge.look(0, 0.0, seen(steps=0))
    judge.forget(0)
    assert judge.look(0, 11.0, seen(steps=0)) is Verdict.FINE
    judge.forget(5)


def test_slots_are_judged_apart() -> None:
    judge = Watchdog(10.0)
    judge.look(0, 0.0, seen())
    judge.look(1, 5.0, seen())
    assert judge.look(0, 11.0, seen()) is Verdict.STUCK
    assert judge.look(1, 11.0, seen()) is Verdict.FINE


def test_deadlines_count_only_time_in_which_main_ran() -> None:
    """The whole group stopped for an hour while a worker was in mid-step."""
    clock, judge = RunningClock(), Watchdog(10.0)
    clock.tick(0.0)
    judge.look(0, clock.now, seen())
    clock.tick(3600.0)
    assert judge.look(0, clock.now, seen()) is Verdict.FINE


# -- the board ------------------------------------------------------------------------------------------------------


def test_cells_are_shared_through_the_descriptor_and_apart_from_each_other() -> None:
    board = HealthBoard.create(3)
    there = HealthBoard.attach(os.dup(board.fd))
    mine, other = there.cell(1), board.cell(2)
    mine.set_busy(True)
    mine.step()
    mine.step()
    assert (board.cell(1).steps, board.cell(1).busy) == (2, True)
    assert (other.steps, other.busy, board.cell(0).steps) == (0, False, 0)
    board.cell(1).reset()
    assert (mine.steps, mine.busy) == (0, False)
    board.close()


def test_what_a_program_shows_is_read_by_main_until_the_board_is_closed() -> None:
    board = HealthBoard.create(2)
    there = HealthBoard.attach(os.dup(board.fd))
    mine, seen = there.cell(1), board.cell(1)
    assert seen.read() == (0, [0, 0, 0, 0, 0])
    mine.show(30, 40, 50, first=2)
    mine.show(10, 20)
    mine.step()
    mine.set_resting(True)
    assert seen.read() == (1, [10, 20, 30, 40, 50]) and (seen.busy, seen.resting) == (False, True)
    assert board.cell(0).read() == (0, [0, 0, 0, 0, 0])
    seen.reset()
    assert seen.read() == (0, [0, 0, 0, 0, 0]) and not mine.resting
    board.close()
    assert tuple(seen.read()[1]) == (0, 0, 0, 0, 0), "another thread may ask while the service ends"
