"""The two line formats of the course: the /proc line on stderr and the speed line on stdout.

    [pid] 647017 [tcomm] (inference) [state] R [policy] SCHED_OTHER [nice] 0 [vsize] 358088704 [task_cpu] 4
    [utime] 10 [stime] 3 [cpu%] 100.00%                                         (one line, single spaces)
    [INFO] SEQ LEN: 266, Speed: 61.1776 tok/s                                   (and three other spellings)

Used by the watch thread (writing) and the reports (reading). Text only: no files, no clocks, no /proc.
Our lines are written exactly as above. Lines of other programs may differ in four ways (`CourseLine.unusual`): they are
read, and the reader says so. tools/avg_cpu_use.py carries a copy of the parser, and a test keeps the two equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from llmproc.monitor.proc import Stat, comm_text, policy_name

# A comm has 15 bytes, up to 60 characters when all are escaped. It cannot hold `[tcomm]`, nor a policy a bracket: two
# lines torn into one do not pass for one. The numbers have limits so that no reader meets one it cannot keep.
_LINE = re.compile(
    r"\[pid\] ([0-9]{1,10}) \[tcomm\] ((?:(?!\[tcomm\]).){0,62}) \[state\] (\S)"
    r" \[policy\] ([^\s\[\]]+(?: [^\s\[\]]+){0,7}) \[nice\] (-?[0-9]{1,3}) \[vsize\] ([0-9]{1,18})"
    r" \[task_cpu\] (-?[0-9]{1,6}) \[utime\] ([0-9]{1,15}) \[stime\] ([0-9]{1,15})"
    r" \[cpu%\] (-?[0-9]{1,9}(?:\.[0-9]{1,18})?)(%?)",
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
    comm: str  # with its parentheses, also where the line had none
    state: str
    policy: str
    nice: int
    vsize: int  # bytes
    task_cpu: int
    utime: int  # ticks
    stime: int  # ticks
    cpu_percent: float  # 100 is one core
    unusual: tuple[str, ...] = ()  # how the line differs from the format


@dataclass(frozen=True, slots=True)
class SpeedLine:
    """The line after an answer: positions used so far, and positions of the turn per second."""

    seq_len: int
    tokens_per_s: float


def format_line(stat: Stat, cpu_percent: float) -> str:
    """Return the course line for one sample, without its newline."""
    return (
        f"[pid] {stat.pid} [tcomm] {comm_text(stat.comm)} [state] {stat.state} [policy] {policy_name(stat.policy)}"
        f" [nice] {stat.nice} [vsize] {stat.vsize} [task_cpu] {stat.processor}"
        f" [utime] {stat.utime} [stime] {stat.stime} [cpu%] {cpu_percent:.2f}%"
    )


def parse_line(line: str) -> CourseLine | None:
    """Parse a course line, with or without its line end; None for anything else, also for a torn line.

    A percentage without `%` needs the line end: without both, its last digits may be missing.
    """
    text = line.rstrip("\r\n")
    match = _LINE.fullmatch(text)
    if match is None or (not match[11] and text == line):
        return None
    pid, comm, state, policy, nice, vsize, task_cpu, utime, stime, percent, sign = match.groups()
    bare = not (comm.startswith("(") and comm.endswith(")"))
    found = {
        "a name without parentheses": bare,
        "an unknown policy": not policy.startswith("SCHED_"),
        "a percentage without %": not sign,
        "a negative percentage": percent.startswith("-"),
    }
    unusual = tuple(text for text, is_so in found.items() if is_so)
    numbers = (int(nice), int(vsize), int(task_cpu), int(utime), int(stime), float(percent))
    return CourseLine(int(pid), f"({comm})" if bare else comm, state, policy, *numbers, unusual)


def parse_speed_line(line: str) -> SpeedLine | None:
    """Parse a speed line in any of the four spellings in circulation, coloured or not; None for anything else."""
    match = _SPEED.search(_ANSI.sub("", line))
    if match is None:
        return None
    length, speed = (match[1], match[2]) if match[1] is not None else (match[3], match[4])
    return SpeedLine(int(length), float(speed))
