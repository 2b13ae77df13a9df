"""Sinks: one write a line, one notice when a sink fails, never an exception, never a standstill."""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path

import pytest

from llmproc.monitor import sinks
from llmproc.monitor.sinks import LineSink


@pytest.fixture
def pipe():
    """(read end, write end), closed afterwards where a test has not."""
    ends = list(os.pipe())
    yield ends
    for fd in ends:
        if fd >= 0:
            os.close(fd)


def test_one_write_per_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[bytes] = []
    monkeypatch.setattr(sinks.os, "write", lambda fd, data: written.append(bytes(data)) or len(data))
    sink = LineSink(2, "stderr")
    assert sink.write("a line") and sink.write("\udcff")
    assert written == [b"a line\n", b"\xff\n"]


def test_full_disk_is_noticed_once_and_never_raised() -> None:
    notices: list[str] = []
    fd = os.open("/dev/full", os.O_WRONLY)
    try:
        sink = LineSink(fd, "proc.log", notices.append)
        assert not sink.write("x") and not sink.write("y")
    finally:
        os.close(fd)
    assert sink.failure == os.strerror(errno.ENOSPC)
    assert notices == [f"proc.log: {os.strerror(errno.ENOSPC)}: nothing more is written there"]


def test_vanished_reader(pipe: list[int]) -> None:
    notices: list[str] = []
    os.close(pipe[0])
    pipe[0] = -1
    sink = LineSink(pipe[1], "stderr", notices.append)
    assert not sink.write("x") and not sink.write("x")
    assert sink.failure == os.strerror(errno.EPIPE) and len(notices) == 1


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EPIPE, errno.EBADF, errno.EDQUOT])
def test_any_error_drops_it(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    calls = []

    def write(fd: int, data: bytes) -> int:
        calls.append(data)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(sinks.os, "write", write)
    sink = LineSink(1, "x")
    assert not sink.write("a") and not sink.write("b")
    assert len(calls) == 1 and sink.failure == os.strerror(number)


def test_a_slow_reader_loses_lines_but_stops_nobody(pipe: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sinks, "_PATIENCE_MS", 0)
    sink = LineSink(pipe[1], "stderr")
    line = "x" * 999
    results = [sink.write(line) for _ in range(200)]  # a blocking write would hang here for ever
    assert not results[-1] and sink.failure is None and sink.skipped == results.count(False)
    taken = results.count(True)
    assert os.read(pipe[0], 1 << 20) == (line.encode() + b"\n") * taken
    assert sink.write("again")


def test_a_partial_write_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    out = bytearray()

    def write(fd: int, data: bytes) -> int:
        out.extend(data[:3])
        return len(data[:3])

    monkeypatch.setattr(sinks.os, "write", write)
    assert LineSink(1, "x").write("abcdefgh")
    assert bytes(out) == b"abcdefgh\n"


def test_lines_of_many_threads_stay_whole(tmp_path: Path) -> None:
    fd = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        sink = LineSink(fd, "log")
        threads = [threading.Thread(target=lambda n=n: [sink.write(str(n) * 200) for _ in range(50)]) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        os.close(fd)
    lines = (tmp_path / "log").read_text().splitlines()
    assert len(lines) == 200 and all(len(set(line)) == 1 and len(line) == 200 for line in lines)


def test_a_notice_may_itself_write_to_the_failed_sink() -> None:
    fd = os.open("/dev/full", os.O_WRONLY)
    sink = LineSink(fd, "events.jsonl", lambda text: told.append(sink.write(text)))
    told: list[bool] = []
    try:
        assert not sink.write("x")
    finally:
        os.close(fd)
    assert told == [False]
