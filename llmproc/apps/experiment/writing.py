"""A result into its folder: JSON first, so that whatever goes wrong with a picture, what was measured is kept."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from llmproc.errors import LogError
from llmproc.experiments.frame.reading import RESULT_FILE
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.report.experiment_report import render, summary_text

REPORT_FILE = "report.md"
_USUAL = "llmproc.report.experiment_chart:draw"
Draw = Callable[[Mapping[str, Any], Path], list[tuple[str, str]]]


def keep(document: Mapping[str, Any], pictures: str, folder: Path) -> str:
    """Write result.json, pictures and report.md; return what is printed. LogError when the folder cannot be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RESULT_FILE).write_text(to_json(document) + "\n", encoding="utf-8")
        drawn = drawing(pictures or _USUAL)(document, folder) if document["rounds"] else []
        (folder / REPORT_FILE).write_text(escape_bytes(render(document, drawn)), encoding="utf-8")
    except OSError as error:
        raise LogError(f"{folder}: cannot be written: {error.strerror}") from None
    files = [RESULT_FILE, REPORT_FILE, *(name for name, _ in drawn)]
    return f"{summary_text(document)}\n{folder}: {', '.join(files)}\n"


def drawing(named: str) -> Draw:
    """Return the function that draws: `module:function`, imported only now, as matplotlib is slow to import."""
    module, _, function = named.partition(":")
    found: Draw = getattr(importlib.import_module(module), function)
    return found
