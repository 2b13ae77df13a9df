"""A cursor over the untrusted head of a file: it reads on as far as it is asked, never beyond the file or a bound.

Used by `head`. The file is read, never mapped: when a mapped file is truncated, its reader dies with SIGBUS.
"""

from __future__ import annotations

import os
import struct
from array import array
from pathlib import Path
from typing import Any

from llmproc.checkpoints.gguf.metadata import StringArray
from llmproc.checkpoints.source_file import refuse

HEAD_LIMIT = 1 << 27  # bytes: the largest vocabularies known, with merges and scores, take 16 MiB
STRINGS_LIMIT = 1 << 22  # strings in one file
_PIECE = 1 << 16  # bytes read at least
_LENGTH = struct.Struct("<Q")


class HeadCursor:
    """The bytes of a file from its start up to what has been asked for, and a place in them."""

    def __init__(self, path: Path, fd: int, size: int) -> None:
        """Start at the first byte of `fd`, a file of `size` bytes."""
        self.at = 0
        self._path, self._fd, self._size = path, fd, size
        self._buffer = bytearray()
        self._strings = 0

    def left(self) -> int:
        """Return the bytes of the file behind the place."""
        return self._size - self.at

    def unpack(self, form: struct.Struct, what: str) -> tuple[Any, ...]:
        """Return the next values. CheckpointError if the file ends before them."""
        end = self._need(form.size, what)
        values = form.unpack_from(self._buffer, self.at)
        self.at = end
        return values

    def take(self, count: int, what: str) -> bytes:
        """Return the next `count` bytes. CheckpointError if the file ends before them."""
        end = self._need(count, what)
        with memoryview(self._buffer) as view:
            found = bytes(view[self.at : end])
        self.at = end
        return found

    def string(self, what: str, limit: int) -> str:
        """Return the next string. CheckpointError if it is longer than `limit` bytes or not UTF-8."""
        (length,) = self.unpack(_LENGTH, f"{what}: length")
        if length > limit:
            raise refuse(self._path, f"{what}: length", length, f"must be at most {limit} bytes")
        try:
            return self.take(length, what).decode()
        except UnicodeDecodeError as error:
            raise refuse(self._path, what, f"not UTF-8 at its byte {error.start}", "must be UTF-8") from None

    def strings(self, count: int, what: str) -> StringArray:
        """Step over `count` strings and return where they are. CheckpointError when one leaves the file."""
        self._strings += count
        if count > self.left() // 8 or self._strings > STRINGS_LIMIT:
            rule = f"must fit the {self.left()} bytes left, and {STRINGS_LIMIT} strings a file"
            raise refuse(self._path, f"{what}: number of strings", count, rule)
        starts = array("Q", bytes(8)) * (count + 1)
        at, end, length_at = self.at, len(self._buffer), _LENGTH.unpack_from
        for number in range(count):
            if at + 8 > end:
                end = self._grown(at, 8, what)
            (length,) = length_at(self._buffer, at)
            at += 8
            starts[number] = at
            at += length
            if at > end:
                end = self._grown(at, 0, what)
        starts[count] = at + 8
        self.at = at
        return StringArray(self._buffer, starts)

    def _grown(self, at: int, count: int, what: str) -> int:
        self.at = at
        self._need(count, what)
        return len(self._buffer)

    def _need(self, count: int, what: str) -> int:
        """Make `count` bytes from the place on available; return where they end. CheckpointError."""
        end = self.at + count
        if end > self._size:
            rule = f"the file has only {self._size}"
            raise refuse(self._path, what, f"cut short: it would end at byte {end}", rule)
        if end > HEAD_LIMIT:
            raise refuse(self._path, what, f"{end} bytes into the file", f"the head must end before {HEAD_LIMIT}")
        while len(self._buffer) < end:
            have = len(self._buffer)
            part = os.pread(self._fd, min(max(end - have, have, _PIECE), self._size - have), have)
            if not part:
                rule = f"must stay {self._size} bytes while it is read"
                raise refuse(self._path, "file size", f"{have} bytes", rule)
            self._buffer += part
        return end
