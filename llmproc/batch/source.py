"""The input as lines: a file or stdin, of any size, in bounded memory; and the SHA-256 of what was read.

Used by `reader`. `formats` knows what a line means. Lines end with LF; CR before it is dropped.
"""

from __future__ import annotations

import hashlib
import os
import select
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from llmproc.errors import LlmprocError, UsageError
from llmproc.files.encoding import check_utf8
from llmproc.files.streams import was_closed

STDIN = "-"
MAX_LINE = 16 << 20  # bytes of a line that is kept at most
_BLOCK = 1 << 18
_BOM = b"\xef\xbb\xbf"  # what some programs put in front of UTF-8


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One line without its end. `data` of a line that is not `whole` (longer than MAX_LINE) is its beginning."""

    number: int  # from 1
    data: bytes
    whole: bool
    end: int  # bytes of the input up to and with this line


class StoppedError(Exception):
    """`stop` was called while the input was awaited."""


class Source:
    """An open input. `close()` it; `stop()` wakes the thread that waits in `lines`, which gets StoppedError."""

    def __init__(self, name: str, fd: int | None = None) -> None:
        """Open the input. `name`: a path, or `-`; `fd`: what to read instead of opening it, closed by `close`.

        Raises UsageError when it cannot be opened.
        """
        self.name = "stdin" if name == STDIN else name
        self._fd = self._open(name) if fd is None else fd
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        found = os.fstat(self._fd)
        if stat.S_ISDIR(found.st_mode):
            self.close()
            raise UsageError(f"{self.name}: is a folder: must be a file of prompts, or - for stdin")
        self.regular = stat.S_ISREG(found.st_mode)
        self._begin = os.lseek(self._fd, 0, os.SEEK_CUR) if self.regular else 0  # `- <file` may be read already
        self.identity = (found.st_dev, found.st_ino) if self.regular else None
        self.size = max(0, found.st_size - self._begin) if self.regular else None  # bytes; None: not known
        self._digest = hashlib.sha256()

    def _open(self, name: str) -> int:
        if name == STDIN and was_closed(0):
            raise UsageError("stdin: cannot be read: it is closed")
        try:
            return os.dup(0) if name == STDIN else os.open(name, os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY)
        except OSError as error:
            raise UsageError(f"{self.name}: cannot be read: {error.strerror}") from None

    @property
    def digest(self) -> str:
        """Return the SHA-256 of everything read so far, in hexadecimal."""
        return self._digest.hexdigest()

    def digest_of_all(self) -> str | None:
        """Return the SHA-256 of a regular file, read once through beside `lines`; None for a stream."""
        if not self.regular:
            return None
        digest, at = hashlib.sha256(), self._begin
        while data := self._pread(at):
            digest.update(data)
            at += len(data)
        return digest.hexdigest()

    def lines(self) -> Iterator[SourceLine]:
        """Yield every line; the last one may lack its end.

        UsageError for UTF-16 and UTF-32, LlmprocError when reading fails, StoppedError after `stop`.
        """
        number, end, held, kept = 1, 0, [], 0  # type: int, int, list[bytes], int
        first = True
        while block := self._read():
            self._digest.update(block)
            if first:
                first = False
                while block != _BOM and _BOM.startswith(block) and (more := self._read()):
                    self._digest.update(more)
                    block += more
                check_utf8(self.name, block)
                if block.startswith(_BOM):
                    block, end = block[len(_BOM) :], len(_BOM)
            *complete, rest = block.split(b"\n")
            for part in complete:
                end += len(part) + 1
                yield _line(number, [*held, part], kept + len(part), end)
                number, held, kept = number + 1, [], 0
            if rest:
                end += len(rest)
                if kept <= MAX_LINE:
                    held.append(rest)
                kept += len(rest)
        if held:
            yield _line(number, held, kept, end)

    def stop(self) -> None:
        """Make `lines` raise StoppedError; called from any thread."""
        os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        """Close the input, after the last line or when it is not read any more."""
        os.close(self._fd)
        os.close(self._stop)

    def _read(self) -> bytes:
        poll = select.poll()
        poll.register(self._fd, select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        while True:
            if any(fd == self._stop for fd, _ in poll.poll()):
                raise StoppedError
            try:
                return os.read(self._fd, _BLOCK)
            except BlockingIOError:  # another process read it first
                continue
            except OSError as error:
                raise LlmprocError(f"{self.name}: cannot be read: {error.strerror}") from None

    def _pread(self, at: int) -> bytes:
        try:
            return os.pread(self._fd, _BLOCK, at)
        except OSError as error:
            raise LlmprocError(f"{self.name}: cannot be read: {error.strerror}") from None


def _line(number: int, parts: list[bytes], size: int, end: int) -> SourceLine:
    data = b"".join(parts)
    if size > MAX_LINE:
        return SourceLine(number, data[:MAX_LINE], False, end)
    return SourceLine(number, data.removesuffix(b"\r"), True, end)
