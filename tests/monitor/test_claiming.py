"""The lock under which instances count each other: one at a time, never for long, and nothing is left of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.paths import ROOT

from llmproc.errors import LogError
from llmproc.monitor import claiming

HOLDER = """
import sys
from pathlib import Path
from llmproc.monitor import claiming
with claiming.alone(lambda: Path(sys.argv[1])) as got:
    print(got, flush=True)
    sys.stdin.read()
"""


def place(tmp_path: Path) -> Path:
    """The runtime folder of a test."""
    (tmp_path / "place").mkdir(exist_ok=True)
    return tmp_path / "place"


def holder(folder: Path) -> subprocess.Popen[bytes]:
    """Another process that holds the lock until its stdin ends."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )


def test_one_at_a_time(tmp_path: Path) -> None:
    folder = place(tmp_path)
    with holder(folder) as other:
        assert other.stdout is not None and other.stdout.readline() == b"True\n"
        with claiming.alone(lambda: folder, 0.0) as got:
            assert not got
        other.communicate()
    with claiming.alone(lambda: folder, 0.0) as got:
        assert got
    assert list(folder.iterdir()) == []


def test_a_holder_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    folder = place(tmp_path)
    with holder(folder) as other:
        assert other.stdout is not None and other.stdout.readline() == b"True\n"
        other.kill()
    with claiming.alone(lambda: folder) as got:
        assert got


def test_without_a_place_there_is_nothing_to_lock(tmp_path: Path) -> None:
    def none() -> Path:
        raise LogError("no place")

    with claiming.alone(none) as got:
        assert not got
    with claiming.alone(lambda: tmp_path / "missing") as got:
        assert not got


def test_an_error_inside_lets_go(tmp_path: Path) -> None:
    folder = place(tmp_path)
    before = set(os.listdir("/proc/self/fd"))
    try:
        with claiming.alone(lambda: folder):
            raise KeyError
    except KeyError:
        pass
    assert set(os.listdir("/proc/self/fd")) == before
    with claiming.alone(lambda: folder, 0.0) as got:
        assert got
