"""`llmproc experiment`: its command line, and the baseline on real processes."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from apps.test_verbs import call
from hypothesis import given
from hypothesis import strategies as st

from llmproc.apps.experiment.lists import numbers_of, parts_of, words_of
from llmproc.errors import UsageError
from llmproc.experiments.frame.reading import read_experiment

NUMBERS = st.lists(st.integers(1, 64), min_size=1, max_size=8)


@given(NUMBERS, st.lists(st.sampled_from([",", ", ", " "]), min_size=8, max_size=8))
def test_lists_are_separated_by_commas_or_spaces(numbers: list[int], between: list[str]) -> None:
    text = "".join(f"{number}{gap}" for number, gap in zip(numbers, between, strict=False))
    assert numbers_of("--tp", text.split(), 1, 64) == tuple(dict.fromkeys(numbers))
    assert parts_of(text.split()) == [str(number) for number in dict.fromkeys(numbers)]


@pytest.mark.parametrize("text", ["", ",", "0", "65", "one", "1.5", "-1", "1,,x", "\u00b2", "9" * 30])
def test_what_is_no_list_of_numbers_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"^--tp is .*: must be numbers from 1 to 64 such as 1,2,4$"):
        numbers_of("--tp", [text], 1, 64)


def test_words_have_other_spellings() -> None:
    known = ("none", "double-buffer", "full")
    assert words_of("--s", ["none,double_buffer", "full_overlap"], known, {"full_overlap": "full"}) == known
    with pytest.raises(UsageError, match="--s is nothing: must be of none, double-buffer, full"):
        words_of("--s", ["nothing"], known)


def baseline(tmp_path: Path, model: Path, *more: object) -> tuple[int, str, dict[str, Any]]:
    options = ["--model", model, "--threads", 1, "--num-runs", 2, "--max-tokens", 6, "-o", tmp_path / "out"]
    code, out, err = call(tmp_path, "experiment", "baseline", *options, *more)
    assert err == "", err
    return code, out, read_experiment(tmp_path / "out")


def test_the_baseline_on_real_processes(tmp_path: Path, quick: Path) -> None:
    code, out, found = baseline(tmp_path, quick, "--prompt", "One", "Two words", "--prompt", "Three")
    assert code == 0 and "the prompts" in out and "result.json, report.md, arms.png" in out
    assert found["config"]["prompts"] == ["One", "Two words", "Three"] and len(found["runs"]) == 6
    for run in found["runs"]:
        assert 0 < run["ttft_s"] <= run["latency_s"] and len(run["itl_s"]) == run["output_tokens"] - 1
        assert run["queue_s"] <= run["latency_s"] and run["kv_bytes"] > 0 and run["prompt_tokens"] > 0
    figures = found["rounds"][0]["figures"]
    assert figures["workers_pss_bytes"] > 1e6 and figures["template_pss_bytes"] > 1e6 and figures["run_s"] >= 0
    assert found["same_texts"] is True and found["simulated"] is False


def test_lengths_are_exact_and_the_recorded_command_gives_the_same_texts(tmp_path: Path, quick: Path) -> None:
    code, _, found = baseline(tmp_path, quick, "--prompt-lengths", "20,30", "--output-lengths", 4, 8)
    assert code == 0 and len(found["arms"]) == 4 and found["same_texts"] is True
    told = {arm["arm"]: arm["settings"] for arm in found["arms"]}
    for run in found["runs"]:
        settings = told[run["arm"]]
        assert (run["prompt_tokens"], run["output_tokens"]) == (settings["prompt_tokens"], settings["output_tokens"])
    words = shlex.split(found["command"])
    assert words[:5] == ["python", "-m", "llmproc", "experiment", "baseline"]
    assert call(tmp_path, *words[3:])[0] == 0
    again = read_experiment(tmp_path / "out")
    assert [run["text"] for run in again["runs"]] == [run["text"] for run in found["runs"]]


def test_the_result_on_stdout(tmp_path: Path, quick: Path) -> None:
    code, out, found = baseline(tmp_path, quick, "--json", "--num-runs", 1, "--warmup-runs", 0)
    assert code == 0 and json.loads(out) == found and found["summary"]["arms"][0]["latency_s"]["low"] is None


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["nothing"], "unknown experiment 'nothing'; there are baseline"),
        (["baseline", "--num-runs", "0"], "--num-runs is 0: must be from 1 to 1000"),
        (["baseline", "--prompt", ""], "--prompt is empty: must be a text"),
        (["baseline", "--prompt-lengths", "x"], "--prompt-lengths is x: must be numbers"),
        (["baseline", "--prompt-lengths", "1"], "--prompt-lengths is 1: the nearest that can be made here is"),
        (["baseline", "--output-lengths", "99999"], "needs 99999 positions"),
        (["baseline", "--enable-trace"], "unrecognized arguments: --enable-trace"),
        (["compare", "a", "b"], "a: "),
        (["compare", "a"], "the following arguments are required"),
    ],
)
def test_what_is_wrong_is_one_line(tmp_path: Path, words: list[str], line: str) -> None:
    code, out, err = call(tmp_path, "experiment", *words)
    assert code in (1, 2) and out == "" and line in err and "Traceback" not in err
    assert len([each for each in err.splitlines() if each.startswith("llmproc:")]) == 1


def test_list_and_compare(tmp_path: Path, quick: Path) -> None:
    code, out, err = call(tmp_path, "experiment", "list")
    assert (code, err) == (0, "") and "  baseline  " in out
    assert call(tmp_path, "experiment")[0] == 2
    baseline(tmp_path, quick)
    code, out, err = call(tmp_path, "experiment", "compare", tmp_path / "out", tmp_path / "out/result.json")
    assert (code, err) == (0, "") and "the prompts" in out and "1.000" in out


def test_an_output_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("")
    code, _, err = call(tmp_path, "experiment", "baseline", "-o", tmp_path / "f")
    assert code == 2 and "--output is" in err and "must be a folder" in err
