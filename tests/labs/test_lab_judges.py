"""The judges of the processes lab on transcripts made by hand: no process is started."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from llmproc.labs.checking.program import Patience
from llmproc.labs.checking.report import CheckResult, Finding, as_json, as_lines, earned, possible
from llmproc.labs.checking.transcript import Exchange, Glimpse, LogLine, ProcessTrace, Transcript
from llmproc.labs.lab import CheckRequest
from llmproc.labs.processes import judges
from llmproc.labs.processes.reference import TAIL, answer_as_course, answers, difference
from llmproc.labs.processes.runs import PROMPTS, Evidence, asked_nice
from llmproc.labs.processes.windows import judge_windows, sampled
from llmproc.monitor.courselog import format_line
from llmproc.monitor.proc import Stat

MAIN, CHILD = 100, 101
SPEED = "\n[INFO] SEQ LEN: 265, Speed: 61.2 tok/s\n"


def stat(pid: int, ticks: int = 0, **changes: object) -> Stat:
    made = Stat(
        pid=pid, comm=f"(p{pid})", state="R", ppid=1, minflt=0, majflt=0, utime=ticks, stime=0, nice=0, num_threads=1,
        starttime=5, vsize=1, rss=1, processor=0, policy=0,
    )  # fmt: skip
    return dataclasses.replace(made, **changes)


def trace(pid: int, ticks_at: list[tuple[float, int]], parent: int, **changes: object) -> ProcessTrace:
    glimpses = [Glimpse(moment, moment + 0.001, ticks) for moment, ticks in ticks_at]
    return ProcessTrace(stat(pid, ticks_at[-1][1], **changes), glimpses, True, {parent})


def line(ticks: int, percent: float, arrived: float, pid: int = CHILD, **changes: object) -> LogLine:
    return LogLine(arrived, format_line(stat(pid, ticks, **changes), percent))


def seen(parts: list[str], log: list[LogLine] | None = None, at_end: str = "\nChild exited with 0\n") -> Transcript:
    """A run: the child works from second 1 to second 2 after the first prompt and from 3 to 4 after the second."""
    run = Transcript(MAIN, 0.0, bytearray(parts[0].encode()))
    for number, part in enumerate(parts[1:]):
        exchange = Exchange(PROMPTS[number], 1.0 + 2 * number, len(run.out))
        run.out += part.encode()
        exchange.end, exchange.done = len(run.out), 2.0 + 2 * number
        run.exchanges.append(exchange)
    run.told_at = len(run.out)
    run.out += at_end.encode()
    work = [(step / 50, min(max(step * 2 - 100, 0), 100) + min(max(step * 2 - 300, 0), 100)) for step in range(250)]
    run.traces = {(MAIN, 5): trace(MAIN, [(0.0, 0), (5.0, 3)], 1), (CHILD, 5): trace(CHILD, work, MAIN)}
    run.log = log if log is not None else [line(50, 99.0, 1.51), line(100, 99.0, 2.01), line(200, 99.0, 4.01)]
    run.status = 0
    return run


def good(**changes: object) -> Transcript:
    return seen([">>> ", f"A process is.{SPEED}>>> ", f"A thread is.{SPEED}>>> "], **changes)  # type: ignore[arg-type]


# -- prompt -----------------------------------------------------------------------------------------------------------


def test_a_good_run_passes_what_is_judged_by_it() -> None:
    evidence = Evidence(talk=good(), expected=good())
    for judge in (judges.judge_prompt, judges.judge_processes, judges.judge_log, judges.judge_cpu, judges.judge_text,
                  judges.judge_end, judges.judge_left_behind):  # fmt: skip
        assert judge(evidence).passed, judge(evidence)


@pytest.mark.parametrize(
    ("parts", "word"),
    [
        (["", f"a{SPEED}>>> ", f"b{SPEED}>>> "], "before the first prompt"),
        (["> ", f"a{SPEED}>>> ", f"b{SPEED}>>> "], "before the first prompt"),
        ([">>>", f"a{SPEED}>>>", f"b{SPEED}>>>"], "before the first prompt"),
        ([">>> ", f">>> a{SPEED}", f">>> b{SPEED}"], "prompt 1: `>>> ` came before the answer was complete"),
        ([">>> ", f"a\n>>> {SPEED}>>> ", f"b{SPEED}>>> "], "prompt 1: `>>> ` came before"),
        ([">>> ", f"a{SPEED}>>> ", f"b{SPEED}"], "prompt 2: no `>>> ` after the speed line"),
        ([">>> ", "a\n>>> ", "b\n>>> "], "prompt 1: "),
        ([">>> ", f"{SPEED}>>> ", f"b{SPEED}>>> "], "no answer before the speed line"),
    ],
)
def test_signs_out_of_order(parts: list[str], word: str) -> None:
    finding = judges.judge_prompt(Evidence(talk=seen(parts)))
    assert finding.passed is False and word in finding.seen


@pytest.mark.parametrize(
    "speed",
    [
        "SEQ LEN: 265 at 61.2 tok/s",
        "SEQ_LEN: 265, Speed: 61.2 tok/s ",
        "\x1b[32m[INFO] SEQ LEN: 265, Speed: 61.2 tok/s\x1b[0m",
        "length: 265, speed (tok/s): 61.2 ",
    ],
)
def test_all_spellings_of_the_speed_line(speed: str) -> None:
    run = seen([">>> ", f"a\n{speed}\n>>> ", f"b\n{speed}\n>>> "])
    assert judges.judge_prompt(Evidence(talk=run)).passed
    assert answers(run) == ["a", "b"]


# -- processes, log ---------------------------------------------------------------------------------------------------


def test_who_answers() -> None:
    run = good()
    run.traces[(CHILD, 5)].parents = {777}
    finding = judges.judge_processes(Evidence(talk=run))
    assert finding.passed is False and "its parent is 777 and not 100" in finding.seen
    run = good()
    run.traces[(MAIN, 5)] = trace(MAIN, [(0.0, 0), (5.0, 900)], 1)
    finding = judges.judge_processes(Evidence(talk=run))
    assert finding.passed is False and "used the CPU time for the answers itself" in finding.seen


def test_a_very_quick_child_is_recognised_by_the_log() -> None:
    run = good(log=[line(1, 0.0, 2.0), line(1, 0.0, 4.0)])
    run.traces[(MAIN, 5)] = trace(MAIN, [(0.0, 0), (5.0, 4)], 1)
    run.traces[(CHILD, 5)] = trace(CHILD, [(0.0, 0), (5.0, 1)], MAIN)
    assert run.worker is run.traces[(CHILD, 5)]


@pytest.mark.parametrize(
    ("log", "word"),
    [
        ([line(50, 99.0, 1.5), LogLine(1.6, "Traceback"), line(200, 99.0, 4.0)], "not a log line, but on stderr: 'Tr"),
        ([line(50, 99.0, 1.5), line(100, 99.0, 2.0)], "no line in turn 2"),
        ([], "no line in turn 1"),
        ([line(50, 99.0, 1.5), line(200, 99.0, 4.0, pid=MAIN)], "a line is about 100 (p100)"),
        ([line(50, 99.0, 1.5), line(200, 99.0, 4.0, comm="(p)")], "a line is about 101 (p)"),
        ([LogLine(1.5, line(50, 99.0, 1.5).text.replace("99.00", "inf")), line(200, 99.0, 4.0)], "not a log line"),
    ],
)  # fmt: skip
def test_logs_that_are_wrong(log: list[LogLine], word: str) -> None:
    finding = judges.judge_log(Evidence(talk=good(log=log)))
    assert finding.passed is False and word in finding.seen


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
    finding = judges.judge_cpu(Evidence(talk=good(log=log)))
    assert finding.passed is False and "1 of 3 lines disagree" in finding.seen


def test_a_late_line_is_not_wrong_for_that() -> None:
    """The pipe was read a second late: the ticks say when it was sampled."""
    log = [line(50, 99.0, 2.51), line(80, 99.0, 2.52), line(200, 99.0, 4.9)]
    assert all(window.agrees for window in judge_windows(good(log=log)))


def test_lines_of_strange_processes_are_not_judged() -> None:
    finding = judges.judge_cpu(Evidence(talk=good(log=[line(50, 1.0, 1.5, pid=555)])))
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
    evidence = Evidence(talk=good())
    (tmp_path / "model.bin").touch()
    answer_as_course(CheckRequest(("./main",), tmp_path, Patience()), evidence)
    finding = judges.judge_text(evidence)
    assert finding.passed is None and f"tokenizer.bin not in {tmp_path}" in finding.seen


def test_without_a_reference_nothing_counts() -> None:
    finding = judges.judge_text(Evidence(talk=good(), no_reference="model.bin not in x"))
    assert finding.passed is None and "model.bin not in x" in finding.seen


def test_another_text_is_shown_with_its_place() -> None:
    other = seen([">>> ", f"{TEXT}{SPEED}>>> ", f"A thread is.{SPEED}>>> "])
    wrong = seen([">>> ", f"{TEXT[:30]}{TEXT[60:]}{SPEED}>>> ", f"A thread is.{SPEED}>>> "])
    finding = judges.judge_text(Evidence(talk=wrong, expected=other))
    assert finding.passed is False and "after 30 characters" in finding.seen and PROMPTS[0] in finding.seen


# -- ends -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at_end", "status", "passed"),
    [
        ("\nChild exited with 0\n", 0, True),
        ("\nChild exited with signal 15 (SIGTERM)\n", 1, True),
        ("\n", 0, False),
        ("\nChild exited with 0\n", -6, False),
        ("\nChild exited with 0\n", None, False),
    ],
)
def test_end_of_input(at_end: str, status: int | None, passed: bool) -> None:
    run = good(at_end=at_end)
    run.status = status
    assert judges.judge_end(Evidence(talk=run)).passed == passed


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        ("Child exited with signal 9 (SIGKILL)", True),
        ("Child exited with 9 (killed by a signal)", True),
        ("Child exited with -9", True),
        ("Child exited with 137", True),
        ("child exited with SIGKILL", True),
        ("[INFO] inference process 16324 exited with signal 9 (SIGKILL); another one continues", True),
        ("Child exited with 0", False),
        ("Child exited with 1379", False),
        ("", False),
    ],
)
def test_word_of_a_killed_child(said: str, passed: bool) -> None:
    run = good(at_end=f"\n{said}\n")
    run.target = CHILD
    finding = judges.judge_killed(Evidence(killed=run))
    assert finding.passed == passed
    run.status, run.given_up = None, "nothing happened"
    assert not judges.judge_killed(Evidence(killed=run)).passed


def test_interrupts_need_both_ways() -> None:
    silent = good(at_end="\n")
    for name, judge in (("idle", judges.judge_idle_interrupt), ("busy", judges.judge_busy_interrupt)):
        assert judge(Evidence(**{name: [good(), good()]})).passed  # type: ignore[arg-type]
        for runs, word in (([silent, good()], "kill -INT"), ([good(), silent], "Ctrl-C")):
            finding = judge(Evidence(**{name: runs}))  # type: ignore[arg-type]
            assert finding.passed is False and word in finding.seen
        assert judge(Evidence()).passed is False


def test_scheduling_in_proc_and_in_the_log() -> None:
    def judged(policy: int, nice: int, log: list[LogLine]) -> Finding:
        run = good(log=log)
        run.traces[(CHILD, 5)].last = stat(CHILD, policy=policy, nice=nice)
        return judges.judge_scheduling(Evidence(scheduled=run, nice=5))

    right = line(50, 99.0, 1.5, policy=3, nice=5)
    assert judged(3, 5, [right]).passed and judged(3, 5, []).passed
    assert "SCHED_OTHER and nice 5" in judged(0, 5, [right]).seen
    assert "SCHED_BATCH and nice 0" in judged(3, 0, [right]).seen
    assert "the log says SCHED_BATCH and nice 4" in judged(3, 5, [line(50, 99.0, 1.5, policy=3, nice=4)]).seen


def test_a_nice_value_that_any_user_may_ask_for() -> None:
    assert [asked_nice(own) for own in (-5, 0, 2, 5, 10, 19)] == [5, 5, 5, 8, 13, 19]


def test_what_is_left_behind() -> None:
    left = good()
    left.left = ["process 5 (sleep) SCHED_OTHER nice 0"]
    assert judges.judge_left_behind(Evidence(talk=good(), killed=left)).passed is False
    assert judges.judge_left_behind(Evidence(talk=good(), unreaped=[CHILD])).passed is False
    cut = good()
    cut.status = None
    assert judges.judge_left_behind(Evidence(talk=cut)).passed is False, "it had to be killed: nothing can be said"


def test_nothing_at_all_fails_everything() -> None:
    from llmproc.labs.processes.lab import CHECKS

    empty = Transcript(MAIN, 0.0)
    for evidence in (Evidence(), Evidence(talk=empty, scheduled=empty, idle=[empty], busy=[empty], killed=empty)):
        assert [judge(evidence).passed for *_, judge in CHECKS] == [False] * len(CHECKS)


# -- the report -------------------------------------------------------------------------------------------------------


def test_points_count_what_could_be_checked() -> None:
    rows = [
        CheckResult("a", 2, "first", Finding(True, "yes")),
        CheckResult("b", 3, "second", Finding(False, "no")),
        CheckResult("c", 4, "third", Finding(None, "not here")),
    ]
    assert (earned(rows), possible(rows)) == (2, 5)
    lines = as_lines(rows)
    assert lines[0].split()[:3] == ["pass", "a", "2/2"] and lines[2].startswith("FAIL") and lines[4].startswith("skip")
    assert lines[-1] == "points: 2 of 5"
    assert '"points": 2, "of": 5' in as_json("x", "./main", rows)
