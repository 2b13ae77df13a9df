#!/usr/bin/env python3
"""Average CPU use of a course log (what `python -m llmproc.main 2>log.txt` writes).

One self-contained file, standard library only: it runs from a checkout with nothing installed, and imports nothing of
llmproc (a test compares this parser with the monitor's). The first line it prints is the one that the course's script
prints. The figures below it are better, because not all lines stand for the same time.
"""

from __future__ import annotations

import argparse
import collections
import dataclasses
import json
import math
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

TICKS_PER_SECOND = 100  # utime and stime of /proc/<pid>/stat, on every Linux
INTERVAL_S = 0.3  # assumed for a line whose time cannot be computed, unless ticks and cpu% allow less only
NAMED = 10  # bad lines shown one by one
LINE = re.compile(
    r"\[pid\] ([0-9]{1,10}) \[tcomm\] ((?:(?!\[tcomm\]).){0,62}) \[state\] (\S)"
    r" \[policy\] ([^\s\[\]]+(?: [^\s\[\]]+){0,7}) \[nice\] (-?[0-9]{1,3}) \[vsize\] ([0-9]{1,18})"
    r" \[task_cpu\] (-?[0-9]{1,6}) \[utime\] ([0-9]{1,15}) \[stime\] ([0-9]{1,15})"
    r" \[cpu%\] (-?[0-9]{1,9}(?:\.[0-9]{1,18})?)(%?)",
    re.DOTALL,
)
WALL = "A log has no clock: wall seconds are computed from its lines (ticks used / cpu%)."
EXAMPLES = """\
examples:
  python3 -m llmproc.main 42 2>log.txt     # chat; the course lines go to log.txt
  tools/avg_cpu_use.py log.txt             # average cpu usage: 97.31%
  tools/avg_cpu_use.py logs/latest         # a run folder: its proc.log
  tools/avg_cpu_use.py --json log.txt

100 % means one core: four busy threads are 400 %.
exit code: 0 success, 1 the log is missing or has no course lines, 2 wrong usage
"""


class Line(NamedTuple):
    """One line of a course log."""

    pid: int
    comm: str
    state: str
    policy: str
    nice: int
    vsize: int
    task_cpu: int
    utime: int
    stime: int
    cpu_percent: float
    unusual: tuple[str, ...] = ()


def parse_line(line: str) -> Line | None:
    """Parse a course line, with or without its line end; None for anything else, also for a torn line.

    A percentage without `%` needs the line end: without both, its last digits may be missing.
    """
    text = line.rstrip("\r\n")
    match = LINE.fullmatch(text)
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
    return Line(int(pid), f"({comm})" if bare else comm, state, policy, *numbers, unusual)


@dataclasses.dataclass
class Total:
    """The sums over the lines of one process."""

    last: Line
    lines: int = 0
    assumed_lines: int = 0
    cpu_s: float = 0.0
    wall_s: float = 0.0
    shares: list[float] = dataclasses.field(default_factory=list)  # cpu% / 100 of each line

    def add(self, line: Line, before: Line | None) -> None:
        """Add one line; `before` is the previous line of the same process."""
        seconds, assumed = window_s(line, before)
        self.lines, self.assumed_lines, self.last = self.lines + 1, self.assumed_lines + assumed, line
        ticks = ticks_between(before, line)
        # Before its first line a process may have run for longer than the line's window.
        self.cpu_s += min(ticks / TICKS_PER_SECOND, math.inf if before else seconds * positive(line) / 100)
        self.wall_s += seconds
        self.shares.append(line.cpu_percent / 100)

    def row(self, pid: int) -> dict[str, float]:
        """Return the figures of the process for the text and for --json."""
        return {
            "pid": pid,
            "lines": self.lines,
            "assumed_lines": self.assumed_lines,
            "average_percent": average_percent(self.shares),
            "cpu_s": round(self.cpu_s, 3),
            "wall_s": round(self.wall_s, 3),
            "cpu_over_wall_percent": round(100 * self.cpu_s / self.wall_s, 2),
            "user_s": self.last.utime / TICKS_PER_SECOND,
            "system_s": self.last.stime / TICKS_PER_SECOND,
        }


def ticks_between(before: Line | None, line: Line) -> int:
    """Return the ticks of CPU time that a process used between two of its lines; before None: since it began."""
    return line.utime + line.stime - (before.utime + before.stime if before else 0)


def positive(line: Line) -> float:
    """Return cpu%, 0 where it is negative."""
    return max(line.cpu_percent, 0.0)


def window_s(line: Line, before: Line | None) -> tuple[float, bool]:
    """Return (seconds the line stands for, whether they are assumed): ticks used / cpu%, where both say something."""
    if line.cpu_percent <= 0:
        return INTERVAL_S, True
    ticks = ticks_between(before, line)
    most = max(ticks, 1) / TICKS_PER_SECOND / line.cpu_percent * 100  # without a whole tick: less than one
    return (most, False) if before and ticks > 0 else (min(INTERVAL_S, most), True)


def average_percent(shares: list[float]) -> float:
    """Return the average in percent, rounded as the course's script prints it.

    Its arithmetic decides the last digit: each percentage divided by 100, added up in the order of the file, divided
    by the number of lines, printed with `:.2%`.
    """
    total = 0.0
    for share in shares:  # not sum(), which newer versions of Python round in another way
        total += share
    return float(f"{total / len(shares):.2%}".rstrip("%"))


def summarise(lines: list[Line]) -> dict[str, Any]:
    """Return the average over lines, and CPU seconds over wall seconds for each pid."""
    totals: dict[int, Total] = {}
    for line in lines:
        total = totals.setdefault(line.pid, Total(line))
        before = total.last if total.lines else None
        if before is not None and (line.utime < before.utime or line.stime < before.stime):
            before = None  # the pid was used again
        total.add(line, before)
    average = average_percent([line.cpu_percent / 100 for line in lines]) if lines else None
    return {"average_percent": average, "processes": [total.row(pid) for pid, total in totals.items()]}


def measured(folder: Path) -> dict[int, dict[str, float]]:
    """Return CPU and wall seconds of each pid's turns, or of its recording, from events.jsonl of a run folder."""
    found: dict[int, dict[str, float]] = {}
    try:
        records = (folder / "events.jsonl").read_text(encoding="utf-8-sig", errors="replace").split("\n")
    except OSError:
        return {}
    for text in records:
        try:
            event = json.loads(text)
            if event["kind"] not in ("turn_ended", "process_left") or "wall_s" not in event:
                continue
            entry = found.setdefault(int(event["pid"]), {"turns": 0, "turn_cpu_s": 0.0, "turn_wall_s": 0.0})
            entry["turns"] += event["kind"] == "turn_ended"
            entry["turn_cpu_s"] += event["user_s"] + event["system_s"]
            entry["turn_wall_s"] += event["wall_s"]
        except (ValueError, KeyError, TypeError):
            continue  # a torn line
    return found


def read(path: Path) -> tuple[list[Line], list[tuple[int, str]]]:
    """Return (course lines, [(line number, text) of other lines]). Blank lines and a byte order mark are skipped."""
    good, bad = [], []
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as file:
        for number, text in enumerate(file, 1):
            line = parse_line(text)
            if line is not None:
                good.append(line)
            elif text.strip():
                bad.append((number, text.strip()))
    return good, bad


def shown(text: str) -> str:
    """Return a foreign line cut short, with escapes for all that could disturb a terminal."""
    return ascii(text[:60])[1:-1] + ("..." if len(text) > 60 else "")


def main(arguments: list[str] | None = None) -> int:
    """Print the figures; return the exit code."""
    parser = argparse.ArgumentParser(
        description="Print the average CPU use of a course log as the course's script does, and better figures below.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("log", type=Path, help="a course log, or a run folder (its proc.log is read)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    options = parser.parse_args(arguments)
    path = options.log / "proc.log" if options.log.is_dir() else options.log
    try:
        lines, bad = read(path)
    except OSError as error:
        print(f"{path}: cannot be read: {error.strerror}", file=sys.stderr)
        return 1
    summary = summarise(lines)
    if options.log.is_dir():
        found = measured(options.log)
        for row in summary["processes"]:
            row |= found.get(row["pid"], {})
    unusual = dict(collections.Counter(how for line in lines for how in line.unusual))
    if options.json:
        summary |= {"log": str(path), "lines": len(lines), "skipped": [{"line": n, "text": shown(t)} for n, t in bad]}
        summary |= {"unusual": unusual, "note": f"100 % is one core. {WALL}"}
        print(json.dumps(summary))
        return 0 if lines else 1
    if lines:
        print_text(summary, len(lines))
    complain(path, lines, bad, unusual)
    return 0 if lines else 1


def complain(path: Path, lines: list[Line], bad: list[tuple[int, str]], unusual: dict[str, int]) -> None:
    """Say on stderr what was skipped, and what was read although it differs from the format."""
    for how, count in unusual.items():
        print(f"{path}: read all the same: {how}, in {count} line{'s' * (count != 1)}", file=sys.stderr)
    for number, text in bad[:NAMED]:
        print(f"{path}: line {number} is not a course line (skipped): {shown(text)}", file=sys.stderr)
    if len(bad) > NAMED:
        numbers = ", ".join(str(number) for number, _ in bad[NAMED : NAMED + 50])
        more = " ..." if len(bad) > NAMED + 50 else ""
        print(f"{path}: {len(bad) - NAMED} more skipped: lines {numbers}{more}", file=sys.stderr)
    if not lines:
        utf16 = any("\0" in text for _, text in bad)
        hint = "; it looks like UTF-16: iconv -f UTF-16 -t UTF-8 converts it" if utf16 else ""
        print(f"{path}: no course line in it{hint if bad else ': the log is empty'}", file=sys.stderr)


def print_text(summary: dict[str, Any], count: int) -> None:
    """Print the course's line, then a line or two for each process."""
    print(f"average cpu usage: {summary['average_percent']:.2f}%")
    print(f"\n{count} lines; 100 % is one core. The average above counts short windows like long ones. By seconds:")
    for row in summary["processes"]:
        print(
            f"  pid {row['pid']}: {row['cpu_s']:.2f} s CPU / {row['wall_s']:.2f} s wall ="
            f" {row['cpu_over_wall_percent']:.2f}%"
            f"   ({row['lines']} lines, average {row['average_percent']:.2f}%;"
            f" at the end {row['user_s']:.2f} s user, {row['system_s']:.2f} s system)"
        )
        if row.get("turn_wall_s"):
            share = 100 * row["turn_cpu_s"] / row["turn_wall_s"]
            what = f"{row['turns']} turns" if row["turns"] else "the whole recording"
            print(
                f"    by the run folder's clock: {what}, {row['turn_cpu_s']:.2f} s CPU /"
                f" {row['turn_wall_s']:.3f} s wall = {share:.2f}%"
            )
    print(f"  total: {sum(row['cpu_s'] for row in summary['processes']):.2f} s CPU")
    print(WALL)
    assumed = sum(row["assumed_lines"] for row in summary["processes"])
    print(
        f"{assumed} of {count} windows: length assumed (a process's first line, or less than a tick used):"
        f" {INTERVAL_S} s, or less where ticks and cpu% allow no more."
    )


def run() -> int:
    """Call `main` for a user: what stdout or Ctrl-C does to it is an exit code and at most one line."""
    if sys.stdout is None:
        print("stdout: cannot be written: it is closed", file=sys.stderr)
        return 1
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a file's name may be any bytes
    try:
        code = main()
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter's last flush must not fail too
        if isinstance(error, BrokenPipeError):  # `| head -1`
            return 141
        print(f"stdout: cannot be written: {error.strerror}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(run())
