"""cpu%: the worked example, short windows, ended tasks, caps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.monitor.proc import SchedStat, Stat
from llmproc.monitor.usage import ProcSample, cpu_percent, rates, run_ns_between


def sample(t: float, user: int, system: int, tasks: dict[int, int] | None, threads: int | None = None) -> ProcSample:
    count = threads if threads is not None else len(tasks or {1: 0})
    stat = Stat(1, "(x)", "R", 0, 0, 0, user, system, 0, count, 5, 0, 0, 0, 0)
    return ProcSample(t, stat, None if tasks is None else {tid: SchedStat(ns, 0, 1) for tid, ns in tasks.items()})


def test_worked_example_of_the_contract() -> None:
    percent = cpu_percent(sample(10.0, 430, 12, {1: 0}), sample(10.3, 457, 13, {1: 0}), cpus=8)
    assert f"{percent:.2f}" == "93.33"


def test_the_real_elapsed_time_counts() -> None:
    percent = cpu_percent(sample(0.0, 0, 0, {1: 0}), sample(0.6, 28, 2, {1: 0}), cpus=8)
    assert percent == pytest.approx(50.0)


def test_four_threads_are_400_percent() -> None:
    tasks = {1: 0, 2: 0, 3: 0, 4: 0}
    assert cpu_percent(sample(0.0, 0, 0, tasks), sample(0.3, 120, 0, tasks), cpus=8) == pytest.approx(400)


def test_a_short_window_takes_nanoseconds() -> None:
    before, after = sample(0.0, 5, 0, {1: 50_000_000, 2: 7}), sample(0.001, 6, 0, {1: 50_400_000, 2: 100_007})
    assert cpu_percent(before, after, cpus=8) == pytest.approx(50.0)


def test_just_under_and_just_over_ten_ticks() -> None:
    before = sample(0.0, 0, 0, {1: 0})
    assert cpu_percent(before, sample(0.0999, 9, 0, {1: 49_950_000}), cpus=8) == pytest.approx(50.0)
    assert cpu_percent(before, sample(0.125, 10, 0, {1: 1}), cpus=8) == pytest.approx(80.0)


def test_a_task_that_ended_does_not_make_it_negative() -> None:
    before, after = sample(0.0, 10, 0, {1: 10, 2: 900_000_000}), sample(0.05, 10, 0, {1: 10})
    assert cpu_percent(before, after, cpus=8) == 0.0
    after = sample(0.05, 13, 0, {1: 10})  # the ticks keep what the ended task used
    assert cpu_percent(before, after, cpus=8) == pytest.approx(60.0)


def test_a_new_task_counts_whole_and_a_reused_tid_too() -> None:
    before = {1: SchedStat(100, 0, 0), 2: SchedStat(5000, 0, 0)}
    after = {1: SchedStat(150, 0, 0), 2: SchedStat(30, 0, 0), 3: SchedStat(7, 0, 0)}
    assert run_ns_between(before, after) == 50 + 30 + 7


def test_caps() -> None:
    before = sample(0.0, 0, 0, {1: 0})
    assert cpu_percent(before, sample(0.001, 0, 0, {1: 5_000_000}), cpus=8) == 100.0
    assert cpu_percent(before, sample(0.3, 500, 0, {1: 0}), cpus=8) == pytest.approx(100 * 32 / 30)
    assert cpu_percent(before, sample(0.3, 31, 0, {1: 0}), cpus=8) == pytest.approx(100 * 31 / 30)  # not clipped
    many = dict.fromkeys(range(50), 0)
    assert cpu_percent(sample(0.0, 0, 0, many), sample(1.0, 900, 0, many), cpus=2) == pytest.approx(202)


def test_without_schedstat_the_ticks_serve() -> None:
    assert cpu_percent(sample(0.0, 0, 0, None), sample(0.05, 2, 0, None), cpus=8) == pytest.approx(40)


@pytest.mark.parametrize("elapsed", [0.0, -1.0])
def test_no_time_no_percent(elapsed: float) -> None:
    assert cpu_percent(sample(5.0, 0, 0, {1: 0}), sample(5.0 + elapsed, 9, 9, {1: 9}), cpus=8) == 0.0


_TASKS = st.dictionaries(st.integers(1, 5), st.integers(0, 10**12), max_size=5)


@given(_TASKS, _TASKS, st.floats(0, 3), st.integers(0, 10**5), st.integers(0, 10**5))
@settings(max_examples=150, deadline=None)
def test_always_between_nothing_and_the_machine(
    then: dict[int, int], now: dict[int, int], elapsed: float, user: int, later: int
) -> None:
    percent = cpu_percent(sample(1.0, user, 0, then), sample(1.0 + elapsed, later, 0, now), cpus=4)
    resolution = 100 * 2 / 10
    assert 0.0 <= percent <= 400.0 + resolution


# -- rates: what top and record tell of a window ----------------------------------------------------------------------


def busy(t: float, user: int, system: int, run_ns: int, wait_ns: int, switches: dict[int, tuple[int, int]] | None):
    stat = Stat(1, "(x)", "R", 0, 0, 0, user, system, 0, 1, 5, 0, 0, 0, 0)
    return ProcSample(t, stat, {1: SchedStat(run_ns, wait_ns, 1)}, switches)


def test_rates_take_nanoseconds_and_split_them_by_ticks() -> None:
    before = busy(10.0, 100, 100, 2_000_000_000, 7, {1: (5, 5)})
    after = busy(12.0, 175, 125, 3_000_000_000, 500_000_007, {1: (25, 15)})
    found = rates(before, after, cpus=8)
    assert (found.elapsed_s, found.user_percent, found.system_percent) == (2.0, 37.5, 12.5)
    assert found.cpu_percent == 50.0
    assert found.wait_percent == pytest.approx(25.0)
    assert found.switches_per_s == 15.0


def test_rates_under_a_tick_are_users() -> None:
    found = rates(busy(0.0, 1, 1, 0, 0, None), busy(1.0, 1, 1, 4_000_000, 0, {1: (1, 1)}), cpus=8)
    assert (found.user_percent, found.system_percent, found.switches_per_s) == (pytest.approx(0.4), 0.0, None)


def test_rates_without_schedstat_or_without_time() -> None:
    found = rates(sample(0.0, 0, 0, None), sample(0.5, 20, 5, None), cpus=8)
    assert (found.user_percent, found.system_percent, found.wait_percent) == (40.0, pytest.approx(10.0), None)
    same = sample(1.0, 5, 5, {1: 5})
    assert rates(same, same, cpus=8).cpu_percent == 0.0


def test_rates_when_tasks_come_and_go() -> None:
    stat = Stat(1, "(x)", "R", 0, 0, 0, 0, 0, 0, 2, 5, 0, 0, 0, 0)
    before = ProcSample(0.0, stat, {1: SchedStat(0, 0, 1), 2: SchedStat(9, 10**9, 1)}, {1: (1, 0), 2: (900, 0)})
    after = ProcSample(1.0, stat, {1: SchedStat(0, 10**8, 1), 3: SchedStat(0, 10**8, 1)}, {1: (3, 0), 3: (4, 1)})
    found = rates(before, after, cpus=8)
    assert found.wait_percent == pytest.approx(20.0), "task 2 has taken its second along"
    assert found.switches_per_s == 7.0
