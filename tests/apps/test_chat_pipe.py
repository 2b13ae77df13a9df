"""Two lines through a pipe: what stands on stdout, in the log, in the run folder."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from support.chatting import COURSE_LINE, SPEED, answers, run
from support.paths import ROOT

TWO_LINES = "What is a process?\nAnd a thread?\n"


def check_log(log: Path, turns: int) -> list[str]:
    """Only course lines, one per turn at least, and the averaging tool is content."""
    lines = log.read_text().splitlines()
    assert len(lines) >= turns
    for line in lines:
        assert COURSE_LINE.fullmatch(line), line
    tool = subprocess.run(
        [sys.executable, ROOT / "tools" / "avg_cpu_use.py", log], capture_output=True, text=True, timeout=60
    )
    assert tool.returncode == 0, tool.stderr
    average = sum(float(line.split(" ")[-1].rstrip("%")) for line in lines) / len(lines)
    said = re.fullmatch(r"average cpu usage: (\d+\.\d\d)%", tool.stdout.splitlines()[0])
    assert said and abs(float(said[1]) - average) < 0.0051  # a tie may be rounded either way
    return lines


def test_two_lines_through_a_pipe(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, 42, text=TWO_LINES)
    assert code == 0
    assert len(answers(out)) == 2 and all(text.strip() for text in answers(out))
    assert len(SPEED.findall(out)) == 2
    lines = out.splitlines()
    assert lines[-2] == "Child exited with 0"
    folder = Path(lines[-1].removeprefix("[INFO] run folder: "))
    assert folder.parent == tmp_path / "runs" and (tmp_path / "runs" / "latest").resolve() == folder
    logged = check_log(tmp_path / "log.txt", 2)
    assert (folder / "proc.log").read_text().splitlines() == logged
    kinds = [json.loads(line)["kind"] for line in (folder / "events.jsonl").read_text().splitlines()]
    assert kinds.count("turn_ended") == 2 and "worker_died" in kinds
    assert json.loads((folder / "run.json").read_text())["seed"] == 42
    assert (folder / "stderr.txt").read_text() == ""
