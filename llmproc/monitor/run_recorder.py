"""Wires the watch, the run folder and the announcement to a service: where samples come from and where lines go.

    service --events--> run folder
                   \\\\--> stats --> announcement for `top`, replaced on the watch's grid while counts change
            --turns--> watch --> course log, proc.csv

Used by every app that runs workers. It decides nothing about requests and reads no /proc itself.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from llmproc.monitor.events import (
    Event,
    Moment,
    ThreadsChosen,
    TurnBegan,
    TurnEnded,
    WorkerDying,
    WorkerForked,
    WorkerReaped,
    line_of,
)
from llmproc.monitor.instances import Announcement
from llmproc.monitor.logs import Logs
from llmproc.monitor.runfolder import RunFolder
from llmproc.monitor.service_stats import ServiceStats
from llmproc.monitor.stderr_tail import stderr_tail
from llmproc.monitor.watch import ProcWatch


class RunRecorder:
    """An observer of a service; `close()` it after the service."""

    def __init__(
        self,
        interval_s: float,
        log: str | None,
        course: bool,
        run_dir: str | None,
        notice: Callable[[str], None],
    ) -> None:
        """Open the logs and start the watch.

        `log`: a file, `-` for stderr, None for stderr unless that is a terminal. `run_dir`: where run folders are kept,
        or `none`. Raises LogError or UsageError when a file cannot be written.
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
        """Return the run folder, if one is kept."""
        return self._logs.folder

    @property
    def log_on_stderr(self) -> bool:
        """Return whether stderr is the course log, which must hold course lines only."""
        return self._logs.to_stderr

    def _output(self) -> int:
        """Open the place for children's output: a file, so that no pipe has to be drained."""
        if self.folder is None:
            return os.memfd_create("llmproc-stderr", os.MFD_CLOEXEC)
        return os.open(self.folder.path / "stderr.txt", os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def _not_announced(self, reason: str) -> None:
        self._logs.event("warning", text=reason)

    def last_output(self) -> str:
        """Return the last line that children wrote, "" if none: the reason, when one could not start."""
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

    def on_event(self, event: Event) -> None:
        """Write and count the event, or read /proc if this is a moment for it."""
        if not isinstance(event, Moment):
            self._logs.write_event(event)
            self._stats.on_event(event, time.monotonic())
        if isinstance(event, ThreadsChosen):
            self._announcement.write()  # now: the next instance that starts counts on it
            self.describe(threads_chosen={name: value for name, value in line_of(event).items() if name != "kind"})
        elif isinstance(event, WorkerForked):
            self._watch.worker_started(event.pid)
        elif isinstance(event, TurnBegan):
            self._watch.begin_turn(event.pid)
        elif isinstance(event, TurnEnded):
            self._watch.end_turn(event.pid)
        elif isinstance(event, WorkerDying):
            self._watch.worker_died(event.pid)
        elif isinstance(event, WorkerReaped):
            self._watch.worker_reaped(event.pid, event.usage)
        self._watch.poke()
