"""What the engine's arm asks of a ForwardPass: the chunks of a prefill, the steps of a decode."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from experiments.bench_arms import FakeForward

import llmproc.engine
from llmproc.config import EngineOptions
from llmproc.engine.rank_policy import RankDecision
from llmproc.errors import UsageError
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.arms.own import OwnArm, open_arm
from llmproc.experiments.bench.work import Work


def test_a_prefill_is_chunks_with_logits_after_the_last_id() -> None:
    forward = FakeForward()
    assert OwnArm(forward, 16).run(Work("pp40", "prefill", 40)) == 40
    assert [(len(step[0][0]), *step[0][1:]) for step in forward.steps] == [
        (16, 0, [0, 1, 2], False), (16, 16, [0, 1, 2], False), (8, 32, [0, 1, 2], True),
    ]  # fmt: skip
    assert all(len(step) == 1 for step in forward.steps)
    first = [ids for step in forward.steps for ids in step[0][0]]
    again = FakeForward()
    OwnArm(again, 64).run(Work("pp40", "prefill", 40))
    assert again.steps[0][0][0] == first and len(set(first)) > 10, "the same random ids whatever the chunks"


def test_a_decode_feeds_every_sequence_its_own_greedy_choice() -> None:
    forward = FakeForward()
    assert OwnArm(forward, 16).run(Work("tg20 b3", "decode", 1, 3, 20)) == 60
    assert len(forward.steps) == 20
    for position, step in enumerate(forward.steps):
        assert [(at, pages, wanted) for _, at, pages, wanted in step] == [
            (position, [2 * s, 2 * s + 1], True) for s in range(3)
        ]
    for before, after in zip(forward.steps, forward.steps[1:], strict=False):
        assert [ids for ids, *_ in after] == [[(ids[0] + 1) % 40] for ids, *_ in before]


def test_work_that_does_not_fit_is_refused_before_it_is_timed() -> None:
    arm = OwnArm(FakeForward(context=64, pages=8), 16)
    arm.prepare(Work("tg32 b4", "decode", 1, 4, 32), "")
    with pytest.raises(UsageError, match=r"tg32 b5 needs 10 pages and 32 positions: the engine has 8 pages"):
        arm.prepare(Work("tg32 b5", "decode", 1, 5, 32), "")
    with pytest.raises(UsageError, match=r"pp65 needs 5 pages and 65 positions: .* a context of 64"):
        arm.prepare(Work("pp65", "prefill", 65), "")


class Adapter:
    """Decides at its second look, and at its fourth."""

    ranks = 2

    def __init__(self) -> None:
        self.looks, self.closed = 0, False

    def look(self) -> RankDecision | None:
        self.looks += 1
        return {2: RankDecision(1, "busy", 1.2), 4: RankDecision(2, "trial", 2.0)}.get(self.looks)

    def close(self) -> None:
        self.closed = True


def test_threads_follow_the_cpus_as_in_a_worker_and_a_change_is_told() -> None:
    adapter = Adapter()
    arm = OwnArm(FakeForward(), 16, adapter)  # type: ignore[arg-type] # a stand-in
    arm.run(Work("pp16", "prefill", 16))
    assert adapter.looks == 1 and "threads" not in arm.about()
    arm.run(Work("tg4", "decode", 1, 1, 4))
    assert adapter.looks == 5
    assert arm.about()["threads"] == "1 to 2 took part, 2 changes; other programs held CPUs"
    arm.close()
    assert adapter.closed


def test_matrix_products_alone() -> None:
    calls: list[tuple[int, int]] = []

    class WithMatmuls(FakeForward):
        def matmuls(self, tokens: int, outputs: int) -> None:
            calls.append((tokens, outputs))

    forward = WithMatmuls()
    arm = OwnArm(forward, 16)
    arm.prepare(Work("mm512", "matmuls", 512), "")
    assert arm.run(Work("mm512", "matmuls", 512)) == 512
    assert arm.run(Work("mm1 b4", "matmuls", 1, 4, 2)) == 8
    assert calls == [(512, 1), (4, 4), (4, 4)] and forward.steps == []
    with pytest.raises(UsageError, match="--kernels: this engine cannot run its matrix products alone"):
        OwnArm(FakeForward(), 16).prepare(Work("mm512", "matmuls", 512), "")
    with pytest.raises(UsageError, match="llmproc cannot run read"):
        arm.run(Work("read", "read", 1))
    arm.close()
    assert forward.closed


def test_the_engine_is_opened_as_a_worker_would_open_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[Path, EngineOptions]] = []
    loading = types.ModuleType("llmproc.engine.loading")
    loading.open_forward = lambda *given: opened.append(given) or FakeForward()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "llmproc.engine.loading", loading)
    monkeypatch.setattr(llmproc.engine, "loading", loading, raising=False)
    options = ArmOptions("m.bin", "q4", threads=3, kv_type="f32", sequences=9, context=77, batch_tokens=33)
    arm = open_arm(options)
    assert opened == [
        (Path("m.bin"), EngineOptions(3, sequences=9, weights="q4", kv_type="f32", context=77, batch_tokens=33))
    ]
    assert arm.about()["batch_tokens"] == 33 and arm.settings(Work("pp8", "prefill", 8)) == [""]
