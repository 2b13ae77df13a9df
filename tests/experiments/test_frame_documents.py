"""The frame of experiments without processes: order, statistics, document, reading it back, texts and tables."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from experiments.frame_rounds import SURROUNDINGS, arm, common, made_round, plan, request
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.apps.experiment.writing import keep
from llmproc.errors import LogError, UsageError
from llmproc.experiments.frame.document import document_of, same_texts
from llmproc.experiments.frame.measuring import measure, run_in_turn
from llmproc.experiments.frame.reading import parse_experiment, read_experiment
from llmproc.experiments.frame.rounds import CountedRound, Round
from llmproc.experiments.frame.service_rounds import gaps
from llmproc.experiments.frame.statistics import summary_of
from llmproc.experiments.frame.task_counters import TaskCounters, read_counters
from llmproc.report.experiment_comparison import comparison
from llmproc.report.experiment_frames import rounds_frame, runs_frame
from llmproc.report.figure import panels, save
from llmproc.report.figures_text import shown, unit_of

VALUES = st.lists(st.floats(0.001, 1000), min_size=1, max_size=20)


@pytest.fixture(scope="module", autouse=True)
def fonts_are_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Matplotlib opens its fonts with the first picture and keeps them."""
    save(panels([1.0], "title", ["note"], sharex=False)[0], tmp_path_factory.mktemp("fonts") / "x.png")


def silent(done: int, total: int, what: str) -> None:
    pass


def document(tmp_path: Path, **more: Any) -> dict[str, Any]:
    """Two arms and one that is skipped, three repetitions; the second arm takes twice the time."""
    arms = [arm("one"), arm("two", doubtful="3 threads share 2 CPUs"), arm("three", skipped="no rights")]
    made, _ = plan(
        arms, lambda a, n: made_round([1.0 + n / 10, 2.0] if a.name == "one" else [2.0 + n / 5, 4.0], steps=float(n)),
        pairs=[("two", "one")], compared=("elapsed_s",), **more,
    )  # fmt: skip
    rounds: list[CountedRound] = []
    with made.open() as runner:
        run_in_turn(runner, made.arms, common(tmp_path, num_runs=3), rounds.append, silent)
    return document_of(made, common(tmp_path, num_runs=3), rounds, SURROUNDINGS)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 9), VALUES, min_size=1, max_size=5))
def test_a_summary_is_what_numpy_says(by_repetition: dict[int, list[float]]) -> None:
    values = [value for each in by_repetition.values() for value in each]
    found = summary_of(by_repetition)
    assert found is not None and found.count == len(values)
    assert found.mean == pytest.approx(np.mean(values)) and found.median == pytest.approx(np.median(values))
    assert found.p95 == pytest.approx(np.quantile(values, 0.95)) and found.p99 == pytest.approx(
        np.quantile(values, 0.99)
    )
    assert found.std == pytest.approx(np.std(values, ddof=1) if len(values) > 1 else 0.0)
    assert (found.low is None) == (len(by_repetition) == 1)
    if found.low is not None and found.high is not None:
        middle = statistics.fmean(statistics.fmean(each) for each in by_repetition.values())
        assert found.low <= middle + 1e-9 and middle - 1e-9 <= found.high


def test_an_interval_is_students_of_the_means_of_repetitions() -> None:
    """t of 2 degrees of freedom at 95 % is 4.303 (any table)."""
    found = summary_of({0: [1.0, 3.0], 1: [3.0], 2: [4.0, 4.0]})
    assert found is not None and found.low == pytest.approx(3 - 4.3027 / 3**0.5, abs=1e-3)
    assert summary_of({0: []}) is None


def test_arms_run_in_turn_after_a_warm_up_and_each_begins_once(tmp_path: Path) -> None:
    made, runner = plan([arm("a"), arm("b", skipped="no"), arm("c")], lambda a, n: made_round([1.0]))
    kept: list[CountedRound] = []
    with made.open() as opened:
        run_in_turn(opened, made.arms, common(tmp_path, num_runs=2, warmup_runs=1), kept.append, silent)
    assert runner.order == [("c", -1), ("a", -1), ("a", 0), ("c", 0), ("c", 1), ("a", 1)]
    assert [(each.arm, each.repetition, each.place) for each in kept] == [
        ("a", 0, 2),
        ("c", 0, 3),
        ("c", 1, 4),
        ("a", 1, 5),
    ]


def test_what_was_measured_before_ctrl_c_is_kept(tmp_path: Path) -> None:
    def answer(a: object, repetition: int) -> Round:
        if repetition == 1:
            raise KeyboardInterrupt
        return made_round([1.0])

    made, _ = plan([arm("a")], answer)
    found = measure(made, common(tmp_path), "command", silent)
    assert not found["complete"] and len(found["rounds"]) == 1 and found["system"]["machine"]["cpu"]
    assert "INTERRUPTED" in keep(found, "", tmp_path)


def test_a_document_has_every_figure_and_can_be_read_back(tmp_path: Path) -> None:
    found = document(tmp_path)
    one, two = found["summary"]["arms"]
    assert one["latency_s"]["mean"] == pytest.approx(1.55) and two["mean_latency_s"] == pytest.approx(3.1)
    assert found["summary"]["mean_latency_s"] == one["mean_latency_s"] == one["latency_s"]["mean"]
    assert (
        found["summary"]["p95_latency_s"] == one["latency_s"]["p95"] and one["std_latency_s"] == one["latency_s"]["std"]
    )
    assert found["summary"]["mean_tokens_per_sec"] == one["tokens_per_second"]["mean"]
    assert one["figures"]["steps"]["mean"] == 1 and one["figures"]["elapsed_s"]["mean"] == pytest.approx(3.1)
    (ratio,) = found["comparisons"]
    assert (ratio["arm"], ratio["than"], ratio["ratio"]["mean"]) == ("two", "one", pytest.approx(2.0))
    assert all(row["simulated"] is False for block in ("runs", "rounds", "arms", "comparisons") for row in found[block])
    assert found["config"]["options"] == {"own": 1} and found["same_texts"] is True
    keep(found, "", tmp_path)
    assert read_experiment(tmp_path) == found == read_experiment(tmp_path / "result.json")


def test_an_arm_that_is_computed_says_so_in_every_row(tmp_path: Path) -> None:
    made, _ = plan([arm("a", simulated=True)], lambda a, n: made_round([1.0]))
    found = measure(made, common(tmp_path, num_runs=1), "command", silent)
    assert found["simulated"] and all(row["simulated"] for block in ("runs", "rounds") for row in found[block])
    assert found["summary"]["arms"][0]["simulated"] and "(simulated)" in keep(found, "", tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d.pop("runs"), "missing required field `runs`"),
        (lambda d: d["runs"][0].update(latency_s="soon"), "$.runs[0].latency_s"),
        (lambda d: d.update(kind="bench"), "kind 'bench'"),
        (lambda d: d.update(schema=2), "schema 2"),
    ],
)
def test_a_file_that_breaks_the_schema_is_refused_with_the_place(tmp_path: Path, change: Any, words: str) -> None:
    found = document(tmp_path)
    change(found)
    with pytest.raises(LogError, match=r"^f: ") as caught:
        parse_experiment(json.dumps(found).encode(), "f")
    assert words in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[]", b"null"])
def test_what_is_no_result_is_one_line(content: bytes) -> None:
    with pytest.raises(LogError, match=r"^f: is not"):
        parse_experiment(content, "f")


def test_fields_that_are_not_known_are_left_out(tmp_path: Path) -> None:
    found = document(tmp_path)
    assert parse_experiment(json.dumps({**found, "later": 1}).encode(), "f") == found
    with pytest.raises(LogError, match=r"nothing.json"):
        read_experiment(tmp_path / "nothing.json")


def test_texts_are_compared_among_arms_that_are_asked_the_same() -> None:
    def counted(name: str, text: str, error: str = "") -> CountedRound:
        return CountedRound(name, 0, 0, Round(1.0, [request(text=text, error=error)]))

    asks = {"a": "", "b": "", "c": "other"}
    assert same_texts([counted("a", "x"), counted("b", "x"), counted("c", "y")], asks) is True
    assert same_texts([counted("a", "x"), counted("b", "y")], asks) is False
    assert same_texts([counted("a", "x"), counted("b", "y", "died")], asks) is None


def test_tokens_that_come_together_share_the_time_since_those_before() -> None:
    assert gaps(1.0, [(1.0, 1), (1.2, 2), (1.6, 4), (1.6, 4)]) == pytest.approx([0.2, 0.2, 0.2])
    assert gaps(1.0, [(1.0, 3)]) == [0.0, 0.0] and gaps(1.0, []) == []


def test_counters_are_the_kernels_and_user_time_is_shared_by_ticks() -> None:
    before = TaskCounters(1.0, 0.5, 2.0, 0.1, 1, 2, None, 5, 0)
    found = TaskCounters(1.3, 0.6, 2.5, 0.3, 4, 2, 7, 5, 0).since(before)
    assert found["user_s"] == pytest.approx(0.375) and found["system_s"] == pytest.approx(0.125)
    assert found["wait_s"] == pytest.approx(0.2) and found["voluntary_switches"] == 3 and found["migrations"] is None
    import os

    own = read_counters([os.getpid()])
    assert own.run_s is None or own.run_s > 0
    assert own.user_s is not None and read_counters([2**22 - 1]).user_s is None


def test_a_report_names_what_was_skipped_and_what_is_doubtful(tmp_path: Path) -> None:
    printed = keep(document(tmp_path, about="About it."), "", tmp_path)
    assert "three: skipped, no rights." in printed and "(!) two: 3 threads share 2 CPUs." in printed
    assert "WARNING: it rained." in printed and "All rounds gave the same texts." in printed
    report = (tmp_path / "report.md").read_text()
    assert report.startswith("# made\n") and "About it." in report and "![" in report and "Command: `" in report
    assert (tmp_path / "arms.png").read_bytes().startswith(b"\x89PNG")


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match=r"file.*: cannot be written"):
        keep(document(tmp_path), "", tmp_path / "file" / "below")


def test_two_results_beside_each_other(tmp_path: Path) -> None:
    one, other = document(tmp_path), document(tmp_path)
    for each in other["summary"]["arms"]:
        each["latency_s"] = {**each["latency_s"], "mean": 3.1, "low": 3.0, "high": 3.2}
    other["config"]["max_tokens"] = 7
    found = comparison(one, other, "a", "b")
    assert "differs: max_tokens is 512 in the first, 7 in the second" in found
    assert "apart" in found and "overlap" in found and "2.000" in found
    with pytest.raises(UsageError, match="b is a result of other: a is one of made"):
        comparison(one, {**other, "experiment": "other"}, "a", "b")


def test_tables_in_pandas(tmp_path: Path) -> None:
    found = document(tmp_path)
    keep(found, "", tmp_path)
    runs, rounds = runs_frame(tmp_path), rounds_frame(found)
    assert len(runs) == 12 and set(runs.setting_x) == {"one", "two"} and runs.latency_s.sum() == pytest.approx(27.9)
    assert len(rounds) == 6 and list(rounds.steps.unique()) == [0, 1, 2] and "figures" not in rounds
    for content, words in (("[", "is not JSON"), ("{}", "is not the result")):
        (tmp_path / "x.json").write_text(content)
        with pytest.raises(LogError, match=words):
            runs_frame(tmp_path / "x.json")


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.01234, "0.0123"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345, "12345")],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert shown(value) == text


def test_names_of_figures_end_with_their_unit() -> None:
    assert unit_of("wait_s") == "run-queue wait s" and unit_of("barrier_wait_s") == "barrier wait s"
    assert (
        unit_of("kv_bytes") == "kv MB"
        and unit_of("idle_share") == "idle %"
        and unit_of("minor_faults") == "minor faults"
    )


@pytest.mark.parametrize("more", [{"num_runs": 0}, {"num_runs": 1001}, {"warmup_runs": -1}])
def test_numbers_of_runs_have_limits(tmp_path: Path, more: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=r"^--(num|warmup)-runs is "):
        common(tmp_path, **more)
