"""From what the user named (a log, a saved stdout, a run folder, or nothing) to RunData. Used by tools and verbs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from llmproc.errors import LogError
from llmproc.monitor.runfolder import latest
from llmproc.report.fromfolder import description, load_folder
from llmproc.report.fromlog import load_log
from llmproc.report.rundata import RunData


def load(source: Path | None = None, base: Path | None = None) -> RunData:
    """Read a log, a saved stdout or a run folder; by default `latest` under `base`, or in the usual place.

    Raises LogError: missing, unreadable, or without anything usable; the message says which.
    """
    if source is None:
        return load_folder(latest(base))
    if source.is_dir():
        return load_folder(source.resolve())
    if not source.exists():
        raise LogError(f"{source}: no such file or folder")
    if not source.is_file():
        raise LogError(f"{source}: neither a file nor a folder")
    simulated = bool(description(source.resolve().parent / "run.json").get("simulated"))  # a log inside a run folder
    return replace(load_log(source), simulated=simulated)
