"""A service that nobody watches is still found by `top`: an Observer that counts and announces, and samples nothing.

Serves the Python API. Where a run folder is kept, `recorder` does this and more.
"""

from __future__ import annotations

import contextlib
import time
from typing import Any

from llmproc.monitor.grid import Grid
from llmproc.monitor.instances import Announcement
from llmproc.monitor.observer import NoObserver
from llmproc.monitor.service_stats import ServiceStats

_CADENCE_S = 0.3


class PresenceFile(NoObserver):
    """A service's Observer; `close()` it after the service. Its thread sleeps while no count changes.

    File and thread begin with the first event: Ctrl-C may come before whoever made this can close it.
    """

    def __init__(self) -> None:
        self._stats = ServiceStats()
        self._announcement: Announcement | None = None
        self._grid = Grid(_CADENCE_S, self._write, "announce")

    def event(self, kind: str, **fields: Any) -> None:
        """Counted; told within the cadence."""
        self._stats.event(kind, time.monotonic(), fields)
        if self._announcement is None:
            self._announcement = Announcement(self._stats, None)
            with contextlib.suppress(RuntimeError):  # the interpreter is ending
                self._grid.start()
        self._grid.once()

    def _write(self) -> None:
        if self._announcement is not None:
            self._announcement.write()

    def close(self) -> None:
        """Nobody finds it any more; twice is fine."""
        self._grid.stop()
        if self._announcement is not None:
            self._announcement.close()
