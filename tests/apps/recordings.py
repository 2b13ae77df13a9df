"""`llmproc record` as a real process, and what it wrote."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from support.chatting import Chat, run

from llmproc.monitor.courselog import CourseLine, parse_line

PYTHON = (sys.executable, "-S", "-E", "-c")


def record(folder: Path, *arguments: object, **settings: object) -> tuple[int, str, str]:
    """(exit code, stdout, stderr) of a recording from beginning to end."""
    (folder / "log.txt").unlink(missing_ok=True)
    return run(folder, "record", *arguments, module="llmproc", **settings)  # type: ignore[arg-type]


def recording(folder: Path, *arguments: object, **settings: object) -> Chat:
    return Chat(folder, "record", *arguments, module="llmproc", **settings)  # type: ignore[arg-type]


def course(path: Path) -> list[CourseLine]:
    found = [parse_line(line) for line in path.read_text().splitlines()]
    assert None not in found
    return [line for line in found if line is not None]


def events(folder: Path, kind: str) -> list[dict[str, object]]:
    text = (folder / "runs" / "latest" / "events.jsonl").read_text()
    return [event for event in map(json.loads, text.splitlines()) if event["kind"] == kind]
