"""Which settings run, in which order; how runs are judged; nothing of it needs a process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from experiments.fake_arm import FakeArm
from experiments.fake_comparison import prompts_of

from llmproc.errors import LlmprocError, UsageError
from llmproc.experiments.compare_modes.arm import ArmRow, ArmRun, Prompt, judge_run
from llmproc.experiments.compare_modes.plan import BASELINE, ModeSetting, order, settings, warm_up_prompts
from llmproc.experiments.compare_modes.runner import run_all


def test_the_baseline_is_always_there_and_never_twice() -> None:
    assert settings(["ws"], [2]) == (BASELINE, ModeSetting("ws", 2))
    assert settings(["seq", "sp", "ws", "sp"], [4, 2, 4]) == (
        BASELINE, ModeSetting("sp", 2), ModeSetting("ws", 2), ModeSetting("sp", 4), ModeSetting("ws", 4),
    )  # fmt: skip
    assert settings(["seq"], [1, 2]) == (BASELINE,) == (ModeSetting("seq", 1),)
    assert [str(setting) for setting in settings(["ws"], [2])] == ["seq with 1 worker", "ws with 2 workers"]


def test_settings_are_checked() -> None:
    with pytest.raises(UsageError, match="mode is fast: must be one of seq, sp, ws, lpt"):
        settings(["fast"], [2])
    with pytest.raises(UsageError, match="workers is 0: must be at least 1"):
        settings(["ws"], [0])


def test_everybody_is_first_once_and_the_slow_minute_falls_on_all() -> None:
    found = settings(["sp", "ws"], [2])
    runs = list(order(found, 3))
    assert [setting for n, setting in runs if n < 0] == list(found)
    rounds = [[str(setting.mode) for n, setting in runs if n == repetition] for repetition in range(3)]
    assert rounds == [["seq", "sp", "ws"], ["sp", "ws", "seq"], ["ws", "seq", "sp"]]
    assert [n for n, _ in runs] == sorted(n for n, _ in runs), "repetitions are outside"


def test_the_cheapest_prompts_warm_up() -> None:
    prompts = prompts_of("alternating")
    assert [prompt.cost for prompt in warm_up_prompts(prompts, 2)] == [1, 2, 3, 4]
    assert warm_up_prompts(prompts[:3], 4) == [prompts[1], prompts[0], prompts[2]]
    plain = [Prompt("a"), Prompt("b"), Prompt("c")]
    assert warm_up_prompts(plain, 1) == plain[:2]


def test_the_runner_does_what_is_planned() -> None:
    arm, said = FakeArm(), []
    found = settings(["sp", "ws"], [2])
    samples = run_all(arm, found, prompts_of("alternating"), 2, lambda *event: said.append(event))
    assert arm.diary[:3] == [("seq", 1, 2), ("sp", 2, 4), ("ws", 2, 4)], "the warm-up, with few prompts"
    assert arm.diary[3:] == [
        (m, w, 30) for m, w in (("seq", 1), ("sp", 2), ("ws", 2), ("sp", 2), ("ws", 2), ("seq", 1))
    ]
    assert Counter(sample.setting for sample in samples) == dict.fromkeys(found, 2)
    assert [(s.place, s.repetition) for s in samples] == [(3, 0), (4, 0), (5, 0), (6, 1), (7, 1), (8, 1)]
    assert [done for done, _, _ in said] == list(range(10)) and {total for _, total, _ in said} == {9}
    assert said[1][2] == "sp with 2 workers"


PROMPTS = [Prompt("a"), Prompt("b")]
GOOD = ArmRun(3.0, (ArmRow(1, 0, 0.5, 1.0, 1.0, 2.0), ArmRow(0, 1, 0.0, 1.0, 0.0, 1.0)))


def test_a_run_in_any_order_is_fine() -> None:
    judge_run(GOOD, "ws", 2, PROMPTS)
    assert [row.request for row in GOOD.in_order()] == [0, 1] and GOOD.failed == 0
    assert replace(GOOD, rows=(replace(GOOD.rows[0], error="no memory"),)).failed == 1


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        (GOOD.rows[:1], r"mode ws with 2 workers: no row for \[0\]: every request must end once"),
        ((*GOOD.rows, GOOD.rows[0]), r"too many for \[1\]"),
        ((GOOD.rows[0], replace(GOOD.rows[1], request=7)), r"no row for \[0\], too many for \[7\]"),
        ((GOOD.rows[0], replace(GOOD.rows[1], worker=2)), "request 0 ran on worker 2"),
        ((GOOD.rows[0], replace(GOOD.rows[1], worker=-1)), "request 0 ran on worker -1"),
        ((GOOD.rows[0], replace(GOOD.rows[1], ended_s=3.1)), "request 0 ran from 0.000000 to 3.100000 s"),
        ((GOOD.rows[0], replace(GOOD.rows[1], started_s=-0.1)), "request 0 ran from -0.100000"),
        ((GOOD.rows[0], replace(GOOD.rows[1], started_s=1.5)), "request 0 ran from 1.500000 to 1.000000"),
        ((GOOD.rows[0], replace(GOOD.rows[1], service_s=-1.0)), "-1.000000 s of service"),
    ],
)
def test_a_run_that_breaks_a_promise(rows: tuple[ArmRow, ...], line: str) -> None:
    with pytest.raises(LlmprocError, match=line):
        judge_run(replace(GOOD, rows=rows), "ws", 2, PROMPTS)


def test_the_runner_judges_every_run() -> None:
    class Forgetful(FakeArm):
        def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
            run = super().run(mode, workers, prompts)
            return replace(run, rows=run.rows[1:]) if mode == "ws" else run

    with pytest.raises(LlmprocError, match="mode ws with 2 workers: no row for"):
        run_all(Forgetful(), settings(["ws"], [2]), prompts_of("system-b"), 1, lambda *event: None)
