"""The judges of the processes lab, and the report, on transcripts made by hand."""

from __future__ import annotations

import pytest
from labs.transcripts import CHILD, MAIN, SPEED, good, line, seen, stat, trace

from llmproc.labs.checking.report import CheckResult, Finding, as_json, as_lines, earned, possible
from llmproc.labs.checking.transcript import LogLine, Transcript
from llmproc.labs.processes import judges
from llmproc.labs.processes.reference import answers
from llmproc.labs.processes.runs import LabRuns, asked_nice

# -- prompt -----------------------------------------------------------------------------------------------------------


def test_a_good_run_passes_what_is_judged_by_it() -> None:
    runs = LabRuns(talk=good(), expected=good())
    for judge in (judges.judge_prompt, judges.judge_processes, judges.judge_log, judges.judge_cpu, judges.judge_text,
                  judges.judge_end, judges.judge_left_behind):  # fmt: skip
        assert judge(runs).passed, judge(runs)


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
    finding = judges.judge_prompt(LabRuns(talk=seen(parts)))
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
    assert judges.judge_prompt(LabRuns(talk=run)).passed
    assert answers(run) == ["a", "b"]


# -- processes, log ---------------------------------------------------------------------------------------------------


def test_who_answers() -> None:
    run = good()
    run.traces[(CHILD, 5)].parents = {777}
    finding = judges.judge_processes(LabRuns(talk=run))
    assert finding.passed is False and "its parent is 777 and not 100" in finding.seen
    run = good()
    run.traces[(MAIN, 5)] = trace(MAIN, [(0.0, 0), (5.0, 900)], 1)
    finding = judges.judge_processes(LabRuns(talk=run))
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
    finding = judges.judge_log(LabRuns(talk=good(log=log)))
    assert finding.passed is False and word in finding.seen


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
    assert judges.judge_end(LabRuns(talk=run)).passed == passed


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
    finding = judges.judge_killed(LabRuns(killed=run))
    assert finding.passed == passed
    run.status, run.given_up = None, "nothing happened"
    assert not judges.judge_killed(LabRuns(killed=run)).passed


def test_interrupts_need_both_ways() -> None:
    silent = good(at_end="\n")
    for name, judge in (("idle", judges.judge_idle_interrupt), ("busy", judges.judge_busy_interrupt)):
        assert judge(LabRuns(**{name: [good(), good()]})).passed  # type: ignore[arg-type]
        for runs, word in (([silent, good()], "kill -INT"), ([good(), silent], "Ctrl-C")):
            finding = judge(LabRuns(**{name: runs}))  # type: ignore[arg-type]
            assert finding.passed is False and word in finding.seen
        assert judge(LabRuns()).passed is False


def test_scheduling_in_proc_and_in_the_log() -> None:
    def judged(policy: int, nice: int, log: list[LogLine]) -> Finding:
        run = good(log=log)
        run.traces[(CHILD, 5)].last = stat(CHILD, policy=policy, nice=nice)
        return judges.judge_scheduling(LabRuns(scheduled=run, nice=5))

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
    assert judges.judge_left_behind(LabRuns(talk=good(), killed=left)).passed is False
    assert judges.judge_left_behind(LabRuns(talk=good(), unreaped=[CHILD])).passed is False
    cut = good()
    cut.status = None
    assert judges.judge_left_behind(LabRuns(talk=cut)).passed is False, "it had to be killed: nothing can be said"


def test_nothing_at_all_fails_everything() -> None:
    from llmproc.labs.processes.lab import CHECKS

    empty = Transcript(MAIN, 0.0)
    for runs in (LabRuns(), LabRuns(talk=empty, scheduled=empty, idle=[empty], busy=[empty], killed=empty)):
        assert [judge(runs).passed for *_, judge in CHECKS] == [False] * len(CHECKS)


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
