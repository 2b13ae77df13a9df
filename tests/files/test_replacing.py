"""A file is replaced as a whole or not at all: whatever fails, the old one is there and nothing else."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from llmproc.files import replacing as module
from llmproc.files.replacing import IrregularFileError, replace_file, replacing, sync_folder


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """A file that holds `old`; afterwards the folder must hold nothing but that name."""
    path = tmp_path / "result"
    path.write_bytes(b"old")
    yield path
    assert os.listdir(tmp_path) == ["result"]


def test_the_new_content_and_nothing_else(place: Path) -> None:
    replace_file(place, b"new")
    assert place.read_bytes() == b"new"


def test_a_file_that_was_not_there(tmp_path: Path) -> None:
    replace_file(str(tmp_path / "new"), b"")
    assert os.listdir(tmp_path) == ["new"]


@pytest.mark.parametrize("mode", [0o666, 0o644, 0o600])
def test_permissions_are_the_mode_less_the_umask(place: Path, mode: int) -> None:
    before = os.umask(0o027)
    try:
        replace_file(place, b"new", mode=mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE(place.stat().st_mode) == mode & ~0o027


def test_the_old_content_stands_until_the_block_has_ended(place: Path) -> None:
    with replacing(place) as file:
        file.write(b"new")
        file.flush()
        assert place.read_bytes() == b"old"
    assert place.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError("no"), OSError(errno.EIO, "no"), KeyboardInterrupt()])
def test_an_error_in_the_block_comes_through_and_the_old_one_stays(place: Path, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught, replacing(place) as file:
        file.write(b"half")
        raise error
    assert caught.value is error and place.read_bytes() == b"old"


@pytest.mark.parametrize("call", ["fsync", "replace", "open"])
def test_whatever_the_disk_refuses_the_old_one_stays(place: Path, call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module.os, call, failing)
    with pytest.raises(OSError) as caught:
        replace_file(place, b"new")
    monkeypatch.undo()
    assert caught.value.errno == errno.ENOSPC and place.read_bytes() == b"old"


def test_a_full_file_system_is_noticed_before_the_rename(place: Path) -> None:
    """A limit on the size of files is as good as a full disk."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from llmproc.files.replacing import replace_file\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "try:\n    replace_file(Path(sys.argv[1]), b'x' * 10000)\n"
        "except OSError as error:\n    print(error.strerror)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(place)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == os.strerror(errno.EFBIG) and place.read_bytes() == b"old"


def test_a_process_killed_while_it_writes_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "result"
    path.write_bytes(b"old")
    code = (
        "import sys; from llmproc.files.replacing import replacing\n"
        "with replacing(sys.argv[1], temporary='.result.new') as file:\n"
        "    file.write(b'half'); file.flush(); print('written', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None and process.stdout.readline() == b"written\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL and path.read_bytes() == b"old"
    assert sorted(os.listdir(tmp_path)) == [".result.new", "result"]
    replace_file(path, b"new", temporary=".result.new")
    assert path.read_bytes() == b"new" and os.listdir(tmp_path) == ["result"], "what was left over is removed"


@pytest.mark.parametrize("kind", ["a directory", "a FIFO", "a character device"])
def test_only_a_regular_file_is_replaced(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "place"
    if kind == "a directory":
        path.mkdir()
    elif kind == "a FIFO":
        os.mkfifo(path)
    else:
        path = Path("/dev/null")
    with pytest.raises(IrregularFileError, match=f"it is {kind}") as caught:
        replace_file(path, b"new")
    assert caught.value.kind == kind and not stat.S_ISREG(path.stat().st_mode)


@pytest.mark.parametrize("path", ["/", ".", "..", ""])
def test_paths_without_a_name(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(IrregularFileError, match="it is a directory"):
        replace_file(path, b"new")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 300, "missing/x"])
def test_paths_that_cannot_be(name: str, tmp_path: Path) -> None:
    with pytest.raises(OSError):
        replace_file(tmp_path / name, b"new")
    assert os.listdir(tmp_path) == []


def test_a_link_that_waits_under_the_temporary_name_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    (tmp_path / ".result.new").symlink_to(victim)
    replace_file(tmp_path / "result", b"new", temporary=".result.new")
    assert victim.read_bytes() == b"precious" and not (tmp_path / "result").is_symlink()


def test_durable_means_file_first_then_name_then_folder(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(module.os, "fsync", lambda fd: (order.append("fsync"), fsync(fd)))
    monkeypatch.setattr(module.os, "replace", lambda a, b: (order.append("replace"), replace(a, b)))
    replace_file(place, b"new")
    assert order == ["fsync", "replace", "fsync"]
    order.clear()
    replace_file(place, b"quick", durable=False)
    assert order == ["replace"]


def test_two_writers_do_not_meet(place: Path) -> None:
    contents = [bytes([number]) * 200_000 for number in range(4)]
    threads = [threading.Thread(target=replace_file, args=(place, content)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert place.read_bytes() in contents


def test_a_folder_that_cannot_be_synced_is_no_error(tmp_path: Path) -> None:
    sync_folder(tmp_path / "missing")
