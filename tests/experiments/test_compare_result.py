"""The JSON document of a comparison: its schema, its marks, and what it warns of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from experiments.fake_arm import FakeArm
from experiments.fake_comparison import compare, row_of

from llmproc.experiments.compare_modes import result
from llmproc.experiments.compare_modes.arm import ArmRun, Prompt


def test_the_document_has_what_its_schema_says() -> None:
    found = compare()
    described = str(result.__doc__)
    for name in found:
        assert name in described, name
    assert (found["schema"], found["kind"], found["simulated"], found["seed"]) == (1, "compare-modes", False, 42)
    for block in ("results", "faster", "curves", "runs"):
        assert found[block]
        for key in found[block][0]:
            assert key in described, key
    for key in found["runs"][0]["rows"][0]:
        assert key in described, key
    for key in found["method"]:
        assert key in described, key
    assert set(found["results"][1]["speedup"]) == {"count", "mean", "low", "high", "median", "minimum", "maximum"}
    assert set(found["results"][1]["elapsed_s"]) == {"count", "median", "minimum", "maximum", "iqr", "mad"}
    assert set(found["results"][1]["worker_time"]) == {"computing", "slower", "waiting", "idle"}


def test_every_run_is_in_it_with_every_row() -> None:
    found = compare(repeat=2)
    assert len(found["runs"]) == 2 * 5 and [run["place"] for run in found["runs"]] == list(range(5, 15))
    for run in found["runs"]:
        assert [row["request"] for row in run["rows"]] == list(range(30))
    assert [prompt["cost"] for prompt in found["workload"]["prompts"]][:3] == [30, 29, 10]
    assert found["workload"]["prompts"][1]["tokens"] == 29 * 16
    assert [(row["mode"], row["workers"]) for row in found["results"]] == [
        ("seq", 1), ("sp", 1), ("ws", 1), ("sp", 2), ("ws", 2),
    ]  # fmt: skip


def test_the_published_speedups_come_out_of_a_perfect_world() -> None:
    found = compare(FakeArm(cpus=None), modes=("sp", "ws", "lpt"), workers=(2, 4, 6, 8, 12), repeat=2)
    for workers, static, longest in ((2, 2.00, 2.00), (4, 2.36, 3.97), (6, 5.41, 5.81), (8, 4.65, 7.88)):
        assert round(row_of(found, "sp", workers)["speedup"]["mean"], 2) == static
        assert round(row_of(found, "lpt", workers)["speedup"]["mean"], 2) == longest
    curves = {curve["ideal"]: {p["workers"]: p["speedup"] for p in curve["points"]} for curve in found["curves"]}
    assert sorted(curves["queue"]) == list(range(1, 13)), "also between the numbers measured"
    assert [round(curves["queue"][w], 2) for w in (2, 4, 6, 8, 12)] == [1.95, 3.60, 5.05, 6.28, 8.30]
    assert all(curve["simulated"] for curve in found["curves"])
    assert row_of(found, "ws", 4)["above_ideal"]["mean"] < 1, "stealing's order happens to be the better one here"


def test_modes_against_each_other() -> None:
    found = compare(name="alternating", modes=("sp", "ws", "lpt"), workers=(2,))
    pairs = {(row["mode"], row["than"]): row for row in found["faster"]}
    assert list(pairs) == [("ws", "sp"), ("lpt", "sp"), ("lpt", "ws")]
    assert pairs["ws", "sp"]["ratio"]["low"] >= 1.3 and set(pairs["ws", "sp"]["samples"]) == {"0", "1", "2"}


def test_waits_are_marked_on_every_row() -> None:
    found = compare(FakeArm(cpus=None, digests=False), work="wait", workers=(2, 4))
    assert found["simulated"] is True and found["same_answers"] is None
    for block in ("results", "faster", "curves", "runs"):
        assert found[block] and all(row["simulated"] is True for row in found[block]), block
    assert found["warnings"] == ["from 4 workers on there are more threads than CPUs (2), which waits do not need"]
    real = compare()
    assert not any(row["simulated"] for block in ("results", "faster", "runs") for row in real[block])


def test_more_workers_than_cpus_are_said() -> None:
    found = compare(workers=(2, 4))
    assert not row_of(found, "ws", 2)["exceeds_cpus"] and row_of(found, "ws", 4)["exceeds_cpus"]
    assert found["warnings"] == ["from 4 workers on there are more threads than CPUs (2): they share them"]
    assert row_of(found, "ws", 4)["why"][0] == "4 workers on 2 CPUs"
    threads = compare(workers=(2,), threads=2)
    assert "from 2 workers of 2 threads on there are more threads than CPUs (2)" in threads["warnings"][0]


class Changed(FakeArm):
    """Changes one row of each ws run."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.changes = changes

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        found = super().run(mode, workers, prompts)
        if mode != "ws":
            return found
        return replace(found, rows=(replace(found.rows[0], **self.changes), *found.rows[1:]))


def test_answers_that_differ_are_said() -> None:
    assert compare()["same_answers"] is True
    found = compare(Changed(digest="other"))
    assert found["same_answers"] is False
    assert "answers differ between runs: the same seed must give the same ids" in found["warnings"]


def test_failed_requests_are_counted_and_their_runs_left_out() -> None:
    found = compare(Changed(error="no memory", digest="other"), workers=(2,), repeat=3)
    row = row_of(found, "ws", 2)
    assert (row["failed"], row["repetitions"], row["speedup"], row["elapsed_s"]) == (3, 0, None, None)
    assert row["ideal_speedup"] == pytest.approx(1.9538, abs=1e-3), "which the baseline alone tells"
    assert found["warnings"] == ["ws with 2 workers: 3 requests failed, those runs count nowhere"]
    assert found["same_answers"] is True and found["faster"] == []
    assert found["runs"][2]["rows"][0]["error"] == "no memory", "they stand among the raw samples all the same"


def test_a_setting_that_varies_is_said() -> None:
    class Moody(FakeArm):
        def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
            if mode == "sp":
                self.unit *= 1.5
            return super().run(mode, workers, prompts)

    found = compare(Moody(), workers=(2,), warnings=["the machine was not idle"])
    assert found["warnings"][0] == "the machine was not idle"
    assert any(
        w.startswith("sp with 2 workers varies: the interquartile range of its times is") for w in found["warnings"]
    )


def test_nothing_usable_is_no_crash() -> None:
    class Broken(FakeArm):
        def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
            found = super().run(mode, workers, prompts)
            return replace(found, rows=tuple(replace(row, error="lost") for row in found.rows))

    found = compare(Broken(), workers=(2,), repeat=1)
    assert found["costs"] is None and found["curves"] == [] and found["faster"] == [] and found["same_answers"] is None
    assert all(row["speedup"] is None and row["ideal_s"] is None for row in found["results"])
