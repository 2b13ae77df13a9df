"""Reads one small untrusted file whole, without ever hanging, or says in one line why it cannot.

Used for tokenizer.bin and its sidecar. Never in it: anything about what the bytes mean.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from llmproc.errors import TokenizerError

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}


def read_small_file(path: Path, limit: int) -> bytes:
    """Return the bytes of the regular file `path`, at most `limit` of them.

    Raises TokenizerError for a missing, unreadable, irregular or too big file, and for one that changes size while
    it is read.
    """
    try:
        # O_NONBLOCK: opening a FIFO without a writer would otherwise wait for ever.
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    except (OSError, ValueError) as error:
        raise TokenizerError(path, "file", _reason(error), "must exist and be readable") from None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            kind = _KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
            raise TokenizerError(path, "file", kind, "must be a regular file")
        if status.st_size > limit:
            raise TokenizerError(path, "file size", status.st_size, f"must be at most {limit} bytes")
        data = _read_up_to(fd, status.st_size + 1)
    except OSError as error:
        raise TokenizerError(path, "file", _reason(error), "must exist and be readable") from None
    finally:
        os.close(fd)
    if len(data) != status.st_size:
        raise TokenizerError(path, "file size", f"no longer {status.st_size}", "must not change while it is read")
    return data


def _read_up_to(fd: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := os.read(fd, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _reason(error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return "missing"
    if isinstance(error, OSError) and error.strerror:
        return f"unreadable ({error.strerror})"
    return f"unreadable ({error})"
