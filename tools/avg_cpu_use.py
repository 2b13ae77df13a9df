#!/usr/bin/env python3
"""Average CPU use of a course log (what `python -m llmproc.main 2>log.txt` writes).

One self-contained file, standard library only: it runs from a checkout with nothing installed. The first line it
prints is the course's own; the figures below are better, because lines do not all stand for the same time. It
imports nothing of llmproc; a test compares this parser with the monitor's.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from typing import NamedTuple

TICKS_PER_SECOND = 100  # utime and stime of /proc/<pid>/stat, on every Linux
INTERVAL_S = 0.3  # assumed for a line whose time cannot be worked out
SHORT_WINDOW_S = 0.1  # below it cpu% comes from nanoseconds, and ticks are too coarse to divide by
NAMED = 10  # bad lines shown one by one
LINE = re.compile(
    r"\[pid\] ([0-9]+) \[tcomm\] (\((?:(?!\[tcomm\]).){0,30}\)) \[state\] (\S) \[policy\] (\S+) \[nice\] (-?[0-9]+)"
    r" \[vsize\] ([0-9]+) \[task_cpu\] ([0-9]+) \[utime\] ([0-9]+) \[stime\] ([0-9]+) \[cpu%\] ([0-9]+(?:\.[0-9]+)?)%",
    re.DOTALL,
)
EXAMPLES = """\
examples:
  python3 -m llmproc.main 42 2>log.txt     # chat; the samples go to log.txt
  tools/avg_cpu_use.py log.txt             # average cpu usage: 97.31%
  tools/avg_cpu_use.py logs/latest         # a run folder: its proc.log
  tools/avg_cpu_use.py --json log.txt

100 % means one core: four busy threads are 400 %.
exit code: 0 fine, 1 the log is missing or holds no course line, 2 wrong usage
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


def parse_line(text: str) -> Line | None:
    """A course line, with or without its line end; None for anything else, also for a torn one."""
    match = LINE.fullmatch(text.rstrip("\r\n"))
    if match is None:
        return None
    pid, comm, state, policy, nice, vsize, task_cpu, utime, stime, percent = match.groups()
    return Line(
        int(pid), comm, state, policy, int(nice), int(vsize), int(task_cpu), int(utime), int(stime), float(percent)
    )


def window_s(line: Line, before: Line | None) -> tuple[float, bool]:
    """(seconds the line stands for, whether they are assumed): ticks used / cpu%, where that says anything."""
    used_s = (line.utime + line.stime - before.utime - before.stime) / TICKS_PER_SECOND if before else 0.0
    if used_s <= 0 or line.cpu_percent <= 0:
        ever_s = (line.utime + line.stime) / TICKS_PER_SECOND  # a window cannot hold more than the process ever used
        most = ever_s / line.cpu_percent * 100 if ever_s > 0 and line.cpu_percent > 0 else INTERVAL_S
        return min(INTERVAL_S, most), True
    seconds = used_s / line.cpu_percent * 100
    return seconds, seconds < SHORT_WINDOW_S


def summarise(lines: list[Line]) -> dict[str, object]:
    """Average over lines, and CPU seconds over wall seconds for each pid and for all."""
    processes: dict[int, dict[str, float]] = {}
    last: dict[int, Line] = {}
    for line in lines:
        before = last.get(line.pid)
        if before is not None and line.utime + line.stime < before.utime + before.stime:
            before = None  # the pid was used again
        seconds, assumed = window_s(line, before)
        used_s = (
            (line.utime + line.stime - before.utime - before.stime) / TICKS_PER_SECOND
            if before is not None
            else seconds * line.cpu_percent / 100
        )
        entry = processes.setdefault(line.pid, dict.fromkeys(("lines", "assumed_lines", "cpu_s", "wall_s", "sum"), 0))
        entry["lines"] += 1
        entry["assumed_lines"] += assumed
        entry["cpu_s"] += used_s
        entry["wall_s"] += seconds
        entry["sum"] += line.cpu_percent
        last[line.pid] = line
    table = [
        {
            "pid": pid,
            "lines": int(entry["lines"]),
            "assumed_lines": int(entry["assumed_lines"]),
            "average_percent": round(entry["sum"] / entry["lines"], 2),
            "cpu_s": round(entry["cpu_s"], 3),
            "wall_s": round(entry["wall_s"], 3),
            "cpu_over_wall_percent": round(100 * entry["cpu_s"] / entry["wall_s"], 2),
            "user_s": last[pid].utime / TICKS_PER_SECOND,
            "system_s": last[pid].stime / TICKS_PER_SECOND,
        }
        for pid, entry in processes.items()
    ]
    return {"average_percent": sum(line.cpu_percent for line in lines) / len(lines), "processes": table}


def measured(folder: Path) -> dict[int, dict[str, float]]:
    """From a run folder's events.jsonl, by the clock: CPU and wall seconds of each pid's turns, or of its recording."""
    found: dict[int, dict[str, float]] = {}
    try:
        records = (folder / "events.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
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
    """(course lines, [(line number, text) of what is none]). Blank lines are passed over."""
    good, bad = [], []
    with path.open(encoding="utf-8", errors="surrogateescape", newline="\n") as file:
        for number, text in enumerate(file, 1):
            line = parse_line(text)
            if line is not None:
                good.append(line)
            elif text.strip():
                bad.append((number, text.strip()))
    return good, bad


def shown(text: str) -> str:
    """A foreign line, harmless for a terminal and short."""
    return ascii(text[:60])[1:-1] + ("..." if len(text) > 60 else "")


def main(arguments: list[str] | None = None) -> int:
    """Prints the figures; returns the exit code."""
    parser = argparse.ArgumentParser(
        description="Average CPU use of a course log, and better figures below it.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("log", type=Path, help="a course log, or a run folder (its proc.log is taken)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    options = parser.parse_args(arguments)
    path = options.log / "proc.log" if options.log.is_dir() else options.log
    try:
        lines, bad = read(path)
    except OSError as error:
        print(f"{path}: cannot be read: {error.strerror}", file=sys.stderr)
        return 1
    summary = summarise(lines) if lines else {"average_percent": None, "processes": []}
    for entry in summary["processes"] if options.log.is_dir() else ():
        entry |= measured(options.log).get(entry["pid"], {})
    if options.json:
        summary |= {"log": str(path), "lines": len(lines), "skipped": [{"line": n, "text": shown(t)} for n, t in bad]}
        summary["note"] = "100 % is one core; wall seconds are worked out of the lines (ticks used / cpu%)"
        print(json.dumps(summary))
        return 0 if lines else 1
    if lines:
        print_text(summary, len(lines))
    for number, text in bad[:NAMED]:
        print(f"{path}: line {number} is no course line (skipped): {shown(text)}", file=sys.stderr)
    if len(bad) > NAMED:
        numbers = ", ".join(str(number) for number, _ in bad[NAMED : NAMED + 50])
        more = " ..." if len(bad) > NAMED + 50 else ""
        print(f"{path}: {len(bad) - NAMED} more skipped: lines {numbers}{more}", file=sys.stderr)
    if not lines:
        print(f"{path}: no course line in it" + ("" if bad else ": the log is empty"), file=sys.stderr)
    return 0 if lines else 1


def print_text(summary: dict, count: int) -> None:
    """The course's line, then one line per process."""
    print(f"average cpu usage: {summary['average_percent']:.2f}%")
    print(f"\n{count} lines; 100 % is one core. Better than that average, which counts short windows like long ones:")
    for entry in summary["processes"]:
        print(
            f"  pid {entry['pid']}: {entry['cpu_s']:.2f} s CPU / {entry['wall_s']:.2f} s wall ="
            f" {entry['cpu_over_wall_percent']:.2f}%"
            f"   ({entry['lines']} lines, average {entry['average_percent']:.2f}%;"
            f" at the end {entry['user_s']:.2f} s user, {entry['system_s']:.2f} s system)"
        )
        if entry.get("turn_wall_s"):
            share = 100 * entry["turn_cpu_s"] / entry["turn_wall_s"]
            what = f"{entry['turns']} turns" if entry["turns"] else "the whole recording"
            print(
                f"    by the run folder's clock: {what}, {entry['turn_cpu_s']:.2f} s CPU /"
                f" {entry['turn_wall_s']:.3f} s wall = {share:.2f}%"
            )
    cpu_s = sum(entry["cpu_s"] for entry in summary["processes"])
    assumed = sum(entry["assumed_lines"] for entry in summary["processes"])
    print(f"  total: {cpu_s:.2f} s CPU")
    print("Wall seconds are worked out of the lines themselves (ticks used / cpu%), as a log has no clock;")
    print(f"for {assumed} of the {count} lines that says too little: 0.3 s, or a short window, is assumed.")


if __name__ == "__main__":
    try:
        code = main()
        sys.stdout.flush()
    except BrokenPipeError:  # `| head -1`
        sys.stderr.close()
        code = 141
    sys.exit(code)
