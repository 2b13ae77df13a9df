"""Headers of real files, packing, and what read_header does with things that are not a readable regular file."""

from __future__ import annotations

import os
import signal
import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkpoints.invalid_checkpoints import LAYOUTS, valid
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.checkpoints import source_file
from llmproc.checkpoints.llama2c.header import Header, pack_header, parse_header, read_header
from llmproc.errors import CheckpointError


@pytest.fixture
def no_hang() -> Iterator[None]:
    """A test that waits for a FIFO fails after 5 seconds instead of for ever."""

    def too_long(*_: object) -> None:
        raise AssertionError("still waiting")

    previous = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(5)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, previous)


def _refusal(path: Path | str) -> CheckpointError:
    with pytest.raises(CheckpointError) as caught:
        read_header(path)
    assert str(caught.value).isprintable()
    assert caught.value.field == "file"
    return caught.value


def test_golden_course_tiny(shared_data: Path) -> None:
    header = read_header(shared_data / "course-tiny-v2.bin")
    d = header.description
    assert (header.layout, header.offset, header.size) == ("version 2", 256, 3501056)
    assert (d.dim, d.hidden_dim, d.n_layers, d.n_heads, d.n_kv_heads) == (64, 192, 3, 4, 2)
    assert (d.vocab_size, d.seq_len, d.shared_classifier, d.group_size) == (49152, 1024, True, 64)
    assert (d.head_dim, d.kv_dim, d.weight_type, d.norm_eps, d.rope_theta) == (16, 32, "int8", 1e-5, 10000.0)
    assert d.end_tokens == ()


def test_golden_stories(shared_data: Path) -> None:
    header = read_header(shared_data / "stories260K.bin")
    d = header.description
    assert (header.layout, header.offset, header.size) == ("legacy", 28, 1056540)
    assert (d.dim, d.hidden_dim, d.n_layers, d.n_heads, d.n_kv_heads) == (64, 172, 5, 8, 4)
    assert (d.vocab_size, d.seq_len, d.shared_classifier, d.group_size) == (512, 512, True, 0)
    assert (d.head_dim, d.kv_dim, d.weight_type) == (8, 32, "f32")


def test_header_bytes_of_the_course_file(shared_data: Path) -> None:
    """pack_header writes the course's header byte for byte."""
    path = shared_data / "course-tiny-v2.bin"
    with path.open("rb") as file:
        assert pack_header(read_header(path).description, "version 2") == file.read(256)


def test_parse_needs_no_file() -> None:
    whole = valid("version 2")
    header = parse_header("nowhere", whole[:256], len(whole))
    assert header == Header(Path("nowhere"), "version 2", header.description, 256, len(whole))
    assert pack_header(header.description, "version 2") == whole[:256]


@given(head=st.binary(max_size=256), size=st.integers(0, 1 << 40), known=st.sampled_from(["", *LAYOUTS]))
@settings(max_examples=300, deadline=None)
def test_any_bytes_give_a_header_or_a_typed_error(head: bytes, size: int, known: str) -> None:
    if known:  # a lawful start, overwritten from the third field on
        head = valid(known)[:16] + head[: max(0, len(head) - 16)]
    head = head[: min(len(head), size)]
    if size >= 28:
        head = head.ljust(min(size, 256), b"\0")
    try:
        header = parse_header("any", head, size)
    except CheckpointError as error:
        assert str(error).isprintable()
    else:
        assert header.size == size and pack_header(header.description, header.layout) == head[: header.offset]


def test_no_more_than_256_bytes_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    asked: list[int] = []
    real = os.readv

    def counting(fd: int, buffers: list[memoryview]) -> int:
        asked.append(sum(b.nbytes for b in buffers))
        return real(fd, buffers)

    monkeypatch.setattr(source_file.os, "readv", counting)
    read_header(path)
    assert 0 < sum(asked) <= 256


@pytest.mark.parametrize("name", ["absent.bin", "no/such/folder.bin"])
def test_missing(tmp_path: Path, name: str) -> None:
    error = _refusal(tmp_path / name)
    assert "no such file" in str(error)
    assert error.exit_code == 4


def test_empty(tmp_path: Path) -> None:
    path = tmp_path / "empty.bin"
    path.touch()
    with pytest.raises(CheckpointError, match="file size is 0 bytes: must be at least the 28"):
        read_header(path)


def test_directory(tmp_path: Path) -> None:
    assert "file is a directory: must be a regular file" in str(_refusal(tmp_path))


def test_fifo_is_not_waited_for(tmp_path: Path, no_hang: None) -> None:
    os.mkfifo(tmp_path / "fifo")
    assert "file is a FIFO: must be a regular file" in str(_refusal(tmp_path / "fifo"))


def test_fifo_that_takes_the_place_of_a_file(tmp_path: Path, no_hang: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanged between the look and the opening: still neither waited for nor read."""
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    real = os.open

    def exchanging(name: Path, flags: int) -> int:
        path.unlink()
        os.mkfifo(path)
        return real(name, flags)

    monkeypatch.setattr(source_file.os, "open", exchanging)
    assert "file is a FIFO" in str(_refusal(path))


def test_devices_and_sockets_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_file.os, "open", lambda *_: pytest.fail("opened"))
    assert "file is a character device" in str(_refusal("/dev/zero"))
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(tmp_path)  # a socket's name has at most 108 bytes
        listener.bind("socket")
        assert "file is a socket" in str(_refusal("socket"))


def test_symlinks(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert "file is unreadable (Too many levels of symbolic links): must be readable" in str(
        _refusal(tmp_path / "loop")
    )
    (tmp_path / "dangling").symlink_to("nothing")
    assert "no such file" in str(_refusal(tmp_path / "dangling"))
    (tmp_path / "model.bin").write_bytes(valid("legacy"))
    (tmp_path / "link").symlink_to("model.bin")
    assert read_header(tmp_path / "link").layout == "legacy"


def test_no_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.bin"
    path.write_bytes(valid("version 2"))
    path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may read everything, nobody may not
        os.seteuid(65534)
    try:
        assert "file is unreadable (Permission denied): must be readable" in str(_refusal(path))
    finally:
        os.seteuid(user)


@pytest.mark.parametrize("name", ["a\0b", "x" * 300, "lone surrogate \ud800"])
def test_impossible_names(tmp_path: Path, name: str) -> None:
    assert "file is unreadable" in str(_refusal(f"{tmp_path}/{name}"))


@pytest.mark.parametrize("name", ["two\nlines", "bell\a", "\x1b[31mred", os.fsdecode(b"not \xff utf-8")])
def test_odd_names_stay_one_line(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert "no such file" in str(_refusal(path))
    path.write_bytes(struct.pack("<7i", 0, *[1] * 6))
    with pytest.raises(CheckpointError) as caught:
        read_header(path)
    assert str(caught.value).isprintable()
    str(caught.value).encode()


def test_input_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))

    def failing(fd: int, buffers: list[memoryview]) -> int:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(source_file.os, "readv", failing)
    assert "file is unreadable (Input/output error)" in str(_refusal(path))


def test_file_that_shrinks_before_its_header_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(valid("version 2"))
    real = os.readv

    def shrinking(fd: int, buffers: list[memoryview]) -> int:
        os.truncate(path, 100)
        return real(fd, buffers)

    monkeypatch.setattr(source_file.os, "readv", shrinking)
    with pytest.raises(CheckpointError, match=r"file size is 100 bytes: must stay 256 .*short read"):
        read_header(path)
