"""The row of the processes lab: its checks with their points, and the runs that they are judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from llmproc.labs.checking.report import CheckResult, Finding
from llmproc.labs.lab import CheckRequest, Lab
from llmproc.labs.processes import judges
from llmproc.labs.processes.reference import answer_as_course
from llmproc.labs.processes.runs import LabRuns, interrupt, kill_child, schedule, talk

CHECKS: tuple[tuple[str, int, str, Callable[[LabRuns], Finding]], ...] = (
    ("prompt", 2, "`>>> `, then for each prompt: answer, speed line, `>>> `", judges.judge_prompt),
    ("processes", 2, "a child process of the program makes the answers", judges.judge_processes),
    ("log", 2, "log lines about that child in every turn, nothing else on stderr", judges.judge_log),
    ("cpu", 2, "cpu% of each log line is ticks used per ticks that have passed", judges.judge_cpu),
    ("text", 2, "the same answers as llmproc.main --course", judges.judge_text),
    ("end-of-input", 2, "end of input ends both processes; `Child exited with ...` is printed", judges.judge_end),
    ("scheduling", 2, "--policy and --nice hold for the child", judges.judge_scheduling),
    ("sigint-waiting", 1, "SIGINT while waiting ends both; the status is printed", judges.judge_idle_interrupt),
    ("sigint-answering", 1, "SIGINT while answering ends both; the status is printed", judges.judge_busy_interrupt),
    ("killed-child", 2, "a killed child is reported, with its signal", judges.judge_killed),
    ("left-behind", 2, "no process is left when the program has ended", judges.judge_left_behind),
)


def check(request: CheckRequest) -> Iterator[str | list[CheckResult]]:
    """Run the program seven times; yields a title before each run and the results at last."""
    runs = LabRuns()
    yield "two prompts and end of input"
    talk(request, runs)
    if runs.talk is not None and runs.talk.others:
        yield "the same prompts, answered by llmproc.main --course"
        answer_as_course(request, runs)
    yield "a policy and a nice value"
    schedule(request, runs)
    for generating in (False, True):
        for group in (False, True):
            yield f"SIGINT while {'answering' if generating else 'waiting'}"
            interrupt(request, runs, generating, group)
    yield "SIGKILL of the child"
    kill_child(request, runs)
    yield [CheckResult(name, points, promise, judge(runs)) for name, points, promise, judge in CHECKS]


PROCESSES = Lab(
    name="processes",
    summary="a prompt loop and its inference process: pipes, signals, /proc, scheduling",
    task=Path(__file__).with_name("task"),
    shipped=(("model", "model.bin"), ("tokenizer", "tokenizer.bin")),
    main=("python3", "main.py"),
    check=check,
)
