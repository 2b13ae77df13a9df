"""Where log lines go: a file descriptor, one os.write per line, and no error that reaches the writer's caller.

Used by the watch and the run folder. A log must not harm what it logs (trap 24): a full disk, a vanished reader or
an I/O error drops the sink with one notice; a reader that is merely slow loses lines, counted, rather than stopping
us. The descriptor is closed by the code that opened it. Nothing here knows what the lines mean.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable

_PATIENCE_MS = 20  # how long a full pipe may hold us up, per line


class LineSink:
    """A descriptor that takes whole lines until it fails for good."""

    def __init__(self, fd: int, name: str, notice: Callable[[str], None] | None = None) -> None:
        """Take a descriptor. `name` is used in the notice; `notice` is called once, when the sink is given up."""
        self.fd, self.name, self._notice = fd, name, notice
        self.failure: str | None = None
        self.skipped = 0  # lines lost to a reader too slow
        self._lock = threading.RLock()  # a poll object serves one thread at a time; `notice` may write here
        self._poll = select.poll()
        self._poll.register(fd, select.POLLOUT)

    def write(self, line: str) -> bool:
        """Write the line and a newline; return False if it was not written."""
        data = line.encode("utf-8", "surrogateescape") + b"\n"
        with self._lock:
            return self.failure is None and self._write(data)

    def _write(self, data: bytes) -> bool:
        try:
            if not self._poll.poll(_PATIENCE_MS):  # a full pipe: a blocking write would stop the program
                self.skipped += 1
                return False
            written = os.write(self.fd, data)
            while written < len(data):  # a disk filling up, or a line longer than a pipe takes at once
                written += os.write(self.fd, data[written:])
            return True
        except BlockingIOError:
            self.skipped += 1
        except OSError as error:
            self.failure = os.strerror(error.errno) if error.errno else str(error)
            if self._notice is not None:
                self._notice(f"{self.name}: {self.failure}: nothing more is written there")
        return False
