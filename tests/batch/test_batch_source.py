"""The input as lines: every byte sequence, in whatever pieces it comes, within bounds, and never for ever."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from llmproc.batch import source as module
from llmproc.batch.source import Source, SourceLine, StoppedError
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.encoding import other_encoding

BOM = b"\xef\xbb\xbf"


@contextmanager
def piped(*pieces: bytes, keep_open: bool = False) -> Iterator[Source]:
    """A source that gets these pieces through a FIFO-like descriptor, one write each."""
    read, write = os.pipe()

    def feed() -> None:
        with suppress(BrokenPipeError):  # a test that reads nothing may be over by now
            for piece in pieces:
                os.write(write, piece)
        if not keep_open:
            os.close(write)

    thread = threading.Thread(target=feed)
    thread.start()
    source = Source(f"/dev/fd/{read}")
    try:
        yield source
    finally:
        source.close()
        os.close(read)
        thread.join()
        if keep_open:
            os.close(write)


def lines_of(path: Path) -> list[SourceLine]:
    source = Source(str(path))
    try:
        return list(source.lines())
    finally:
        source.close()


def reference(data: bytes) -> list[bytes]:
    """What the lines are, said in another way."""
    parts = data.removeprefix(BOM).split(b"\n")
    if parts[-1] == b"":
        parts.pop()
    return [part.removesuffix(b"\r") for part in parts]


@settings(max_examples=150, deadline=None)
@given(
    pieces=st.lists(st.binary(max_size=12) | st.sampled_from([b"\n", b"\r\n", BOM, b"\xef", b"\xbb\xbf"]), max_size=8)
)
def test_any_bytes_in_any_pieces_are_their_lines(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    assume(not any(other_encoding(data[:size]) for size in range(len(data) + 1)))  # that is refused as a whole
    with piped(*(piece for piece in pieces if piece)) as source:
        found = list(source.lines())
        assert source.digest == hashlib.sha256(data).hexdigest()
    assert [line.data for line in found] == reference(data)
    assert [line.number for line in found] == list(range(1, len(found) + 1))
    assert all(line.whole for line in found)
    assert not found or found[-1].end == len(data)
    assert [line.end for line in found] == sorted({line.end for line in found}), "positions rise"


def test_a_file_larger_than_a_block_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    lines = [b"%d %s" % (number, b"x" * (number % 977)) for number in range(3000)]
    path.write_bytes(b"\n".join(lines))
    assert path.stat().st_size > 4 * (1 << 18)
    assert [line.data for line in lines_of(path)] == lines


def test_of_a_line_that_is_too_long_only_the_beginning_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 1000)
    monkeypatch.setattr(module, "_BLOCK", 64)
    path = tmp_path / "long.txt"
    path.write_bytes(b"first\n" + b"y" * 100_000 + b"\nlast\n" + b"z" * 1000 + b"\n" + b"u" * 1001)
    first, long, last, edge, over = lines_of(path)
    assert (first.data, last.data, edge.data) == (b"first", b"last", b"z" * 1000)
    assert (long.whole, long.data, long.number) == (False, b"y" * 1000, 2)
    assert edge.whole and not over.whole
    assert over.end == path.stat().st_size


def test_size_and_digest_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(b"one\ntwo\n" * 100_000)
    source = Source(str(path))
    try:
        assert source.regular and source.size == 800_000
        assert source.digest_of_all() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert source.digest == hashlib.sha256().hexdigest(), "looking does not count as reading"
        assert len(list(source.lines())) == 200_000
        assert source.digest == source.digest_of_all()
    finally:
        source.close()


def test_a_stream_has_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    with piped(b"a\n") as source:
        assert not source.regular and source.size is None and source.identity is None
        assert source.digest_of_all() is None


def test_stdin_that_is_a_file_is_read_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(b"skipped\none\ntwo\n")
    saved, fd = os.dup(0), os.open(path, os.O_RDONLY)
    try:
        os.lseek(fd, len(b"skipped\n"), os.SEEK_SET)
        os.dup2(fd, 0)
        source = Source("-")
        try:
            assert source.name == "stdin" and source.size == 8
            assert source.digest_of_all() == hashlib.sha256(b"one\ntwo\n").hexdigest()
            assert [line.data for line in source.lines()] == [b"one", b"two"]
        finally:
            source.close()
    finally:
        os.dup2(saved, 0)
        os.close(saved)
        os.close(fd)


def test_a_short_line_does_not_wait_for_more() -> None:
    """An interactive producer gets its answer before it writes on."""
    read, write = os.pipe()
    source = Source(f"/dev/fd/{read}")
    try:
        os.write(write, b"a\n")
        assert next(source.lines()).data == b"a"
    finally:
        source.close()
        os.close(read)
        os.close(write)


def test_who_waits_for_input_can_be_stopped() -> None:
    with piped(b"one\nhalf", keep_open=True) as source:
        found: list[object] = []

        def read() -> None:
            try:
                found.extend(line.data for line in source.lines())
            except StoppedError as error:
                found.append(error)

        thread = threading.Thread(target=read)
        thread.start()
        source.stop()
        thread.join(10)
        assert not thread.is_alive() and isinstance(found[-1], StoppedError)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing", "No such file"),
        ("folder", "is a folder"),
        ("folder/in.txt", "No such file"),
        ("a" * 300, "too long"),
    ],
)
def test_what_cannot_be_opened_is_refused_by_name(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match=words) as caught:
        Source(str(tmp_path / name))
    assert str(tmp_path / name) in str(caught.value)


def test_a_read_error_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "in.txt"
    path.write_bytes(b"one\n")
    source = Source(str(path))

    def fail(fd: int, size: int) -> bytes:
        raise OSError(5, "Input/output error")

    try:
        with (
            monkeypatch.context() as patch,
            pytest.raises(LlmprocError, match=r"in\.txt: cannot be read: Input/output"),
        ):
            patch.setattr(os, "read", fail)
            list(source.lines())
    finally:
        source.close()


@pytest.mark.parametrize("name", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_is_refused_as_a_whole(name: str, tmp_path: Path) -> None:
    path = tmp_path / "u.txt"
    path.write_bytes("What is a pipe?\nAnd a process?\n".encode(name))
    with closing(Source(str(path))) as source, pytest.raises(UsageError) as refused:
        list(source.lines())
    assert re.fullmatch(rf"{re.escape(str(path))}: is not UTF-8, looks like UTF-(16|32): iconv .*", str(refused.value))
