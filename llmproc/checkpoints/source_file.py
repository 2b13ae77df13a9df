"""The untrusted file itself: opened with care, read without ever falling short, refused in one line.

Used by the readers and writers of this room. Nothing here knows what a checkpoint contains.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from llmproc.errors import CheckpointError
from llmproc.files import reading
from llmproc.files.escaping import one_line
from llmproc.files.reading import UnreadableFileError

CHUNK = 1 << 24  # bytes asked of the kernel at once
SHOWN = 200  # characters of a name or value in a message


def refuse(path: Path | str, field: str, value: object, rule: str) -> CheckpointError:
    """Make the error for `field` of `path`: one printable line, whatever characters path and names are made of."""
    shown_value = _short(value) if isinstance(value, str) else value
    return CheckpointError(shown(path), _short(field), shown_value, one_line(rule))


def _short(text: str) -> str:
    """Return a name from a file as messages show it: printable, and its beginning if it is long."""
    return one_line(text if len(text) <= SHOWN else f"{text[:SHOWN]}...")


def shown(path: Path | str) -> str:
    """Return `path` as messages show it: printable, whatever it is made of."""
    return one_line(str(path))


@contextmanager
def open_regular(path: Path | str) -> Iterator[tuple[int, os.stat_result]]:
    """Open `path` for reading: its descriptor and its fstat. CheckpointError unless it is a readable regular file."""
    try:
        with reading.open_regular(path) as opened:
            yield opened
    except UnreadableFileError as error:
        raise refuse(path, error.field, error.value, error.rule) from None


def read_exactly(path: Path | str, fd: int, buffer: memoryview) -> None:
    """Fill `buffer` (bytes) from `fd`; CheckpointError if the file ends before."""
    done, wanted = 0, buffer.nbytes
    while done < wanted:
        with buffer[done : done + CHUNK] as part:
            got = os.readv(fd, [part])
        if got == 0:
            raise refuse(path, "file size", f"{done} bytes", f"must stay {wanted} bytes while it is read (short read)")
        done += got


def read_span(path: Path | str, fd: int, offset: int, buffer: memoryview) -> None:
    """Fill `buffer` (bytes) from byte `offset` of `fd` on; CheckpointError if the file ends before."""
    done, wanted = 0, buffer.nbytes
    while done < wanted:
        with buffer[done : done + CHUNK] as part:
            got = os.preadv(fd, [part], offset + done)
        if got == 0:
            rule = f"must still reach byte {offset + wanted} while it is read (short read)"
            raise refuse(path, "file size", f"{offset + done} bytes", rule)
        done += got


def identity(status: os.stat_result) -> tuple[int, int, int, int]:
    """Return what must not differ between the start and the end of reading a file."""
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
