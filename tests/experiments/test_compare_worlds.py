"""Whole comparisons of random costs: laws that every document must obey, whatever was measured."""

from __future__ import annotations

import json
from typing import Any

import pytest
from experiments.fake_arm import FakeArm
from experiments.fake_comparison import MACHINE, compare, row_of, silent
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.dispatch.simulation import simulate
from llmproc.experiments.compare_modes import plan, runner
from llmproc.experiments.compare_modes.arm import Prompt
from llmproc.experiments.compare_modes.result import document
from llmproc.report import modes_table

COSTS = st.lists(st.floats(0.5, 30), min_size=1, max_size=12)
WORKERS = st.lists(st.integers(1, 5), min_size=1, max_size=3)


def world(costs: list[float], workers: list[int], arm: FakeArm, repeat: int = 2) -> Any:
    """The document for prompts of these costs, read back from its JSON."""
    prompts = [Prompt(f"prompt {place}", cost) for place, cost in enumerate(costs)]
    planned = plan.settings(("sp", "ws", "lpt"), workers)
    samples = runner.run_all(arm, planned, prompts, repeat, silent)
    options = {"work": "generate", "unit_s": None, "repeat": repeat, "threads": 1, "sequences": 1}
    around: dict[str, Any] = {
        "started": "",
        "command": "",
        "seed": 1,
        "machine": MACHINE,
        "conditions": {},
        "warnings": [],
    }
    about = {"name": "random", "about": "costs by chance"}
    return json.loads(json.dumps(document(samples, planned, about, prompts, options, around)))


@settings(max_examples=25, deadline=None)
@given(costs=COSTS, workers=WORKERS)
def test_on_perfect_workers_the_measured_is_the_computed(costs: list[float], workers: list[int]) -> None:
    found = world(costs, workers, FakeArm(cpus=None))
    for row in found["results"]:
        assert row["above_ideal"]["mean"] == pytest.approx(row["own_order"]), row
        assert row["slowdown"]["mean"] == pytest.approx(1)
        assert row["speedup"]["mean"] == pytest.approx(row["ideal_speedup"] / row["own_order"])
        assert row["speedup"]["mean"] <= row["workers"] * (1 + 1e-9)
        assert all("dispatch" not in reason for reason in row["why"]), "there is nothing left to explain"
    computed = [curve for curve in found["curves"] for point in curve["points"] if point["workers"] == 1]
    assert len(computed) == 3 and all(curve["points"][0]["speedup"] == pytest.approx(1) for curve in computed)


@settings(max_examples=25, deadline=None)
@given(costs=COSTS, workers=WORKERS, noise=st.floats(0, 0.5), overhead=st.floats(0, 0.1))
def test_laws_of_any_world(costs: list[float], workers: list[int], noise: float, overhead: float) -> None:
    found = world(costs, workers, FakeArm(noise=noise, overhead=overhead), repeat=3)
    assert found["same_answers"] is True and found["simulated"] is False
    baseline = found["results"][0]
    assert (baseline["mode"], baseline["speedup"]["low"], baseline["speedup"]["high"]) == ("seq", 1, 1)
    for row in found["results"]:
        assert sum(row["worker_time"].values()) == pytest.approx(1) and min(row["worker_time"].values()) >= -1e-9
        assert 1 - 1e-9 <= row["imbalance"]["median"] <= row["workers"] + 1e-9
        for name in ("speedup", "above_ideal", "slowdown"):
            ratio = row[name]
            assert ratio["low"] <= ratio["mean"] * (1 + 1e-9) and ratio["mean"] <= ratio["high"] * (1 + 1e-9)
            assert ratio["minimum"] <= ratio["median"] <= ratio["maximum"] and ratio["count"] == 3
        assert row["exceeds_cpus"] == (row["workers"] > 2) and row["failed"] == 0
    runs = [(run["mode"], run["workers"], run["repetition"]) for run in found["runs"]]
    assert len(set(runs)) == len(runs) == 3 * len(found["results"])
    text = modes_table.render(found)
    assert text.count("\n| sp ") == text.count("\n| ws ") == text.count("\n| lpt ") == len(set(workers))


def test_more_sequences_change_the_ideals_not_the_baseline() -> None:
    one, four = compare(workers=(2,)), compare(workers=(2,), sequences=4)
    costs = one["costs"]["seconds"]
    assert four["costs"] == one["costs"]
    assert row_of(four, "ws", 2)["ideal_s"] == pytest.approx(simulate("queue", costs, 2, 4).makespan)
    assert row_of(four, "ws", 2)["ideal_s"] < row_of(one, "ws", 2)["ideal_s"]
    assert row_of(four, "seq", 1)["ideal_s"] == pytest.approx(sum(costs)), "one at a time all the same"
    assert "dispatch, chance and other programs" in "".join(row_of(four, "ws", 2)["why"]), "the arm ran one at a time"


def test_the_intervals_narrow_with_repetitions() -> None:
    few, many = compare(FakeArm(noise=0.1), repeat=2), compare(FakeArm(noise=0.1), repeat=12)

    def breadth(found: Any) -> float:
        speedup = row_of(found, "ws", 2)["speedup"]
        return float(speedup["high"] / speedup["low"])

    assert breadth(few) > 2 * breadth(many) > 2
