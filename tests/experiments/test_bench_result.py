"""The JSON document and how it is shown, from a run on a clock that only arms move: all figures are known."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from experiments.bench_arms import FakeMachine, timed
from support.clocks import FakeClock

from llmproc.apps.bench import rows, table
from llmproc.apps.bench.options import parse_options
from llmproc.apps.progress import ProgressBar
from llmproc.checkpoints.synth import SHAPES
from llmproc.config import Environment
from llmproc.experiments.bench import result
from llmproc.experiments.bench.model import BenchModel
from llmproc.experiments.bench.runner import BenchRunner, Measurements, WorkSample
from llmproc.experiments.bench.timed import TimedArm, Timing
from llmproc.experiments.bench.work import Work, limit_work, planned_work

MACHINE = {
    "cpu": "A CPU", "architecture": "x86_64", "cpus": 4, "cpus_allowed": [0, 1], "memory_bytes": 8 << 30,
    "kernel": "6.1", "caches": ["L1 data 32K", "L2 unified 1024K"], "quota_cpus": None, "governor": None,
    "isa": "avx2", "isa_forced": False, "load_average": [0.1, 0.1, 0.1],
    "versions": {"python": "3.11.2", "numba": "0.68.1", "llvmlite": "0.50.0", "numpy": "2.0"},
}  # fmt: skip


def measured(*arguments: str, peer: bool = True, kind: str = "int8") -> dict[str, Any]:
    """A bench of SmolLM's shape: llmproc takes 10 ms a token, the peer 20 ms or, with flash=1, 15."""
    options = parse_options("bench", ["--threads", "2", "--repeat", "3", *arguments], Environment())
    description = replace(SHAPES["smollm-135m"], weight_type="f32", group_size=0)
    model = BenchModel("smollm-135m", Path("x.bin"), description, "version 1", kind, True)
    clock = FakeClock()
    arms = [timed("llmproc", clock, 0.01)]
    if peer:
        arms.append(timed("llama.cpp", clock, 0.02, {"flash=0": 1.0, "flash=1": 0.75}))
    works = planned_work(options.prompt, options.generate, options.batched, options.batched_steps, options.kernels)
    plan = [(work, arms[:1] if work.kind == "matmuls" else arms) for work in works]
    if options.limits:
        machine = TimedArm(FakeMachine(clock), clock)
        plan += [(work, [machine]) for work in limit_work(options.threads)]
        arms = [*arms, machine]
    found = BenchRunner(ProgressBar(io.StringIO()), settle=lambda seconds: None).run(plan, options.repeat)
    surroundings = {
        "started": "2000-01-01T00:00:00+0000", "command": "bench", "machine": MACHINE,
        "conditions": {"load_average": 0.1}, "warnings": ["4 threads share 2 CPUs"],
    }  # fmt: skip
    document = result.document(found, model, options, [(arm.name, arm.about()) for arm in arms], surroundings)
    return json.loads(json.dumps(document))  # type: ignore[no-any-return]


SMALL = ("-p", "8", "-n", "4", "--batched", "1,2", "--batched-steps", "2")


def test_the_whole_text() -> None:
    text = table.render(measured(*SMALL))
    expected = (Path(__file__).parent / "bench_table.md").read_text()
    assert text == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0.00"), (1.234, "1.23"), (66.667, "66.67"), (99.996, "100.0"), (123.456, "123.5"), (1234.56, "1235"),
     (9999.6, "10000"), (11957.36, "11960"), (13619.64, "13620")],
)  # fmt: skip
def test_figures_in_the_table_have_at_most_four_significant_digits(value: float, text: str) -> None:
    assert table.rounded(value) == text


@pytest.mark.parametrize(("threads", "words"), [(1, "Measured with 1 thread;"), (4, "Measured with 4 threads;")])
def test_the_courses_weights_say_their_threads(threads: int, words: str) -> None:
    """The course's program computes with one thread; a reader must see what this figure was measured with."""
    found = measured(*SMALL)
    assert "the course's program has one" not in table.render(found)
    found["model"]["version"] = "version 2"
    found["options"]["threads"] = threads
    assert [
        line for line in table.notes(found).splitlines() if words in line and "the course's program has one" in line
    ]
    found["model"]["synthetic"] = False
    assert "the course's program" not in table.notes(found), "a user's own file"


def test_the_document_has_what_its_schema_says() -> None:
    found = measured(*SMALL, "--kernels")
    described = str(result.__doc__)
    for name in found:
        assert name in described, name
    assert (found["schema"], found["kind"], found["simulated"]) == (1, "bench", False)
    assert set(found["model"]) == {
        "name", "file", "version", "synthetic", "weights", "type", "parameters", "bytes", "step_bytes"
    }  # fmt: skip
    for block in ("tests", "ratios", "limits", "selection"):
        assert found[block]
        for key in found[block][0]:
            assert key in described, key
    for row in found["tests"]:
        assert [sample["repetition"] for sample in row["samples"]] == [0, 1, 2]
        assert set(row["samples"][0]) == {"seconds", "amount", "repetition", "place", "others_cpu_s"}
        assert set(row["rate"]) == {"count", "median", "minimum", "maximum", "iqr", "mad"}
    places = [s["place"] for block in ("tests", "limits") for row in found[block] for s in row["samples"]]
    assert len(places) == len(set(places)), "every run of the bench is in the document once"


def row_of(found: dict[str, Any], test: str, arm: str = "llmproc") -> dict[str, Any]:
    return next(row for row in found["tests"] if (row["test"], row["arm"]) == (test, arm))


def test_rates_steps_and_ratios() -> None:
    found = measured(*SMALL)
    assert row_of(found, "tg2 b2")["rate"]["median"] == pytest.approx(100)
    assert row_of(found, "tg2 b2")["step_ms"]["median"] == pytest.approx(20), "two tokens a step"
    assert row_of(found, "pp8", "llama.cpp")["setting"] == "flash=1"
    assert {row["test"] for row in found["ratios"]} == {"pp8", "tg4", "tg2 b1", "tg2 b2"}
    for row in found["ratios"]:
        assert row["ratio"]["median"] == pytest.approx(1.5) and len(row["samples"]) == 3
    chosen = next(row for row in found["selection"] if row["test"] == "tg4")
    assert chosen["chosen"] == "flash=1" and set(chosen["seconds"]) == {"flash=0", "flash=1"}


def test_shares_of_the_limits() -> None:
    """The fake machine reads 2e9 bytes and makes 2e11 multiply-adds a second with two threads."""
    found = measured(*SMALL)
    step = 142_884_864
    alone = {share["of"]: share for share in row_of(found, "tg4")["shares"]}
    assert alone["read"]["used"] == pytest.approx(100 * step) and alone["read"]["unit"] == "bytes/s"
    assert alone["read"]["share"] == alone["read"]["of_best"] == pytest.approx(100 * step / 2e9)
    assert alone["integer"]["used"] == pytest.approx(100 * 134_479_872)
    assert row_of(found, "tg4")["limit"] == "read"
    together = {share["of"]: share for share in row_of(found, "tg2 b2")["shares"]}
    assert together["read"]["used"] == pytest.approx(50 * step), "a step reads the weights once for both sequences"
    prefill = row_of(found, "pp8")["shares"]
    assert [share["of"] for share in prefill] == ["integer"]
    assert prefill[0]["used"] == pytest.approx(100 * (8 * 106_168_320 + 28_311_552) / 8)
    assert {s["of"] for s in row_of(measured(*SMALL, kind="f32"), "tg4")["shares"]} == {"read", "float"}


def test_a_share_is_of_the_limit_in_the_same_repetition() -> None:
    """The machine was slow for both in the second and third: one share for all three, another of the best limit."""
    work, limit = Work("tg1", "decode", 1, 1, 1), Work("read, 2 threads", "read", 1, 2)
    model = BenchModel(
        "m", Path("x.bin"), replace(SHAPES["smollm-135m"], weight_type="f32", group_size=0), "", "int8", True
    )
    found = Measurements()
    for repetition, pace in enumerate((1.0, 0.5, 0.5)):
        found.samples.append(WorkSample(work, "llmproc", repetition, 0, Timing(1, 8 * pace), 0))
        found.samples.append(WorkSample(limit, "machine", repetition, 0, Timing(1, 10 * pace * model.step_bytes), 0))
    (share,) = result.tests_block(found, model, 2)[0]["shares"]
    assert share["of"] == "read"
    assert share["share"] == pytest.approx(0.8) and share["of_best"] == pytest.approx(0.4)


def test_without_limits_and_peer_their_columns_are_empty_or_absent() -> None:
    found = measured(*SMALL, "--no-limits", peer=False)
    assert found["limits"] == [] and found["ratios"] == [] and found["selection"] == []
    assert all(row["limit"] is None and row["shares"] == [] for row in found["tests"])
    text = table.render(found)
    assert "llama.cpp" not in text and "limit of this machine" not in text
    assert [line.split("|")[-2].strip() for line in table.main_table(found).splitlines()[2:]] == ["-", "-"]


def test_kernels_alone_are_compared_with_no_peer() -> None:
    found = measured(*SMALL, "--kernels")
    assert {row["arm"] for row in found["tests"] if row["kind"] == "matmuls"} == {"llmproc"}
    assert row_of(found, "mm8")["limit"] == "integer"
    line = next(line for line in table.main_table(found).splitlines() if " mm8 " in line)
    assert line.rstrip("| ").endswith("-")


def test_csv_has_a_row_for_each_test_and_limit() -> None:
    found = measured(*SMALL)
    lines = list(csv.DictReader(io.StringIO(rows.render(found))))
    assert len(lines) == len(found["tests"]) + len(found["limits"])
    assert tuple(lines[0]) == rows.COLUMNS
    first = lines[0]
    assert (first["test"], first["arm"], first["peer"]) == ("pp8", "llmproc", "llama.cpp")
    assert float(first["ratio"]) == pytest.approx(1.5) and float(first["median"]) == pytest.approx(100)
    assert [float(s) for s in first["sample_seconds"].split(";")] == pytest.approx([0.08] * 3)
    assert lines[-1]["kind"] == "float" and lines[-1]["unit"] == "multiply-adds/s" and lines[-1]["ratio"] == ""


def test_unsteady_tests_are_found() -> None:
    clock = FakeClock()
    arm = timed("llmproc", clock, 0.01)
    slower = lambda seconds: setattr(arm._arm, "per_token", arm._arm.per_token * 2)  # noqa: E731
    runner = BenchRunner(ProgressBar(io.StringIO()), settle=slower)
    found = runner.run([(work, [arm]) for work in planned_work((8,), (), (), 1, False)], 3)
    assert result.unsteady(found) == {"pp8 of llmproc": pytest.approx(0.75)}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_is_for_terminals_alone() -> None:
    shown, hidden = Terminal(), io.StringIO()
    for stream in (shown, hidden):
        bar = ProgressBar(stream)
        bar(1, 4, "pp512 llmproc")
        bar(4, 4, "")
    assert shown.getvalue() == f"\r[{'#' * 7:<30}] 1/4 pp512 llmproc\x1b[K\r\x1b[K" and hidden.getvalue() == ""
