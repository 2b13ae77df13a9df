"""Untrusted files: whatever a path leads to, reading ends at once with the bytes or with the reason in words."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from llmproc.files import reading
from llmproc.files.reading import UnreadableFileError, kind_of, open_regular, read_bounded


def refused(path: Path | str, limit: int = 10, own: bool = False) -> UnreadableFileError:
    with pytest.raises(UnreadableFileError) as caught:
        read_bounded(path, limit, own=own)
    return caught.value


@pytest.mark.parametrize("size", [0, 1, 9, 10])
def test_bytes_up_to_the_limit(tmp_path: Path, size: int) -> None:
    (tmp_path / "f").write_bytes(b"x" * size)
    assert read_bounded(tmp_path / "f", 10) == b"x" * size == read_bounded(str(tmp_path / "f"), 10, own=True)


def test_one_byte_more_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x" * 11)
    monkeypatch.setattr(reading.os, "read", lambda fd, count: pytest.fail("read"))
    error = refused(tmp_path / "f")
    assert str(error) == "is 11 bytes: at most 10 are read"
    assert (error.field, error.value, error.rule) == ("file size", "11", "must be at most 10 bytes")


def test_a_file_whose_size_is_not_known_is_read_up_to_the_limit() -> None:
    assert read_bounded("/proc/self/comm", 100).endswith(b"\n")
    assert str(refused("/proc/self/stat", 10)) == "is more than 10 bytes: at most 10 are read"


def test_a_missing_file(tmp_path: Path) -> None:
    error = refused(tmp_path / "f")
    assert (str(error), error.field, error.value, error.rule) == ("no such file", "file", "missing", "must exist")


def _make(path: Path, kind: str) -> None:
    if kind == "a directory":
        path.mkdir()
    elif kind == "a FIFO":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as end:
            end.bind(str(path))
    else:
        path.symlink_to("/dev/zero")


@pytest.mark.parametrize("own", [False, True])
@pytest.mark.parametrize("kind", ["a directory", "a FIFO", "a socket", "a character device"])
def test_what_is_not_a_file_is_named_and_never_opened(
    tmp_path: Path, kind: str, own: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    _make(Path("f"), kind)
    monkeypatch.setattr(reading.os, "open", lambda *_: pytest.fail("opened"))
    shown = "a symbolic link" if own and kind == "a character device" else kind
    assert str(refused("f", own=own)) == f"is {shown}, not a file"


def test_a_file_exchanged_for_a_fifo_before_the_open_does_not_hang(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "f").write_bytes(b"x")
    real = os.open

    def exchanging(path: str, flags: int) -> int:
        os.unlink(path)
        os.mkfifo(path)
        return real(path, flags)

    monkeypatch.setattr(reading.os, "open", exchanging)
    assert str(refused(tmp_path / "f")) == "is a FIFO, not a file"


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_names_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    assert str(refused(str(tmp_path / name))) == "no such file"


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    error = refused(tmp_path / ("x" * 300))
    assert str(error).startswith("cannot be read: ") and error.rule == "must be readable"


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, change: int, monkeypatch: pytest.MonkeyPatch) -> None:
    path, real = tmp_path / "f", os.read
    path.write_bytes(b"x" * 5)

    def changing(fd: int, count: int) -> bytes:
        os.truncate(path, 5 + change)
        return real(fd, count)

    monkeypatch.setattr(reading.os, "read", changing)
    error = refused(path)
    assert (str(error), error.field, error.value) == ("changed while it was read", "file size", "no longer 5")


def test_pieces_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(bytes(range(10)))
    real = os.read
    monkeypatch.setattr(reading.os, "read", lambda fd, count: real(fd, min(count, 3)))
    assert read_bounded(tmp_path / "f", 10) == bytes(range(10))


def test_own_files_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_bytes(b"x")
    (tmp_path / "link").symlink_to("f")
    assert read_bounded(tmp_path / "link", 10) == b"x"
    assert "symbolic link" in str(refused(tmp_path / "link", own=True))
    owner = os.geteuid()
    monkeypatch.setattr(reading.os, "geteuid", lambda: owner + 1)
    assert str(refused(tmp_path / "f", own=True)) == f"belongs to user {owner}"
    assert read_bounded(tmp_path / "f", 10) == b"x"


def test_the_descriptor_is_closed_whatever_happens(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    with open_regular(tmp_path / "f") as (fd, status):
        assert status.st_size == 1
    with pytest.raises(OSError):
        os.fstat(fd)
    with pytest.raises(ZeroDivisionError), open_regular(tmp_path / "f") as (fd, _):
        raise ZeroDivisionError
    with pytest.raises(OSError):
        os.fstat(fd)
    with pytest.raises(ValueError), open_regular(tmp_path / "f"):
        raise ValueError("the caller's own")


def test_an_error_of_the_disk_in_the_block_is_a_reason(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"x")
    with pytest.raises(UnreadableFileError, match=r"^cannot be read: Input/output"), open_regular(tmp_path / "f"):
        raise OSError(5, "anything")


def test_kinds(tmp_path: Path) -> None:
    (tmp_path / "f").touch()
    assert kind_of((tmp_path / "f").stat()) == "a regular file"
    assert kind_of(os.stat_result((0, *range(9)))) == "of an unknown kind"
