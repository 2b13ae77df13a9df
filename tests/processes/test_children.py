"""The children of a process: of all its threads, zombies too, [] for one that is gone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from llmproc.processes.children import read_children


def test_children_of_every_thread() -> None:
    """A child belongs to the thread that made it; both are children of the process."""
    code = "import sys; sys.stdin.read()"
    made: list[subprocess.Popen[bytes]] = []
    start = lambda: made.append(subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE))  # noqa: E731
    start()
    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    try:
        found = read_children(os.getpid())
        assert found is not None and {process.pid for process in made} <= set(found)
        assert read_children(made[0].pid) == []
    finally:
        for process in made:
            process.communicate()


def test_a_zombie_is_a_child_until_it_is_reaped() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert process.pid in (read_children(os.getpid()) or [])
    process.wait()
    assert process.pid not in (read_children(os.getpid()) or [])
    assert read_children(process.pid) == []


def test_a_kernel_without_lists(tmp_path: Path) -> None:
    task = tmp_path / "7" / "task" / "7"
    task.mkdir(parents=True)
    assert read_children(7, root=str(tmp_path)) == [], "the thread has ended meanwhile"
    (task / "stat").touch()
    assert read_children(7, root=str(tmp_path)) is None
    (task / "children").write_text("8 9 \n")
    assert read_children(7, root=str(tmp_path)) == [8, 9]
