"""The watch on real processes: its thread, its cost, a full disk, and logs after kill -9 of their writer."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.monitor import proc
from llmproc.monitor.courselog import parse_line
from llmproc.monitor.runfolder import RunFolder
from llmproc.monitor.sinks import LineSink
from llmproc.monitor.table import COLUMNS
from llmproc.monitor.watch import ProcWatch

BUSY = "print('ready', flush=True)\nwhile True: pass"
TWO_BUSY = (
    "import threading\ndef spin():\n while True: pass\nthreading.Thread(target=spin, daemon=True).start()\n" + BUSY
)
PAUSED = "print('ready', flush=True)\n__import__('signal').pause()"
Child = Callable[[str], subprocess.Popen[bytes]]


@pytest.fixture
def pipe():
    ends = os.pipe()
    yield ends
    for fd in ends:
        os.close(fd)


def _read_lines(fd: int, count: int) -> list[str]:
    """Waits for so many lines, at most 20 s."""
    data = b""
    while data.count(b"\n") < count:
        assert select.select([fd], [], [], 20)[0], "the watch has stopped writing"
        data += os.read(fd, 65536)
    return data.decode().splitlines()


def test_the_thread_writes_while_a_worker_generates_and_sleeps_otherwise(child: Child, pipe) -> None:
    pid = child(BUSY).pid
    watch = ProcWatch(0.01, [LineSink(pipe[1], "pipe")])
    watch.start()
    try:
        assert not select.select([pipe[0]], [], [], 0)[0]  # nobody generates: nothing
        watch.begin_turn(pid)
        lines = _read_lines(pipe[0], 5)
        watch.end_turn(pid)
        assert watch.grid.next is None
    finally:
        watch.stop()
    parsed = [parse_line(line) for line in lines]
    assert all(line is not None and line.pid == pid and 0 <= line.cpu_percent <= 100 for line in parsed)
    assert not any(thread.name == "watch" for thread in threading.enumerate())


def test_stop_closes_open_turns_and_logs_the_cost(child: Child, pipe) -> None:
    events: list[str] = []
    watch = ProcWatch(60, [LineSink(pipe[1], "pipe")], event=lambda kind, **fields: events.append(kind))
    watch.start()
    watch.begin_turn(child(PAUSED).pid)
    watch.stop()
    watch.stop()
    assert events == ["turn_began", "turn_ended", "watch_cost"]
    assert len(_read_lines(pipe[0], 1)) == 1


def test_a_busy_child_shows_and_a_sleeping_one_does_not(child: Child, pipe) -> None:
    busy, quiet = child(BUSY).pid, child(PAUSED).pid
    while (stat := proc.read_stat(quiet)) is None or stat.state != "S":  # it has said it is ready a moment before
        pass
    watch = ProcWatch(60, [LineSink(pipe[1], "pipe")])
    for pid in (busy, quiet):
        watch.begin_turn(pid)
    before = time.process_time()
    while time.process_time() - before < 0.05:  # some time passes, measured in our own CPU seconds
        pass
    for pid in (busy, quiet):
        watch.end_turn(pid)
    lines = [parse_line(line) for line in _read_lines(pipe[0], 2)]
    assert lines[0] is not None and lines[0].cpu_percent > 0
    assert lines[1] is not None and lines[1].cpu_percent < 10


def test_a_killed_worker_leaves_its_closing_line(child: Child, pipe, wait_for_zombie: Callable[[int], None]) -> None:
    process = child(BUSY)
    watch = ProcWatch(60, [LineSink(pipe[1], "pipe")])
    watch.begin_turn(process.pid)
    process.kill()
    wait_for_zombie(process.pid)
    watch.worker_died(process.pid)
    line = parse_line(_read_lines(pipe[0], 1)[0])
    assert line is not None and (line.pid, line.state) == (process.pid, "Z")


def test_a_full_disk_costs_the_sink_and_nothing_else(child: Child, pipe) -> None:
    notices: list[str] = []
    full = os.open("/dev/full", os.O_WRONLY)
    pid = child(BUSY).pid
    broken = LineSink(full, "proc.log", notices.append)
    watch = ProcWatch(0.01, [broken, LineSink(pipe[1], "pipe")], LineSink(full, "proc.csv", notices.append))
    watch.start()
    try:
        watch.begin_turn(pid)
        assert len(_read_lines(pipe[0], 3)) >= 3
    finally:
        watch.stop()
        os.close(full)
    assert len(notices) == 2 and all("No space left" in notice for notice in notices)


def test_the_watch_costs_under_one_percent_of_a_core(child: Child, tmp_path: Path) -> None:
    """Its own CPU time, over the wall time that 40 grid points of 300 ms stand for. No wall clock is asked."""
    now = [0.0]
    folder = RunFolder.create(tmp_path)
    try:
        watch = ProcWatch(0.3, [folder.proc_log], folder.proc_csv, clock=lambda: now[0], event=folder.event)
        for code in (TWO_BUSY, PAUSED):
            pid = child(code).pid
            watch.worker_started(pid)
            watch.begin_turn(pid)
        for _ in range(40):
            now[0] += 0.3
            watch.tick()
        assert watch.cost() < 0.01
    finally:
        folder.close()
    cost = [
        e for e in map(json.loads, (folder.path / "events.jsonl").read_text().splitlines()) if e["kind"] == "watch_cost"
    ]
    assert cost and 0 < cost[0]["share"] < 0.01
    assert len((folder.path / "proc.log").read_text().splitlines()) == 80


WRITER = """
import os, sys
sys.path.insert(0, {root!r})
from pathlib import Path
from llmproc.monitor.runfolder import RunFolder
from llmproc.monitor.watch import ProcWatch
folder = RunFolder.create(Path({base!r}))
watch = ProcWatch(0.3, [folder.proc_log], folder.proc_csv, event=folder.event)
watch.start()
print("ready", flush=True)
while True:
    watch.begin_turn(os.getpid())
    watch.tick()
    watch.end_turn(os.getpid())
    os.write(1, b".")
"""


@pytest.mark.parametrize("turns", [1, 2, 5, 13, 34])
def test_logs_are_readable_after_kill_9_of_the_writer(tmp_path: Path, turns: int) -> None:
    code = WRITER.format(root=str(ROOT), base=str(tmp_path))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == b"ready\n"
        assert len(process.stdout.read(turns)) == turns
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    folder = tmp_path / "latest"
    log, rows, events = ((folder / name).read_text().split("\n") for name in ("proc.log", "proc.csv", "events.jsonl"))
    assert len(log) > 2 * turns and all(parse_line(line) is not None for line in log[:-1])
    assert all(len(row.split(",")) == len(COLUMNS) for row in rows[:-1])
    assert all(json.loads(line)["kind"] for line in events[:-1])
    assert json.loads((folder / "run.json").read_text())["simulated"] is False
