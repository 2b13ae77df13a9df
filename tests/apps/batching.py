"""`llmproc batch` as a real process, and a look at what it wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from support.chatting import Chat, run

RUN = "request", "queue_s", "prefill_s", "decode_s", "total_s", "worker", "attempts", "cached_tokens"  # of one run
MODES = ("seq", "sp", "ws", "lpt")


def options(model: Path, **more: object) -> list[object]:
    """Flags for a small model: `max_tokens=5` is `--max-tokens 5`, `json=True` is `--json`."""
    found: list[object] = ["--model", model]
    for name, value in {"max_tokens": 20, "threads": 1, **more}.items():
        flag = f"--{name.replace('_', '-')}"
        found += [flag] if value is True else [] if value is None or value is False else [flag, value]
    return found


def batch(folder: Path, *arguments: object, text: str | bytes = b"", **settings: object) -> tuple[int, str, str]:
    """A whole run behind pipes: (exit status, stdout, stderr without the course's lines)."""
    (folder / "log.txt").unlink(missing_ok=True)
    code, out, err = run(folder, "batch", *arguments, module="llmproc", text=text, **settings)  # type: ignore[arg-type]
    return code, out, remarks(err)


def started(folder: Path, *arguments: object, **settings: Any) -> Chat:
    """A run that goes on meanwhile."""
    return Chat(folder, "batch", *arguments, module="llmproc", **settings)


def remarks(err: str) -> str:
    """What is on stderr beside the samples."""
    return "".join(line for line in err.splitlines(True) if not line.startswith("[pid] "))


def rows_of(source: Path | str) -> list[dict[str, Any]]:
    """The rows of a results file, or of text."""
    text = source if isinstance(source, str) else source.read_text()
    assert not text or text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def lasting(rows: list[dict[str, Any]]) -> list[Mapping[str, Any]]:
    """What must be equal in every run: text, ids, counts, reasons, keys."""
    return [{name: value for name, value in row.items() if name not in RUN} for row in rows]


def part_rows(path: Path) -> int:
    """Whole rows in a .part file so far."""
    try:
        return max(0, path.read_bytes().count(b"\n") - 1)
    except OSError:
        return 0


def prompts(folder: Path, count: int = 12) -> Path:
    """A text file of so many different prompts."""
    path = folder / "prompts.txt"
    path.write_text("".join(f"Tell me story number {number} about pipes\n" for number in range(count)))
    return path
