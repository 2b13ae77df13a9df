"""A course log, a saved stdout, or both in one file -> RunData.

Serves `source.load`. A log has no clock, so times are worked out (ticks used / cpu%) or assumed, and every window
says which. Nothing is drawn here.
"""

from __future__ import annotations

from pathlib import Path

from llmproc.errors import LogError
from llmproc.monitor.courselog import CourseLine, SpeedLine, parse_line, parse_speed_line
from llmproc.monitor.proc import TICKS_PER_SECOND
from llmproc.report.rundata import CPU_COLUMNS, MEMORY_COLUMNS, TURN_COLUMNS, RunData, empty, table

ASSUMED_INTERVAL_S = 0.3


def load_log(path: Path) -> RunData:
    """Reads a text file. Raises LogError when it cannot be read or holds neither course lines nor speed lines."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise LogError(f"{path}: cannot be read: {error.strerror}") from error
    lines, speeds, foreign = [], [], []
    for number, content in enumerate(text.split("\n"), 1):
        if (line := parse_line(content)) is not None:
            lines.append(line)
        elif (speed := parse_speed_line(content)) is not None:
            speeds.append(speed)
        elif content.strip():
            foreign.append(number)
    if not lines and not speeds:
        raise LogError(f"{path}: holds neither course lines ([pid] ... [cpu%] n%) nor speed lines (SEQ LEN: n, ...)")
    kind = "log with stdout" if lines and speeds else "course log" if lines else "saved stdout"
    notes = []
    if lines:
        notes.append(
            "a course log has no clock: a line's seconds are worked out (ticks used / cpu%), else assumed to be"
            f" {ASSUMED_INTERVAL_S:g}; pauses between turns, run-queue wait, RSS and PSS are not in it"
        )
        if foreign and not speeds:
            numbers = ", ".join(map(str, foreign[:8])) + (" ..." if len(foreign) > 8 else "")
            notes.append(f"no course lines, skipped: {numbers}")
    if speeds:
        notes.append(
            "speed lines tell a turn's positions and its speed after the first forward pass: seconds are positions /"
            " speed; load, prefill and the course of the speed inside a turn are not in them"
        )
    cpu = table(_windows(lines), CPU_COLUMNS) if lines else empty(CPU_COLUMNS)
    turns = _turns_of_speeds(speeds) if speeds else _turns_of_lines(lines)
    if lines and not speeds:
        notes.append("turns cannot be told apart in a course log, and it holds no tokens")
    memory = [
        {"pid": line.pid, "t_s": row["end_s"], "vsize": line.vsize}
        for line, row in zip(lines, cpu.to_dict("records"), strict=True)
    ]
    return RunData(
        path,
        kind,
        cpu=cpu,
        memory=table(memory, MEMORY_COLUMNS),
        turns=table(turns, TURN_COLUMNS),
        notes=tuple(notes),
    )


def _windows(lines: list[CourseLine]) -> list[dict[str, object]]:
    """One window per line, one after the other for each process."""
    rows: list[dict[str, object]] = []
    last: dict[int, CourseLine] = {}
    clock: dict[int, float] = {}
    ends = {line.pid: place for place, line in enumerate(lines)}  # the last line of each process
    newest: dict[str, float | int] = {"pid": -1, "start_s": 0.0, "end_s": 0.0}
    for place, line in enumerate(lines):
        before = last.get(line.pid)
        user = (line.utime - before.utime) / TICKS_PER_SECOND if before else 0.0
        system = (line.stime - before.stime) / TICKS_PER_SECOND if before else 0.0
        known = user >= 0 and system >= 0 and user + system > 0
        worked_out = known and line.cpu_percent > 0
        seconds = (user + system) / line.cpu_percent * 100 if worked_out else _assumed(line)
        side_by_side = ends.get(int(newest["pid"]), 0) > place  # else it replaces one that is over
        start = clock.get(line.pid, float(newest["start_s" if side_by_side else "end_s"]))
        share = user / (user + system) if known else None
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
                "time": "worked out" if worked_out else "assumed",
                "comm": line.comm,
            }
        )
        last[line.pid], clock[line.pid] = line, start + seconds
        newest = {"pid": line.pid, "start_s": start, "end_s": start + seconds}
    return rows


def _assumed(line: CourseLine) -> float:
    """Seconds of a window nothing is known of: the usual interval, but no more than the process ever used fits into."""
    ever_s = (line.utime + line.stime) / TICKS_PER_SECOND
    most = ever_s / line.cpu_percent * 100 if ever_s > 0 and line.cpu_percent > 0 else ASSUMED_INTERVAL_S
    return min(ASSUMED_INTERVAL_S, most)


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


def _turns_of_lines(lines: list[CourseLine]) -> list[dict[str, object]]:
    """All turns of a process as one."""
    seconds: dict[int, float] = {}
    for row in _windows(lines):
        pid, start, end = row["pid"], row["start_s"], row["end_s"]
        assert isinstance(pid, int) and isinstance(start, float) and isinstance(end, float)
        seconds[pid] = seconds.get(pid, 0.0) + end - start
    return [{"pid": pid, "other_s": total, "reason": "turns not told apart"} for pid, total in seconds.items()]
