"""The last line that children wrote to stderr: why one could not start. Used by everything that starts a service."""

from __future__ import annotations

import os

_TAIL = 4096


def stderr_tail(fd: int) -> str:
    """Return the last line of the file behind `fd`, "" if it has none."""
    size = os.fstat(fd).st_size
    lines = os.pread(fd, _TAIL, max(0, size - _TAIL)).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""
