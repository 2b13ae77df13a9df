"""Where the lines of one run go: the run folder, and the course log's other place, a file or stderr.

Serves the recorder of a service and `record`. It opens and closes; who writes, and when, is their affair.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llmproc.errors import UsageError
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder
from llmproc.monitor.sinks import LineSink


class Logs:
    """Open; `close()` them when nobody writes any more."""

    def __init__(
        self, log: str | None, stderr_otherwise: bool, run_dir: str | None, notice: Callable[[str], None]
    ) -> None:
        """`log`: a file, `-` for stderr, None for `stderr_otherwise`. `run_dir`: a base, `none`, None: the usual.

        Raises LogError or UsageError when a file cannot be written.
        """
        self._opened: list[int] = []
        self.folder: RunFolder | None = None
        named = None if log in (None, "-") else LineSink(self._open(str(log)), str(log), notice)  # may be refused
        if run_dir != NO_FOLDER:
            self.folder = RunFolder.create(Path(run_dir) if run_dir else None, notice=notice)
        self.to_stderr = log == "-" or (log is None and stderr_otherwise)
        self.course = [self.folder.proc_log] if self.folder else []
        if named:
            self.course.append(named)
        elif self.to_stderr:
            self.course.append(LineSink(2, "stderr", notice))
        self.csv = self.folder.proc_csv if self.folder else None

    def _open(self, name: str) -> int:
        try:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UsageError(f"--log is {name}: cannot be written: {error.strerror}") from None
        self._opened.append(fd)
        return fd

    def event(self, kind: str, **fields: Any) -> None:
        """One line of events.jsonl."""
        if self.folder:
            self.folder.event(kind, **fields)

    def describe(self, **facts: Any) -> None:
        """Add facts to run.json."""
        if self.folder:
            self.folder.describe(facts)

    def close(self) -> None:
        """Close the files; twice is fine."""
        if self.folder:
            self.folder.close()
        opened, self._opened = self._opened, []
        for fd in opened:
            os.close(fd)
