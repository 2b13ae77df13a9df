"""Transcripts made by hand, for the judges' tests: no process is started."""

from __future__ import annotations

import dataclasses
from typing import Any

from llmproc.labs.checking.transcript import AskedTurn, Glimpse, LogLine, ProcessTrace, Transcript
from llmproc.labs.processes.runs import PROMPTS
from llmproc.monitor.courselog import format_line
from llmproc.monitor.proc import Stat

MAIN, CHILD = 100, 101
SPEED = "\n[INFO] SEQ LEN: 265, Speed: 61.2 tok/s\n"


def stat(pid: int, ticks: int = 0, **changes: Any) -> Stat:
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
        exchange = AskedTurn(PROMPTS[number], 1.0 + 2 * number, len(run.out))
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
