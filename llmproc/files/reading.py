"""Untrusted files: opened without ever hanging, read within bounds, and refused in words.

Used by everything that reads a file a user names. What the bytes mean is the caller's affair, and so is the class of
the error that a user sees: `UnreadableFileError` holds what it is made of.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_KINDS = {
    stat.S_IFREG: "a regular file",
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
    stat.S_IFLNK: "a symbolic link",
}


class UnreadableFileError(Exception):
    """A file that cannot be read. As a string: the reason in words, without the name of the file."""

    def __init__(self, words: str, field: str, value: str, rule: str) -> None:
        """Keep `field`, `value` and `rule` as InvalidFileError takes them."""
        super().__init__(words)
        self.field, self.value, self.rule = field, value, rule


def kind_of(status: os.stat_result) -> str:
    """Return what a file is, in words: `a directory`."""
    return _KINDS.get(stat.S_IFMT(status.st_mode), "of an unknown kind")


@contextmanager
def open_regular(path: Path | str, *, own: bool = False) -> Iterator[tuple[int, os.stat_result]]:
    """Open `path` for reading: its descriptor and its fstat. `own`: only a file of this user, not behind a link.

    Raises UnreadableFileError for everything that is not a readable regular file, and when reading in the block fails
    with an OSError. The file is looked at before it is opened (opening a device may have effects) and again after (it
    may have been exchanged in between); O_NONBLOCK because a FIFO without a writer would otherwise be waited for.
    """
    fd = -1
    try:
        _require_regular(os.lstat(path) if own else os.stat(path), own)
        follow = os.O_NOFOLLOW if own else 0
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | follow)
        status = os.fstat(fd)
        _require_regular(status, own)
        yield fd, status
    except FileNotFoundError:
        raise UnreadableFileError("no such file", "file", "missing", "must exist") from None
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        words = f"cannot be read: {reason}"
        raise UnreadableFileError(words, "file", f"unreadable ({reason})", "must be readable") from None
    except ValueError as error:  # a NUL byte or a lone surrogate in the name: no file can be called so
        if fd >= 0:
            raise
        raise UnreadableFileError("no such file", "file", f"unreadable ({error})", "must be readable") from None
    finally:
        if fd >= 0:
            os.close(fd)


def read_bounded(path: Path | str, limit: int, *, own: bool = False) -> bytes:
    """Return the bytes of the regular file `path`, at most `limit` of them. `own`: see `open_regular`.

    Raises UnreadableFileError for a missing, unreadable, irregular or too big file, and for one whose size changes
    while it is read.
    """
    with open_regular(path, own=own) as (fd, status):
        size = status.st_size
        if size > limit:
            raise _too_big(str(size), limit)
        data = _read_up_to(fd, (size or limit) + 1)  # files in /proc have size 0, whatever they hold
    if size == 0 and len(data) > limit:
        raise _too_big(f"more than {limit}", limit)
    if size and len(data) != size:
        words, rule = "changed while it was read", "must not change while it is read"
        raise UnreadableFileError(words, "file size", f"no longer {size}", rule)
    return data


def _too_big(size: str, limit: int) -> UnreadableFileError:
    words, rule = f"is {size} bytes: at most {limit} are read", f"must be at most {limit} bytes"
    return UnreadableFileError(words, "file size", size, rule)


def _read_up_to(fd: int, count: int) -> bytes:
    parts: list[bytes] = []
    while count > 0 and (part := os.read(fd, count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _require_regular(status: os.stat_result, own: bool) -> None:
    if not stat.S_ISREG(status.st_mode):
        kind = kind_of(status)
        raise UnreadableFileError(f"is {kind}, not a file", "file", kind, "must be a regular file")
    if own and status.st_uid != os.geteuid():
        words = f"belongs to user {status.st_uid}"
        raise UnreadableFileError(words, "file", f"user {status.st_uid}'s", "must belong to this user")
