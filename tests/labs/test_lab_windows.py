"""cpu% against ticks, and texts against the reference's, on transcripts made by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from labs.transcripts import CHILD, MAIN, SPEED, good, line, seen, trace

from llmproc.labs.checking.program import Patience
from llmproc.labs.checking.report import Finding
from llmproc.labs.lab import CheckRequest
from llmproc.labs.processes import judges
from llmproc.labs.processes.reference import TAIL, answer_as_course, answers, difference
from llmproc.labs.processes.runs import PROMPTS, LabRuns
from llmproc.labs.processes.windows import judge_windows, sampled

# -- cpu --------------------------------------------------------------------------------------------------------------


def test_a_moment_lies_between_the_looks_around_its_ticks() -> None:
    watched = trace(CHILD, [(0.0, 0), (1.0, 10), (2.0, 20), (3.0, 30)], MAIN)
    assert (sampled(watched, 20, 9.0).earliest, sampled(watched, 20, 9.0).latest) == (1.0, 3.001)
    assert sampled(watched, 20, 2.5).latest == 2.5, "a line was sampled before it arrived"
    assert sampled(watched, 30, 9.0).latest == 9.0, "no look saw more"
    assert sampled(watched, 0, 9.0).earliest == 0.0


@pytest.mark.parametrize("percent", [80.0, 99.0, 110.0])
def test_windows_that_agree(percent: float) -> None:
    log = [line(50, percent, 1.51), line(100, percent, 2.01), line(200, percent, 4.01)]
    windows = judge_windows(good(log=log))
    assert len(windows) == 3 and all(window.agrees for window in windows)
    assert [window.ticks for window in windows] == [50, 50, 100]


@pytest.mark.parametrize("percent", [0.0, 40.0, 170.0, 333.0])
def test_windows_that_do_not(percent: float) -> None:
    log = [line(50, 99.0, 1.51), line(100, percent, 2.01), line(200, 99.0, 4.01)]
    wrong = [window for window in judge_windows(good(log=log)) if not window.agrees]
    assert [window.ticks for window in wrong] == [50]
    finding = judges.judge_cpu(LabRuns(talk=good(log=log)))
    assert finding.passed is False and "1 of 3 lines disagree" in finding.seen


def test_a_late_line_is_not_wrong_for_that() -> None:
    """The pipe was read a second late: the ticks say when it was sampled."""
    log = [line(50, 99.0, 2.51), line(80, 99.0, 2.52), line(200, 99.0, 4.9)]
    assert all(window.agrees for window in judge_windows(good(log=log)))


def test_lines_of_strange_processes_are_not_judged() -> None:
    finding = judges.judge_cpu(LabRuns(talk=good(log=[line(50, 1.0, 1.5, pid=555)])))
    assert finding == Finding(False, "no log line about a process of the program")


# -- text -------------------------------------------------------------------------------------------------------------

TEXT = "A process is a running program with its own memory and files. " + " ".join(map(str, range(100)))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (TEXT, True),
        (TEXT + "<|im_end|> more", True),
        (TEXT[:-20], True),
        ("What is a process?" + TEXT, True),
        (TEXT[:-TAIL] + "!" * TAIL, True),
        (TEXT[: -TAIL - 1], False),
        (TEXT + "x" * (TAIL + 1), False),
        (TEXT.replace("memory", "Memory", 1), False),
        ("", False),
        ("x" * 200 + TEXT, False),
    ],
)
def test_texts_are_compared_up_to_their_tail(text: str, same: bool) -> None:
    assert (difference(text, TEXT, PROMPTS[0]) is None) == same


def test_what_is_not_compared() -> None:
    run = seen([">>> ", f"\n[INFO] compiling\nA \u00e9\x01 b{SPEED}>>> ", f"x\ny{SPEED}>>> "])
    assert answers(run) == ["A  b", "x\ny"]


def test_a_folder_without_a_model_cannot_be_compared(tmp_path: Path) -> None:
    runs = LabRuns(talk=good())
    (tmp_path / "model.bin").touch()
    answer_as_course(CheckRequest(("./main",), tmp_path, Patience()), runs)
    finding = judges.judge_text(runs)
    assert finding.passed is None and f"tokenizer.bin not in {tmp_path}" in finding.seen


def test_without_a_reference_nothing_counts() -> None:
    finding = judges.judge_text(LabRuns(talk=good(), no_reference="model.bin not in x"))
    assert finding.passed is None and "model.bin not in x" in finding.seen


def test_another_text_is_shown_with_its_place() -> None:
    other = seen([">>> ", f"{TEXT}{SPEED}>>> ", f"A thread is.{SPEED}>>> "])
    wrong = seen([">>> ", f"{TEXT[:30]}{TEXT[60:]}{SPEED}>>> ", f"A thread is.{SPEED}>>> "])
    finding = judges.judge_text(LabRuns(talk=wrong, expected=other))
    assert finding.passed is False and "after 30 characters" in finding.seen and PROMPTS[0] in finding.seen
