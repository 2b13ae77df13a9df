"""Where the lines of one run go: the run folder, and the second place of the course log, a file or stderr.

Used by the recorder of a service and by `record`. It opens and closes; others decide what is written, and when.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llmproc.errors import UsageError
from llmproc.monitor.events import Event, line_of
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder
from llmproc.monitor.sinks import LineSink


class Logs:
    """The open files of one run; `close()` them after the last line."""

    def __init__(
        self, log: str | None, stderr_otherwise: bool, run_dir: str | None, notice: Callable[[str], None]
    ) -> None:
        """Open them.

        `log`: a file, `-` for stderr, None: stderr if `stderr_otherwise`, else nowhere. `run_dir`: where run folders
        are kept, `none` for no folder, None for the usual place. Raises LogError or UsageError when a file cannot be
        written.
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

    def write_event(self, event: Event) -> None:
        """Write an event of a service to events.jsonl."""
        if self.folder:
            self.folder.event(**line_of(event))

    def event(self, kind: str, **fields: Any) -> None:
        """Write one line of events.jsonl."""
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
