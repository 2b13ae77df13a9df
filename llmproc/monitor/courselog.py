"""The two line formats of the course: the /proc line on stderr and the speed line on stdout.

    [pid] 647017 [tcomm] (inference) [state] R [policy] SCHED_OTHER [nice] 0 [vsize] 358088704 [task_cpu] 4
    [utime] 10 [stime] 3 [cpu%] 100.00%                                         (one line, single spaces)
    [INFO] SEQ LEN: 266, Speed: 61.1776 tok/s                                   (and three other spellings)

Serves the watch thread (writing) and the reports (reading). Text only: no files, no clocks, no /proc.
tools/avg_cpu_use.py carries its own copy of the parser, and a test keeps the two equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmproc.monitor.proc import Stat, policy_name

# A comm has at most 15 bytes (twice that when the kernel escapes them): two lines torn into one do not pass for one.
_LINE = re.compile(
    r"\[pid\] ([0-9]+) \[tcomm\] (\((?:(?!\[tcomm\]).){0,30}\)) \[state\] (\S) \[policy\] (\S+) \[nice\] (-?[0-9]+)"
    r" \[vsize\] ([0-9]+) \[task_cpu\] ([0-9]+) \[utime\] ([0-9]+) \[stime\] ([0-9]+) \[cpu%\] ([0-9]+(?:\.[0-9]+)?)%",
    re.DOTALL,
)
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_NUMBER = r"([0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?)"
_SPEED = re.compile(
    r"(?:^|\[INFO\]|>>>)\s*"
    r"(?:SEQ[ _]LEN: ([0-9]+)(?:, Speed:| at) " + _NUMBER + r" tok/s"
    r"|length: ([0-9]+), speed \(tok/s\): " + _NUMBER + r")\s*$"
)


@dataclass(frozen=True, slots=True)
class CourseLine:
    """One line of a course log."""

    pid: int
    comm: str  # with its parentheses
    state: str
    policy: str
    nice: int
    vsize: int  # bytes
    task_cpu: int
    utime: int  # ticks
    stime: int  # ticks
    cpu_percent: float  # 100 is one core


@dataclass(frozen=True, slots=True)
class SpeedLine:
    """The line after an answer: positions used so far, and positions of the turn per second."""

    seq_len: int
    tokens_per_s: float


def format_line(stat: Stat, cpu_percent: float) -> str:
    """The course line for one sample, without its newline."""
    return (
        f"[pid] {stat.pid} [tcomm] {stat.comm} [state] {stat.state} [policy] {policy_name(stat.policy)}"
        f" [nice] {stat.nice} [vsize] {stat.vsize} [task_cpu] {stat.processor}"
        f" [utime] {stat.utime} [stime] {stat.stime} [cpu%] {cpu_percent:.2f}%"
    )


def parse_line(line: str) -> CourseLine | None:
    """A course line, with or without its line end; None for anything else, also for a torn one."""
    match = _LINE.fullmatch(line.rstrip("\r\n"))
    if match is None:
        return None
    pid, comm, state, policy, nice, vsize, task_cpu, utime, stime, percent = match.groups()
    return CourseLine(
        int(pid), comm, state, policy, int(nice), int(vsize), int(task_cpu), int(utime), int(stime), float(percent)
    )


def parse_speed_line(line: str) -> SpeedLine | None:
    """A speed line in any of the four spellings in circulation, coloured or not; None for anything else."""
    match = _SPEED.search(_ANSI.sub("", line))
    if match is None:
        return None
    length, speed = (match[1], match[2]) if match[1] is not None else (match[3], match[4])
    return SpeedLine(int(length), float(speed))
