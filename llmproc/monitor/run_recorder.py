"""Wires the watch, the run folder and the announcement to a service: who samples, where the lines go, what `top` finds.

    service --events--> run folder
                   \\--> stats --> announcement, replaced on the watch's grid while counts change
            --turns--> watch --> course log, proc.csv

Serves every app that runs workers. It decides nothing about requests and reads no /proc itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from resource import struct_rusage
from typing import Any

from llmproc.monitor.instances import Announcement
from llmproc.monitor.logs import Logs
from llmproc.monitor.runfolder import RunFolder
from llmproc.monitor.service_stats import ServiceStats
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.monitor.watch import ProcWatch


class RunRecorder:
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
        self._logs = Logs(log, course or not sys.stderr.isatty(), run_dir, notice)
        self.output_fd = self._output()
        self._stats = ServiceStats()
        path = self.folder.path if self.folder else None
        self._announcement = Announcement(self._stats, path, self._not_announced)
        self._watch = ProcWatch(
            interval_s,
            self._logs.course,
            self._logs.csv,
            event=self._logs.event,
            notice=notice,
            after=self._announcement.write,
        )
        self._watch.start()

    @property
    def folder(self) -> RunFolder | None:
        """The run folder, if one is kept."""
        return self._logs.folder

    def _output(self) -> int:
        """Where children's output goes: a file of the run folder, written by themselves: nobody has to drain it."""
        if self.folder is None:
            return os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
        return os.open(self.folder.path / "stderr.txt", os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _not_announced(self, reason: str) -> None:
        self._logs.event("warning", text=reason)

    def last_output(self) -> str:
        """The last line children wrote, "" if none: the reason, when one could not start."""
        return stderr_tail(self.output_fd)

    def describe(self, **facts: Any) -> None:
        """Add facts to run.json."""
        self._logs.describe(**facts)

    def close(self) -> None:
        """Stop the watch, take the announcement back and close the files."""
        self._watch.stop()
        self._announcement.close()
        self.describe(watch=self._watch.report())
        self._logs.close()
        os.close(self.output_fd)

    # -- Observer ---------------------------------------------------------------------------------------------------

    def event(self, kind: str, **fields: Any) -> None:
        """One line of events.jsonl; and what it counts."""
        self._logs.event(kind, **fields)
        self._stats.event(kind, time.monotonic(), fields)
        self._watch.poke()

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
        """Closing sample; what was counted in the turn is told once more."""
        self._watch.end_turn(pid)
        self._watch.poke()
