"""The cursor over an untrusted head: what it gives, and each of its bounds."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkpoints.gguf_files import string

from llmproc.checkpoints.gguf import cursor as module
from llmproc.checkpoints.gguf.cursor import HeadCursor
from llmproc.errors import CheckpointError

U32 = struct.Struct("<I")


class Opened:
    """Files written and opened by a test, closed after it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.fds = folder / "x", list[int]()

    def cursor(self, content: bytes, size: int | None = None) -> HeadCursor:
        self.path.write_bytes(content)
        self.fds.append(os.open(self.path, os.O_RDONLY))
        return HeadCursor(self.path, self.fds[-1], len(content) if size is None else size)


@pytest.fixture
def files(tmp_path: Path) -> Iterator[Opened]:
    opened = Opened(tmp_path)
    yield opened
    for fd in opened.fds:
        os.close(fd)


def test_one_thing_after_another(files: Opened) -> None:
    cursor = files.cursor(U32.pack(7) + string("é") + b"abc" + string("x") + string("") + b"z")
    assert cursor.unpack(U32, "u") == (7,) and cursor.string("s", 2) == "é" and cursor.take(3, "t") == b"abc"
    assert list(cursor.strings(2, "a")) == [b"x", b""] and cursor.left() == 1
    assert cursor.take(1, "t") == b"z" and cursor.left() == 0 and cursor.at == 4 + 10 + 3 + 17 + 1


@pytest.mark.parametrize("piece", [1, 3, 64])
def test_the_size_of_what_is_read_at_once_changes_nothing(
    files: Opened, monkeypatch: pytest.MonkeyPatch, piece: int
) -> None:
    monkeypatch.setattr(module, "_PIECE", piece)
    items = [bytes([65 + number % 26]) * number for number in range(60)]
    cursor = files.cursor(b"".join(string(item) for item in items) + b"end")
    assert list(cursor.strings(60, "a")) == items and cursor.take(3, "t") == b"end"


def test_nothing_is_read_before_it_is_asked_for(files: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    read = list[int]()

    def pread(fd: int, count: int, offset: int) -> bytes:
        read.append(count)
        return b"\1" * count

    cursor = files.cursor(bytes(1 << 20))
    monkeypatch.setattr(os, "pread", pread)
    assert read == [] and cursor.take(4, "t") == b"\1\1\1\1" and read == [1 << 16]
    cursor.take((1 << 16) - 4, "t")
    assert len(read) == 1


@pytest.mark.parametrize("count", [5, 1 << 40, 1 << 70])
def test_nothing_beyond_the_file(files: Opened, count: int) -> None:
    with pytest.raises(CheckpointError, match="t is cut short: it would end at byte"):
        files.cursor(b"abcd").take(count, "t")


def test_nothing_beyond_the_limit_of_a_head(files: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEAD_LIMIT", 100)
    cursor = files.cursor(bytes(200))
    cursor.take(100, "t")
    with pytest.raises(CheckpointError, match="t is 101 bytes into the file: the head must end before 100"):
        cursor.take(1, "t")


def test_a_file_that_shrinks_is_refused(files: Opened) -> None:
    with pytest.raises(CheckpointError, match="file size is 4 bytes: must stay 10 bytes while it is read"):
        files.cursor(b"abcd", size=10).take(10, "t")


def test_a_string_longer_than_its_limit(files: Opened) -> None:
    assert files.cursor(string("abc")).string("s", 3) == "abc"
    with pytest.raises(CheckpointError, match="s: length is 3: must be at most 2 bytes"):
        files.cursor(string("abc")).string("s", 2)


def test_the_strings_of_a_file_are_counted(files: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRINGS_LIMIT", 5)
    cursor = files.cursor(bytes(8 * 20))
    assert len(cursor.strings(3, "a")) == 3 and len(cursor.strings(2, "b")) == 2
    with pytest.raises(CheckpointError, match="c: number of strings is 1"):
        cursor.strings(1, "c")


def test_a_string_in_an_array_may_not_leave_the_file(files: Opened) -> None:
    for raw in (struct.pack("<QQ", 0, 1), struct.pack("<QQ", 1 << 63, 0), struct.pack("<QI", 0, 0) + bytes(9)):
        with pytest.raises(CheckpointError, match=r"a is cut short|number of strings"):
            files.cursor(raw).strings(3 if len(raw) > 20 else 2, "a")


def test_no_strings_at_all(files: Opened) -> None:
    found = files.cursor(b"").strings(0, "a")
    assert len(found) == 0 and list(found) == [] and found.texts() == [] and found.places(b"") == []
