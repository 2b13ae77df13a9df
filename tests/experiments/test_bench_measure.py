"""The arithmetic of a comparison, and the runner that follows it, on a clock that only arms move."""

from __future__ import annotations

import pytest
from experiments.bench_arms import timed
from support.clocks import FakeClock

from llmproc.experiments.bench.runner import SETTLE_S, TRIAL_STEPS, TRIALS, BenchRunner, best_setting, idle_cpu_share
from llmproc.experiments.bench.timed import TimedArm, Timing
from llmproc.experiments.bench.work import Work, limit_work, planned_work
from llmproc.experiments.samples import paired_ratios
from llmproc.experiments.turns import WARM_UP, in_turn

PREFILL, DECODE = Work("pp8", "prefill", 8), Work("tg32", "decode", 1, 1, 32)


def silent(done: int, total: int, what: str) -> None:
    pass


def test_arms_stand_side_by_side_and_take_turns_at_being_first() -> None:
    order = list(in_turn([("w", "ab"), ("v", "ab"), ("x", "a")], 2))
    assert [f"{w}{arm}" for repetition, w, arm in order if repetition < 0] == ["wb", "wa", "vb", "va", "xa"]
    assert [f"{w}{arm}" for repetition, w, arm in order if repetition == 0] == ["wa", "wb", "va", "vb", "xa"]
    assert [f"{w}{arm}" for repetition, w, arm in order if repetition == 1] == ["wb", "wa", "vb", "va", "xa"]
    assert len({repetition for repetition, _, _ in order}) == 2 + WARM_UP


def test_the_quickest_run_decides_about_a_setting() -> None:
    assert best_setting({"a": [3.0, 2.0], "b": [9.0, 1.0], "c": [1.0, 1.0]}) == "b"


def test_works_have_llama_benchs_names() -> None:
    works = planned_work((512,), (128,), (1, 4), 32, kernels=True)
    assert [work.name for work in works] == ["pp512", "tg128", "tg32 b1", "tg32 b4", "mm512", "mm1 b1", "mm1 b4"]
    assert [work.amount for work in works] == [512, 128, 32, 128, 512, 32, 128]
    assert [work.outputs for work in works] == [1, 128, 32, 128, 1, 32, 128]
    assert [work.positions for work in works[:4]] == [512, 128, 32, 32]
    assert [work.batched for work in works] == [False, False, True, True, False, False, False]
    assert planned_work((), (), (), 32, kernels=False) == []
    assert [work.name for work in planned_work((), (), (), 8, kernels=True)] == ["mm1 b1"]
    assert all(Work(**work.as_dict()) == work for work in works)


@pytest.mark.parametrize("wrong", [("x", "prefill", 0), ("x", "decode", 1, 0), ("x", "sleep", 1)])
def test_no_work_that_cannot_be_done(wrong: tuple[str, str, int]) -> None:
    with pytest.raises(ValueError, match="no such work"):
        Work(*wrong)  # type: ignore[arg-type]


def test_limits_are_measured_by_threads() -> None:
    assert [(work.kind, work.sequences) for work in limit_work(2)] == [
        ("read", 1), ("read", 2), ("integer", 1), ("integer", 2), ("float", 1), ("float", 2),
    ]  # fmt: skip
    assert [work.sequences for work in limit_work(40) if work.kind == "read"] == [*range(1, 9), 16, 32, 40]
    assert len({work.name for work in limit_work(40)}) == len(limit_work(40))


def test_preparation_is_never_timed() -> None:
    clock = FakeClock()
    assert timed("a", clock, 0.25).run(PREFILL, "") == Timing(2.0, 8)
    assert Timing(2.0, 8).rate == 4 and Timing(0.0, 8).rate == 0


def test_the_runner_leaves_warm_up_out_and_numbers_what_it_counts() -> None:
    clock = FakeClock()
    own, peer = timed("own", clock, 0.001), timed("peer", clock, 0.002)
    found = BenchRunner(silent, settle=lambda seconds: None).run([(PREFILL, [own, peer]), (DECODE, [own, peer])], 3)
    assert len(found.samples) == 2 * 2 * 3
    assert [sample.place for sample in found.samples] == list(range(4, 16)), "the first four were the warm-up"
    assert found.rates("own", "pp8") == pytest.approx({0: 1000, 1: 1000, 2: 1000})
    ratios = paired_ratios(found.rates("own", "tg32"), found.rates("peer", "tg32"))
    assert ratios == pytest.approx({0: 2, 1: 2, 2: 2})
    assert [s.arm for s in found.samples if s.work is PREFILL] == ["own", "peer", "peer", "own", "own", "peer"]


def test_the_runner_keeps_the_quickest_setting_of_each_work() -> None:
    clock = FakeClock()
    peer = timed("peer", clock, 0.002, {"flash=0": 1.0, "flash=1": 0.5})
    found = BenchRunner(silent, settle=lambda seconds: None).run([(PREFILL, [peer]), (DECODE, [peer])], 2)
    assert found.chosen == {("peer", "pp8"): "flash=1", ("peer", "tg32"): "flash=1"}
    assert found.rates("peer", "pp8") == pytest.approx({0: 1000, 1: 1000})
    trials = found.trials["peer", "tg32"]
    expected = {"flash=0": 0.002 * TRIAL_STEPS, "flash=1": 0.001 * TRIAL_STEPS}
    assert trials == {setting: pytest.approx([seconds] * TRIALS) for setting, seconds in expected.items()}
    assert peer._arm.diary.count("tg32 flash=0") == TRIALS + 1, "once it is dropped a setting is never run again"


def test_progress_rises_to_its_end_and_every_run_settles() -> None:
    clock, said, settled = FakeClock(), [], []
    arms = [timed("own", clock, 1e-3), timed("peer", clock, 1e-3, {"a": 1.0, "b": 2.0})]
    BenchRunner(lambda *event: said.append(event), settle=settled.append).run([(PREFILL, arms)], 2)
    runs = 2 * (TRIALS + 1) + 2 * 3
    assert [done for done, _, _ in said] == list(range(runs + 1)) and {total for _, total, _ in said} == {runs}
    assert settled == [SETTLE_S] * runs


def test_cpu_of_arms_that_should_sleep_is_noticed() -> None:
    clock = FakeClock()

    class Spinning(TimedArm):
        def cpu_seconds(self) -> float:
            return clock.now * 0.5  # half a core, always

    spinner = Spinning(timed("spinner", clock, 1.0)._arm, clock)
    found = BenchRunner(silent, settle=lambda seconds: None).run([(PREFILL, [timed("own", clock, 1.0), spinner])], 2)
    shares = idle_cpu_share(found.samples)
    assert shares["spinner"] == 0 and shares["own"] >= 0.5  # with what it used while own was prepared
