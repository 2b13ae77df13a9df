"""What is made of samples: every figure of known runs by hand, ideals for the costs measured, reasons in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from experiments.fake_arm import FakeArm
from experiments.fake_comparison import prompts_of, silent
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from llmproc.experiments.compare_modes import figures
from llmproc.experiments.compare_modes.arm import ArmRow, ArmRun, Prompt
from llmproc.experiments.compare_modes.figures import Figures, WorkerTime, costs_of, faster, figures_of, worker_time
from llmproc.experiments.compare_modes.plan import BASELINE, ModeSetting, settings
from llmproc.experiments.compare_modes.reasons import exceeds, reasons
from llmproc.experiments.compare_modes.runner import RunSample, run_all
from llmproc.experiments.intervals import ratio_of

SP, WS = ModeSetting("sp", 2), ModeSetting("ws", 2)


def run(spans: Sequence[tuple[int, float, float]], elapsed: float = 0.0, **more: object) -> ArmRun:
    """Requests 0, 1, ... as (worker, start, end)."""
    rows = tuple(ArmRow(n, w, start, end - start, start, end) for n, (w, start, end) in enumerate(spans))
    return ArmRun(elapsed or max(end for _, _, end in spans), rows, **more)  # type: ignore[arg-type]


def by_hand() -> list[RunSample]:
    """Costs 4 and 2 in one repetition, 8 and 4 in the other, when everything was half as fast."""
    found = []
    for n, slow in enumerate((1, 2)):
        base = run([(0, 0, 4 * slow), (0, 4 * slow, 6 * slow)])
        dealt = run([(0, 0, 5 * slow), (1, 0, 2 * slow)], steals=0, wait_s=1.0 * slow, pss_bytes=100 + n)
        found += [RunSample(BASELINE, n, 2 * n, base), RunSample(SP, n, 2 * n + 1, dealt)]
    return found


def test_figures_by_hand() -> None:
    found = figures_of(by_hand(), SP, 1)
    assert found.count == 2 and found.failed == 0
    assert found.elapsed is not None and (found.elapsed.minimum, found.elapsed.maximum) == (5, 10)
    assert found.speedup is not None and found.speedup.mean == pytest.approx(6 / 5), "the slow minute is in both"
    assert found.speedup.low == pytest.approx(6 / 5) == found.speedup.high
    assert costs_of(by_hand()) == [6, 3], "medians over repetitions"
    assert found.ideal_s == 6 and found.ideal_speedup == 1.5 and found.own_order == 1
    assert found.above_ideal is not None and found.above_ideal.mean == pytest.approx(5 / 4)
    runs = figures.usable(by_hand(), SP).values()
    own = [run.elapsed_s / figures.ideal_time(SP, figures.service_times(run), 1) for run in runs]
    assert found.above_own is not None and found.above_own.median == pytest.approx(sum(own) / 2)
    assert found.slowdown is not None and found.slowdown.mean == pytest.approx(7 / 6)
    assert found.imbalance is not None and found.imbalance.median == pytest.approx(5 / 3.5)
    assert found.wait_s is not None and found.wait_s.median == 1.5 and found.pss_bytes == 101
    assert found.worker_time is not None
    assert found.worker_time.idle == pytest.approx(0.3) and found.worker_time.waiting == pytest.approx(0.1)
    assert found.worker_time.computing == pytest.approx(0.6) and found.worker_time.slower == pytest.approx(0, abs=1e-12)


def test_the_baseline_against_itself() -> None:
    found = figures_of(by_hand(), BASELINE, 1)
    assert found.speedup is not None and found.speedup.mean == 1 and found.above_ideal is not None
    assert found.above_ideal.mean == 1 and found.ideal_speedup == 1 and found.wait_s is None and found.pss_bytes is None


def test_a_run_with_a_failed_request_counts_nowhere() -> None:
    samples = by_hand()
    broken = replace(samples[3].run, rows=(replace(samples[3].run.rows[0], error="lost"), samples[3].run.rows[1]))
    samples[3] = replace(samples[3], run=broken)
    found = figures_of(samples, SP, 1)
    assert (found.count, found.failed) == (1, 1)
    assert found.elapsed is not None and found.elapsed.median == 5
    assert found.speedup is not None and found.speedup.count == 1 and found.speedup.low is None


def test_without_a_usable_baseline_only_what_needs_none_is_told() -> None:
    samples = [sample for sample in by_hand() if sample.setting == SP]
    found = figures_of(samples, SP, 1)
    assert found.speedup is None and found.ideal_s is None and found.worker_time is None and found.own_order is None
    assert found.elapsed is not None and found.imbalance is not None and costs_of(samples) is None
    nothing = figures_of([], SP, 1)
    assert nothing.count == 0 and nothing.elapsed is None and nothing.imbalance is None


def test_pairs_are_made_within_a_repetition() -> None:
    samples = by_hand()
    samples += [RunSample(WS, 1, 9, run([(0, 0, 8), (1, 0, 4)]))]
    assert faster(samples, "ws", "sp", 2) == {1: 10 / 8}
    assert faster(samples, "ws", "lpt", 2) == {}
    found = figures_of(samples, WS, 1)
    assert found.speedup is not None and found.speedup.count == 1 and found.speedup.mean == pytest.approx(12 / 8)


def test_worker_time_with_waiting_and_slowing() -> None:
    base = run([(0, 0, 2), (0, 2, 4)])
    found = worker_time(run([(0, 0, 4), (1, 0, 4)], elapsed=5, wait_s=1.0), base, 2)
    assert found == WorkerTime(pytest.approx(0.4), pytest.approx(0.3), pytest.approx(0.1), pytest.approx(0.2))  # type: ignore[arg-type]
    untold = worker_time(run([(0, 0, 4), (1, 0, 4)], elapsed=5), base, 2)
    assert (untold.waiting, untold.slower) == (0, pytest.approx(0.4)), "what is not told is not invented"


TIMES = st.lists(st.tuples(st.integers(0, 2), st.floats(0, 9), st.floats(0, 9)), min_size=1, max_size=6)


@examples(max_examples=60, deadline=None)
@given(spans=TIMES, wait=st.one_of(st.none(), st.floats(0, 50)), longer=st.floats(0.2, 5))
def test_shares_of_worker_time_always_add_up(
    spans: list[tuple[int, float, float]], wait: float | None, longer: float
) -> None:
    known = run([(w, min(a, b), max(a, b)) for w, a, b in spans], elapsed=10, wait_s=wait)
    base = replace(known, rows=tuple(replace(row, service_s=row.service_s * longer) for row in known.rows))
    found = worker_time(known, base, 3)
    shares = [found.computing, found.slower, found.waiting, found.idle]
    assert sum(shares) == pytest.approx(1) and min(shares) >= -1e-9


def test_ideals_are_those_of_the_modes() -> None:
    costs = [2.0, 1.0, 16.0, 3.0, 17.0]
    for mode, seconds in (("seq", 39), ("sp", 35), ("ws", 22), ("lpt", 20)):
        assert figures.ideal_time(ModeSetting(mode, 1 if mode == "seq" else 2), costs, 1) == seconds, mode


def test_a_fake_world_of_known_laws_is_found_out() -> None:
    """2 CPUs, workers that share them, 1 ms of dispatch a request: what the figures say must be just that."""
    planned = settings(["sp", "ws", "lpt"], [2, 4])
    samples = run_all(FakeArm(unit=0.1, cpus=2, overhead=0.001), planned, prompts_of("alternating"), 3, silent)
    found = {setting: figures_of(samples, setting, 1) for setting in planned}
    for setting, one in found.items():
        assert one.slowdown is not None and one.above_ideal is not None and one.worker_time is not None
        assert one.slowdown.mean == pytest.approx(2 if setting.workers == 4 else 1)
        assert one.own_order is not None and one.ideal_s is not None and one.elapsed is not None
        expected = one.ideal_s * one.own_order * one.slowdown.mean + 0.03
        assert one.elapsed.median == pytest.approx(expected)
        assert (one.worker_time.waiting > 0.1) == (setting.workers == 4)
    dealt, stolen = found[SP], found[WS]
    assert dealt.speedup is not None and stolen.speedup is not None and stolen.steals is not None
    assert (round(dealt.speedup.mean, 2), round(stolen.speedup.mean, 2), stolen.steals.median) == (1.35, 1.93, 4)


def told(found: Figures, threads: int = 1, cpus: int = 2, waits_only: bool = False) -> str:
    return "; ".join(reasons(found, threads, cpus, waits_only))


def test_reasons() -> None:
    met = replace(figures_of(by_hand(), SP, 1), above_ideal=ratio_of([1.02]), slowdown=None, worker_time=None)
    assert told(met) == ""
    assert told(met, threads=2) == "2 x 2 threads on 2 CPUs" and told(met, cpus=1) == "2 workers on 1 CPU"
    assert told(met, cpus=1, waits_only=True) == "", "waits need no CPU"
    slower = replace(met, slowdown=ratio_of([1.5]), above_ideal=ratio_of([1.5]))
    assert told(slower) == "a request took 1.50 times its time alone", "which explains all of it"
    waited = replace(met, worker_time=WorkerTime(0.5, 0.1, 0.3, 0.1))
    assert told(waited) == "30% of the workers' time was waiting for a CPU"
    lost = replace(met, above_ideal=ratio_of([1.2]))
    assert told(lost) == "dispatch, chance and other programs: 20% more time"
    assert told(replace(lost, above_ideal=ratio_of([0.9]))) == "dispatch, chance and other programs: 10% less time"
    order = replace(met, setting=WS, own_order=1.05, above_ideal=ratio_of([1.06]))
    assert told(order) == "stealing's order of requests takes 5% more time than a shared queue's (simulated)"
    assert "6% less time than a shared" in told(replace(order, own_order=0.94, above_ideal=ratio_of([0.94])))


def test_when_workers_exceed_cpus() -> None:
    assert not exceeds(2, 1, 2) and exceeds(3, 1, 2) and exceeds(2, 2, 2) and not exceeds(2, 2, 4)


def test_costs_of_requests_are_in_their_order() -> None:
    mixed = ArmRun(9, (ArmRow(1, 0, 0, 2, 0, 2), ArmRow(0, 0, 2, 5, 2, 7)))
    assert figures.service_times(mixed) == [5, 2]
    assert costs_of([RunSample(BASELINE, 0, 0, mixed)]) == [5, 2]
    assert Prompt("x").cost is None
