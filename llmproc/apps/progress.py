"""Progress on stderr: one line, redrawn in place; nothing where that is no terminal."""

from __future__ import annotations

import sys
from typing import TextIO


class Bar:
    """`bar(done, total, what)`; a total reached wipes the line."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._shown = self._stream.isatty()

    def __call__(self, done: int, total: int, what: str) -> None:
        if not self._shown:
            return
        if done >= total:
            self._stream.write("\r\x1b[K")
        else:
            filled = 30 * done // max(total, 1)
            self._stream.write(f"\r[{'#' * filled:<30}] {done}/{total} {what}\x1b[K")
        self._stream.flush()
