"""A service without a run folder is found by `top` too: this observer counts and announces, and samples nothing.

Used by the Python API. Where a run folder is kept, `run_recorder` does this and more.
"""

from __future__ import annotations

import contextlib
import time

from llmproc.monitor.events import Event, Moment
from llmproc.monitor.grid import Grid
from llmproc.monitor.instances import Announcement
from llmproc.monitor.service_stats import ServiceStats

_CADENCE_S = 0.3


class PresenceFile:
    """An observer of a service; `close()` it after the service. Its thread sleeps while no count changes.

    File and thread begin with the first event: Ctrl-C may come before the code that made this can close it.
    """

    def __init__(self) -> None:
        self._stats = ServiceStats()
        self._announcement: Announcement | None = None
        self._grid = Grid(_CADENCE_S, self._write, "announce")

    def on_event(self, event: Event) -> None:
        """Count the event; the file follows within the cadence."""
        if isinstance(event, Moment):
            return
        self._stats.on_event(event, time.monotonic())
        if self._announcement is None:
            self._announcement = Announcement(self._stats, None)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending
                self._grid.start()
        self._grid.once()

    def _write(self) -> None:
        if self._announcement is not None:
            self._announcement.write()

    def close(self) -> None:
        """Remove the file and end the thread; twice is fine."""
        self._grid.stop()
        if self._announcement is not None:
            self._announcement.close()
