"""The untrusted file itself: opened without ever hanging, read without ever falling short, refused in one line.

Serves the header reader, the weight reader and the writer. Nothing here knows what a checkpoint contains.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmproc.errors import CheckpointError
from llmproc.files.escaping import one_line

CHUNK = 1 << 24  # bytes asked of the kernel at once


def refuse(path: Path | str, field: str, value: object, rule: str) -> CheckpointError:
    """The error for `field` of `path`: always one printable line, whatever characters the path is made of."""
    return CheckpointError(shown(path), field, value, rule)


def shown(path: Path | str) -> str:
    """`path` as messages show it: printable, whatever it is made of."""
    return one_line(str(path))


@contextmanager
def open_regular(path: Path | str) -> Iterator[tuple[int, os.stat_result]]:
    """Open `path` for reading: its descriptor and its fstat.

    Raises CheckpointError for everything that is not a readable regular file. It is looked at before it is opened
    (opening a device may have effects) and again after (it may have been exchanged in between); O_NONBLOCK because
    a FIFO without a writer would otherwise be waited for.
    """
    fd = -1
    try:
        _require_regular(path, os.stat(path))
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        status = os.fstat(fd)
        _require_regular(path, status)
        yield fd, status
    except FileNotFoundError:
        raise refuse(path, "file", "missing", "must exist") from None
    except OSError as error:
        raise refuse(path, "file", f"unreadable ({os.strerror(error.errno or 0)})", "must be readable") from None
    except ValueError as error:  # a NUL byte or a lone surrogate in the name: no file can be called so
        if fd >= 0:
            raise
        raise refuse(path, "file", f"unreadable ({error})", "must be readable") from None
    finally:
        if fd >= 0:
            os.close(fd)


def read_exactly(path: Path | str, fd: int, buffer: memoryview) -> None:
    """Fill `buffer` (bytes) from `fd`; CheckpointError if the file ends before."""
    done, wanted = 0, buffer.nbytes
    while done < wanted:
        with buffer[done : done + CHUNK] as part:
            got = os.readv(fd, [part])
        if got == 0:
            raise refuse(path, "file size", f"{done} bytes", f"must stay {wanted} bytes while it is read (short read)")
        done += got


def identity(status: os.stat_result) -> tuple[int, int, int, int]:
    """What must not differ between the start and the end of reading a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _require_regular(path: Path | str, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise refuse(path, "file", kind(status), "must be a regular file")


def kind(status: os.stat_result) -> str:
    """What a file is, in words."""
    words = {
        stat.S_IFREG: "a regular file",
        stat.S_IFDIR: "a directory",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device",
    }
    return words.get(stat.S_IFMT(status.st_mode), "of an unknown kind")
