"""A lab: files to start from, and checks of what was made of them. Data only; the table of labs is `table.py`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.labs.checking.program import Patience
from llmproc.labs.checking.report import CheckResult


@dataclass(frozen=True, slots=True)
class CheckRequest:
    """A program to check: its command, run in a folder."""

    command: Sequence[str]
    folder: Path
    patience: Patience


@dataclass(frozen=True, slots=True)
class Lab:
    """One lab. `check` runs the program and yields a title before each run; it returns the results."""

    name: str
    summary: str
    task: Path  # folder with the files to copy
    shipped: tuple[tuple[str, str], ...]  # (folder, file) of shipped files that are copied too
    main: tuple[str, ...]  # the command that is checked when none is given
    check: Callable[[CheckRequest], Iterator[str | list[CheckResult]]]
