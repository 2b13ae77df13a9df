"""A course log, a saved stdout, or both in one file -> RunData.

Used by `source.load`. A log has no clock: the seconds of a line are computed (ticks used / cpu%) or assumed, and every
window says which. Nothing is drawn here.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from llmproc.errors import LogError
from llmproc.files.encoding import other_encoding
from llmproc.monitor.courselog import CourseLine, SpeedLine, parse_line, parse_speed_line
from llmproc.monitor.proc import TICKS_PER_SECOND
from llmproc.report.rundata import CPU_COLUMNS, MEMORY_COLUMNS, TURN_COLUMNS, RunData, table

ASSUMED_INTERVAL_S = 0.3
_MOST_NUMBERS = 8  # line numbers in a note
_CLOCK_NOTE = (
    "a course log has no clock: the seconds of a line are computed (ticks used / cpu%), else assumed to be"
    f" {ASSUMED_INTERVAL_S:g}, or less where ticks and cpu% allow no more; pauses"
    " between turns, run-queue wait, RSS and PSS are not in it"
)
_SPEED_NOTE = (
    "a speed line holds a turn's positions and its speed after the first forward pass: seconds are positions / speed;"
    " load, prefill and changes of speed inside a turn are not in it"
)


@dataclass(slots=True)
class _LogText:
    """The lines of a file by kind."""

    lines: list[CourseLine] = field(default_factory=list)
    speeds: list[SpeedLine] = field(default_factory=list)
    foreign: list[int] = field(default_factory=list)  # numbers of other lines


def load_log(path: Path) -> RunData:
    """Read a text file. Raises LogError when it cannot be read or holds neither course lines nor speed lines."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from error
    found = _recognise(data.decode("utf-8-sig", "replace"))
    lines, speeds = found.lines, found.speeds
    if not lines and not speeds:
        encoding = other_encoding(data)
        hint = f"; it looks like {encoding}: iconv -f {encoding} -t UTF-8 converts it" if encoding else ""
        raise LogError(
            f"{path}: holds neither course lines ([pid] ... [cpu%] n%) nor speed lines (SEQ LEN: n, ...){hint}"
        )
    windows = _windows(lines)
    memory = [
        {"pid": line.pid, "t_s": row["end_s"], "vsize": line.vsize} for line, row in zip(lines, windows, strict=True)
    ]
    turns = _turns_of_speeds(speeds) if speeds else _turns_of_windows(windows)
    return RunData(
        path,
        "log with stdout" if lines and speeds else "course log" if lines else "saved stdout",
        cpu=table(windows, CPU_COLUMNS),
        memory=table(memory, MEMORY_COLUMNS),
        turns=table(turns, TURN_COLUMNS),
        notes=tuple(_notes(found)),
    )


def _recognise(text: str) -> _LogText:
    found = _LogText()
    for number, content in enumerate(io.StringIO(text, newline="\n"), 1):
        if (line := parse_line(content)) is not None:
            found.lines.append(line)
        elif (speed := parse_speed_line(content)) is not None:
            found.speeds.append(speed)
        elif content.strip():
            found.foreign.append(number)
    return found


def _notes(found: _LogText) -> Iterator[str]:
    """Yield what the file cannot tell, and which of its lines differ from the format."""
    if found.lines:
        yield _CLOCK_NOTE
    for how, count in Counter(how for line in found.lines for how in line.unusual).items():
        yield f"read all the same: {how}, in {count} line{'s' * (count != 1)}"
    if found.lines and not found.speeds and (foreign := found.foreign):
        more = " ..." if len(foreign) > _MOST_NUMBERS else ""
        yield f"skipped, as they are not course lines: {', '.join(map(str, foreign[:_MOST_NUMBERS]))}{more}"
    if found.speeds:
        yield _SPEED_NOTE
    elif found.lines:
        yield "turns cannot be told apart in a course log, and it holds no tokens"


def _windows(lines: list[CourseLine]) -> list[dict[str, object]]:
    """Return one window per line; the windows of one process follow one another."""
    rows: list[dict[str, object]] = []
    last: dict[int, CourseLine] = {}
    clock: dict[int, float] = {}
    ends = {line.pid: place for place, line in enumerate(lines)}  # the last line of each process
    newest: tuple[int, float, float] = (-1, 0.0, 0.0)  # pid, start and end of the window before this one
    for place, line in enumerate(lines):
        seconds, share, computed = _measures(line, last.get(line.pid))
        pid, *edges = newest
        side_by_side = ends.get(pid, 0) > place  # else it replaces one that is over
        start = clock.get(line.pid, edges[0] if side_by_side else edges[1])
        rows.append(
            {
                "pid": line.pid,
                "start_s": start,
                "end_s": start + seconds,
                "cpu_percent": line.cpu_percent,
                "user_percent": None if share is None else line.cpu_percent * share,
                "system_percent": None if share is None else line.cpu_percent * (1 - share),
                "state": line.state,
                "policy": line.policy,
                "nice": line.nice,
                "core": line.task_cpu,
                "generating": True,
                "time": "worked out" if computed else "assumed",
                "comm": line.comm,
            }
        )
        last[line.pid], clock[line.pid] = line, start + seconds
        newest = (line.pid, start, start + seconds)
    return rows


def _measures(line: CourseLine, before: CourseLine | None) -> tuple[float, float | None, bool]:
    """Return (seconds of the window, share of user time or None, whether the seconds are computed, not assumed)."""
    if before is None or line.utime < before.utime or line.stime < before.stime:  # also: the pid was used again
        return _assumed(line, line.utime + line.stime), None, False
    user, system = line.utime - before.utime, line.stime - before.stime
    if user + system == 0:
        return _assumed(line, 0), None, False
    share = user / (user + system)
    if line.cpu_percent <= 0:
        return _assumed(line, user + system), share, False
    return (user + system) / TICKS_PER_SECOND / line.cpu_percent * 100, share, True


def _assumed(line: CourseLine, ticks: int) -> float:
    """Return seconds for a window of unknown length: the usual interval, or less if it cannot hold that much CPU time.

    `ticks` is the most CPU time that the window can hold; 0 stands for less than one.
    """
    if line.cpu_percent <= 0:
        return ASSUMED_INTERVAL_S
    return min(ASSUMED_INTERVAL_S, max(ticks, 1) / TICKS_PER_SECOND / line.cpu_percent * 100)


def _turns_of_speeds(speeds: list[SpeedLine]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    before = 0
    for number, speed in enumerate(speeds, 1):
        positions = speed.seq_len - before if speed.seq_len > before else speed.seq_len  # fewer: /clear, a new session
        rows.append(
            {
                "turn": number,
                "decode_s": positions / speed.tokens_per_s if speed.tokens_per_s > 0 else None,
                "positions": positions,
                "seq_len": speed.seq_len,
                "tokens_per_s": speed.tokens_per_s,
            }
        )
        before = speed.seq_len
    return rows


def _turns_of_windows(windows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return one row per process, as its turns cannot be told apart."""
    seconds: dict[int, float] = {}
    for row in windows:
        pid, start, end = row["pid"], row["start_s"], row["end_s"]
        assert isinstance(pid, int) and isinstance(start, float) and isinstance(end, float)
        seconds[pid] = seconds.get(pid, 0.0) + end - start
    return [{"pid": pid, "other_s": total, "reason": "turns not told apart"} for pid, total in seconds.items()]
