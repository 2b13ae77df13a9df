"""The .part file: results in completion order, kept at once, so that a run can be resumed after a death at any moment.

    {"llmproc_batch":1,"input":...,"model":...,...}      Provenance: what the rows were made from
    {"id":...,"index":4,"status":"ok",...}               ResultRow, one os.write each
    {"id":...,"index":2,...                              a torn last line is cut off by the resume

Nothing but the last line can be torn: every write is an append of whole lines, and one that came out short is taken
back. One run at a time: the file is locked. Used by `writer` (append) and `reader` (which rows are done). The rows are
put into input order by `sorting`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeVar

import msgspec

from llmproc.batch.index import RowIndex, RowPlace
from llmproc.batch.provenance import FirstLine, Provenance
from llmproc.errors import LlmprocError, UsageError

_Kind = TypeVar("_Kind", bound=FirstLine)
_BLOCK = 1 << 20


class _Seen(msgspec.Struct):
    """The fields of a row that a resume needs, and that a line must have to be a row."""

    index: int
    status: Literal["ok", "error"]
    key: str
    text: str


_SEEN = msgspec.json.Decoder(_Seen)


class Journal:
    """An open .part file. `open_journal` makes one; `close()` or `remove()` it."""

    def __init__(self, path: Path, fd: int) -> None:
        self.path, self.fd, self.index = path, fd, RowIndex()
        self.unreadable = 0  # lines that are not results
        self.appended = 0  # by this run
        self.adopted = False  # its rows are a finished file's, which is still there
        self._first = 0  # bytes of the first line
        self._size = 0  # where the next line goes
        self._found = 0  # size when this run began

    def read(self, kind: type[_Kind], retry_failed: bool) -> _Kind | None:
        """Find the whole lines; what is behind the last one is cut off. None when not even the first one is whole.

        `kind`: of its first line. `retry_failed`: failed rows count as missing. Raises UsageError when it is not such a
        .part file.
        """
        head = os.pread(self.fd, _BLOCK, 0)
        line, end, _ = head.partition(b"\n")
        provenance = kind.decode(line) if end else None
        if provenance is None:
            beginning = line[: len(kind.beginning())]
            if end or not (kind.beginning().startswith(beginning) or not line.strip(b"\0")):
                raise UsageError(f"{self.path}: is not a .part file written by llmproc batch; --force replaces it")
            return None
        self._first = self._size = len(line) + 1
        for offset, data in _lines(self.fd, self._size):
            self._size = offset + len(data)
            seen = _seen(data)
            place = RowPlace(offset, len(data), seen is not None and seen.status != "ok")
            if seen is None or not self.index.put(seen.index, place):
                self.unreadable += 1
            elif retry_failed and place.failed:
                self.index.forget(seen.index)
        os.ftruncate(self.fd, self._size)
        self._found = self._size
        return provenance

    def begin(self, provenance: FirstLine) -> None:
        """Empty the file and write its first line. LlmprocError when the disk refuses."""
        os.ftruncate(self.fd, 0)
        self.index, self._size = RowIndex(), 0
        self._first = self._found = self._write(provenance.encode())

    def adopt(self, results: Path, retry_failed: bool) -> None:
        """Go on from a finished results file: its rows are copied. Raises UsageError when it holds none of ours."""
        try:
            fd = os.open(results, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"{results}: cannot be read: {error.strerror}") from None
        try:
            for _, data in _lines(fd, 0):
                if not data.strip():
                    continue  # an editor's blank line at the end
                if (seen := _seen(data)) is None:
                    raise UsageError(
                        f"{results}: holds a line that is not a result of llmproc batch; --force replaces it"
                    )
                if seen.status == "ok" or not retry_failed:
                    self.append(seen.index, data, seen.status != "ok")
        finally:
            os.close(fd)
        self.adopted, self.appended, self._found = True, 0, self._size

    def append(self, index: int, data: bytes, failed: bool) -> int:
        """Keep a row's result, a whole line. LlmprocError when the disk refuses; nothing of it is there then."""
        offset = self._size
        self._write(data)
        self.index.put(index, RowPlace(offset, len(data), failed))
        self.appended += 1
        return 1

    def key(self, index: int) -> str | None:
        """Return the key of a row that has a result; None when it has none."""
        place = self.index.get(index)
        if place is None:
            return None
        seen = _seen(os.pread(self.fd, place.length, place.offset))
        return seen.key if seen else None

    def take_back(self) -> None:
        """Forget what this run has added: it was made from something else."""
        os.ftruncate(self.fd, self._found)

    def close(self) -> None:
        """Keep the file for a resume; remove it when it holds nothing of its own."""
        size = os.fstat(self.fd).st_size
        if size <= self._first or (self.adopted and size <= self._found):
            self.remove()
        else:
            os.close(self.fd)

    def remove(self) -> None:
        """Remove the file: its rows are elsewhere, or not wanted."""
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)
        os.close(self.fd)

    def _write(self, data: bytes) -> int:
        """Write at the end, all or nothing; return the new size."""
        try:
            written = os.pwrite(self.fd, data, self._size)
            while written < len(data):  # a disk that fills up: the next one says so
                written += os.pwrite(self.fd, data[written:], self._size + written)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self.fd, self._size)
            raise LlmprocError(f"{self.path}: cannot be written: {error.strerror}") from None
        self._size += len(data)
        return self._size


def open_journal(path: Path, provenance: FirstLine, resume: bool, force: bool, retry_failed: bool = False) -> Journal:
    """Open and lock the .part file of a run. UsageError when it is another run's or was made from something else.

    `resume`: go on with it if it is there; `force`: start over even if it holds results.
    """
    journal = Journal(path, _open(path))
    try:
        found = None if force else journal.read(type(provenance), retry_failed)
        if found is None:
            journal.begin(provenance)
        elif resume and (other := found.difference(provenance)):
            raise UsageError(f"{path}: was started with {other}; use the same with --resume, or --force to start over")
        elif not resume and journal.index.rows:
            words = f"holds {journal.index.rows} results of an unfinished run"
            raise UsageError(f"{path}: {words}; use --resume to continue, --force to start over")
        elif not resume or not journal.index.rows:
            journal.begin(provenance)
    except BaseException:
        os.close(journal.fd)
        raise
    return journal


def origin_of(path: Path) -> Provenance | None:
    """Return the provenance that the .part file at `path` was begun with; None when it has none that can be read."""
    try:
        with path.open("rb", buffering=0) as file:
            line, end, _ = (file.read(_BLOCK) or b"").partition(b"\n")
    except OSError:
        return None
    return Provenance.decode(line) if end else None


def _open(path: Path) -> int:
    """Open and lock the file at `path`, and make sure that no other run has removed it meanwhile."""
    while True:
        try:
            fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
        except OSError as error:
            raise UsageError(f"{path}: cannot be written: {error.strerror}") from None
        try:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise UsageError(f"{path}: is not a regular file")
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.lexists(path) and os.path.samestat(os.stat(path), os.fstat(fd)):
                return fd
        except OSError as error:
            os.close(fd)
            if isinstance(error, BlockingIOError):
                raise UsageError(f"{path}: another run is writing it") from None
            if isinstance(error, FileNotFoundError):
                continue
            raise UsageError(f"{path}: cannot be locked: {error.strerror}") from None
        except UsageError:
            os.close(fd)
            raise
        os.close(fd)


def _seen(data: bytes) -> _Seen | None:
    try:
        seen = _SEEN.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return None
    return seen if re.fullmatch(r"[0-9a-f]{16}", seen.key) else None


def _lines(fd: int, start: int) -> Iterator[tuple[int, bytes]]:
    """Yield (offset, line with its end) of every whole line from `start`, in bounded memory but for one line."""
    offset, parts, size = start, [], 0  # type: int, list[bytes], int
    while block := os.pread(fd, _BLOCK, offset + size):
        *whole, rest = block.split(b"\n")
        for line in whole:
            data = b"".join([*parts, line, b"\n"])
            yield offset, data
            offset, parts, size = offset + len(data), [], 0
        parts.append(rest)
        size += len(rest)
