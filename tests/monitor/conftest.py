"""A /proc tree made of files, a clock that moves when told, and real children that stop where a test wants them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.clocks import FakeClock


class FakeProc:
    """Writes the /proc files of invented processes."""

    def __init__(self, root: Path) -> None:
        self.path, self.root = root, str(root)

    def put(
        self,
        pid: int,
        *,
        comm: str = "inference",
        state: str = "R",
        user: int = 0,
        system: int = 0,
        starttime: int = 77,
        tasks: dict[int, int] | None = None,
        waits: int = 0,
        pss_kb: int | None = None,
    ) -> None:
        """`user`, `system` in ticks; `tasks`: tid -> nanoseconds run (absent: one task, from the ticks)."""
        tasks = {pid: (user + system) * 10_000_000} if tasks is None else tasks
        for tid in list(tasks):
            self._stat(self.path / str(pid) / "task" / str(tid), tid, comm, state, user, system, starttime, len(tasks))
            folder = self.path / str(pid) / "task" / str(tid)
            (folder / "schedstat").write_text(f"{tasks[tid]} {waits} 5\n")
            (folder / "status").write_text("Name:\tx\nvoluntary_ctxt_switches:\t3\nnonvoluntary_ctxt_switches:\t4\n")
        for old in (self.path / str(pid) / "task").iterdir():
            if int(old.name) not in tasks:
                for file in old.iterdir():
                    file.unlink()
                old.rmdir()
        self._stat(self.path / str(pid), pid, comm, state, user, system, starttime, len(tasks))
        if pss_kb is not None:
            (self.path / str(pid) / "smaps_rollup").write_text(
                f"5-6 ---p 0 00:00 0 [rollup]\nRss: 9 kB\nPss: {pss_kb} kB\n"
            )

    def _stat(
        self, folder: Path, pid: int, comm: str, state: str, user: int, system: int, starttime: int, threads: int
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        fields = ["0"] * 52
        values = {1: pid, 2: f"({comm})", 3: state, 4: 9, 10: 11, 12: 12, 14: user, 15: system, 19: -3, 20: threads}
        values |= {22: starttime, 23: 358088704, 24: 100, 39: 4, 41: 3}
        for place, value in values.items():
            fields[place - 1] = str(value)
        (folder / "stat").write_bytes(" ".join(fields).encode("utf-8", "surrogateescape") + b"\n")


@pytest.fixture
def fake_proc(tmp_path: Path) -> FakeProc:
    """An empty tree under tmp_path/proc."""
    (tmp_path / "proc").mkdir()
    return FakeProc(tmp_path / "proc")


@pytest.fixture
def clock() -> FakeClock:
    """Starts at 1000.0."""
    return FakeClock()


@pytest.fixture
def child() -> Iterator[Callable[[str], subprocess.Popen[bytes]]]:
    """Starts `python -c code`, waits for the line it prints, kills and reaps it after the test."""
    started: list[subprocess.Popen[bytes]] = []

    def start(code: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen([sys.executable, "-S", "-E", "-c", code], stdout=subprocess.PIPE)
        started.append(process)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def dead_but_not_reaped(pid: int) -> None:
    """Returns when the child has ended; it stays a zombie."""
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@pytest.fixture
def wait_for_zombie() -> Callable[[int], None]:
    """See `dead_but_not_reaped`."""
    return dead_but_not_reaped
