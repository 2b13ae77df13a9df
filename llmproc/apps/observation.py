"""Wires the watch and the run folder to a service: who samples, and where the lines go.

Serves every app that runs workers. It decides nothing about requests and reads no /proc itself.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from resource import struct_rusage
from typing import Any

from llmproc.apps.lastwords import last_line
from llmproc.errors import UsageError
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder
from llmproc.monitor.sinks import LineSink
from llmproc.monitor.watch import Watch


class Observation:
    """A service's Observer; `close()` it after the service."""

    def __init__(
        self,
        interval_s: float,
        log: str | None,
        course: bool,
        run_dir: str | None,
        notice: Callable[[str], None],
    ) -> None:
        """`log`: a file, `-` for stderr, None for stderr unless that is a terminal. `run_dir`: a base folder or `none`.

        Raises LogError or UsageError when a file cannot be written.
        """
        self._opened: list[int] = []
        self.folder: RunFolder | None = None
        named = None if log in (None, "-") else LineSink(self._open(str(log)), str(log), notice)  # may be refused
        if run_dir != NO_FOLDER:
            self.folder = RunFolder.create(Path(run_dir) if run_dir else None, notice=notice)
        sinks = [self.folder.proc_log] if self.folder else []
        if named:
            sinks.append(named)
        elif log == "-" or course or not sys.stderr.isatty():
            sinks.append(LineSink(2, "stderr", notice))
        csv = self.folder.proc_csv if self.folder else None
        self._watch = Watch(interval_s, sinks, csv, event=self.event, notice=notice)
        self.output_fd = self._output()
        self._watch.start()

    def _open(self, name: str) -> int:
        try:
            fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise UsageError(f"--log is {name}: cannot be written: {error.strerror}") from None
        self._opened.append(fd)
        return fd

    def _output(self) -> int:
        """Where children's output goes: a file of the run folder, written by themselves: nobody has to drain it."""
        if self.folder is None:
            fd = os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
        else:
            fd = os.open(self.folder.path / "stderr.txt", os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._opened.append(fd)
        return fd

    def last_output(self) -> str:
        """The last line children wrote, "" if none: the reason, when one could not start."""
        return last_line(self.output_fd)

    def describe(self, **facts: Any) -> None:
        """Add facts to run.json."""
        if self.folder:
            self.folder.describe(facts)

    def close(self) -> None:
        """Stop the watch and close the files."""
        self._watch.stop()
        self.describe(watch=self._watch.report())
        if self.folder:
            self.folder.close()
        for fd in self._opened:
            os.close(fd)
        self._opened = []

    # -- Observer ---------------------------------------------------------------------------------------------------

    def event(self, kind: str, **fields: Any) -> None:
        """One line of events.jsonl."""
        if self.folder:
            self.folder.event(kind, **fields)

    def worker_started(self, pid: int) -> None:
        """First row of its samples."""
        self._watch.worker_started(pid)

    def worker_dying(self, pid: int) -> None:
        """Last sample, and the closing line of a turn."""
        self._watch.worker_died(pid)

    def worker_reaped(self, pid: int, usage: struct_rusage) -> None:
        """The closing row."""
        self._watch.worker_reaped(pid, usage)

    def turn_began(self, pid: int) -> None:
        """Baseline of the turn."""
        self._watch.begin_turn(pid)

    def turn_ended(self, pid: int) -> None:
        """Closing sample."""
        self._watch.end_turn(pid)
