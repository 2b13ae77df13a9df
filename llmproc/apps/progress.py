"""Progress on stderr: one line, redrawn in place; nothing where stderr is not a terminal.

Used by every verb that works for a while and has nothing to show meanwhile.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TextIO

_CELLS = 30
_EVERY_S = 0.1


class ProgressBar:
    """One redrawn line; `bar(done, total, what)`, and a total that is reached wipes it."""

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        """Draw on `stream` (stderr unless given), at most ten times a second."""
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()
        self._clock, self._due = clock, 0.0
        self._what = ""

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show that `done` of `total` is done, and what is being done now."""
        self._draw(done, total, f"{done}/{total} {what}", what)

    def megabytes(self, done: int, total: int, what: str = "") -> None:
        """Show how many bytes of `total` are written, of `what` if there are several."""
        self._draw(done, total, f"{done / 1e6:.0f} of {total / 1e6:.0f} MB {what}".rstrip(), what)

    def wipe(self) -> None:
        """Take it off the screen, when its end will not come."""
        if self._shown:
            self._stream.write("\r\x1b[K")
            self._stream.flush()

    def _draw(self, done: int, total: int, text: str, what: str) -> None:
        if not self._shown:
            return
        now = self._clock()
        if done >= total:
            self._stream.write("\r\x1b[K")
        elif now >= self._due or what != self._what:
            filled = _CELLS * done // max(total, 1)
            self._stream.write(f"\r[{'#' * filled:<{_CELLS}}] {text}\x1b[K")
            self._due, self._what = now + _EVERY_S, what
        self._stream.flush()
