"""A checkpoint takes the place of an old file whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest
from checkpoints.written_models import _model

from llmproc.checkpoints.llama2c.writer import write_checkpoint
from llmproc.errors import CheckpointError
from llmproc.files import replacing


def test_progress_and_mode(tmp_path: Path) -> None:
    description, arrays = _model("version 2")
    seen: list[tuple[int, int]] = []
    path = tmp_path / "model.bin"
    write_checkpoint(path, description, arrays, "version 2", lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert seen[-1] == (size, size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~mask


class Interrupted(BaseException):
    """Stands for KeyboardInterrupt."""


@pytest.mark.parametrize("error", [Interrupted(), OSError(errno.ENOSPC, "No space left on device")])
def test_an_interrupted_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    description, arrays = _model()
    path = tmp_path / "model.bin"
    path.write_bytes(b"old")

    def failing(done: int, total: int) -> None:
        assert path.read_bytes() == b"old", "the place is taken only at the end"
        assert len(os.listdir(tmp_path)) == 2
        if done > total // 2:
            raise error

    expected = CheckpointError if isinstance(error, OSError) else Interrupted
    with pytest.raises(expected) as caught:
        write_checkpoint(path, description, arrays, "version 2", failing)
    if isinstance(error, OSError):
        assert "file is unwritable (No space left on device): must be writable" in str(caught.value)
    assert os.listdir(tmp_path) == ["model.bin"] and path.read_bytes() == b"old"


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failures_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    def failing(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(replacing.os, call, failing)
    description, arrays = _model()
    with pytest.raises(CheckpointError, match=r"unwritable \(Input/output error\)"):
        write_checkpoint(tmp_path / "m.bin", description, arrays, "version 2")
    assert not os.listdir(tmp_path)


def test_synced_before_it_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(replacing.os, "fsync", lambda fd: (order.append("fsync"), fsync(fd)))
    monkeypatch.setattr(replacing.os, "replace", lambda a, b: (order.append("replace"), replace(a, b)))
    description, arrays = _model()
    write_checkpoint(tmp_path / "m.bin", description, arrays, "version 2")
    assert order == ["fsync", "replace", "fsync"]


def test_places_that_cannot_be_written(tmp_path: Path) -> None:
    description, arrays = _model()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    for path, message in (
        (tmp_path / "folder", "file is a directory"),
        (tmp_path / "loop", "file is unwritable .Too many levels"),
        (Path("/dev/null"), "file is a character device"),
        (tmp_path / "no" / "model.bin", "file is unwritable .No such file"),
        (tmp_path / ("x" * 300), "file is unwritable .File name too long"),
    ):
        with pytest.raises(CheckpointError, match=message):
            write_checkpoint(path, description, arrays, "version 2")
    assert sorted(os.listdir(tmp_path)) == ["folder", "loop"] and not os.listdir(tmp_path / "folder")
