"""Invented instances of real processes: what `top` looks at, without a model. Main is the test itself."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from support.happening import happened

from llmproc.monitor import proc
from llmproc.monitor.instances import Announcement, Instance
from llmproc.monitor.service_stats import ServiceStats, WorkerCount

BUSY = "print('ready', flush=True)\nwhile True: pass"
QUIET = "print('ready', flush=True)\n__import__('signal').pause()"


class Stage:
    """Children of this process that play workers, and the announcement that names them."""

    def __init__(self, place: Path) -> None:
        place.mkdir(mode=0o700, exist_ok=True)
        self.place, self.stats = place, ServiceStats()
        self._children: list[subprocess.Popen[bytes]] = []
        self.announcement = Announcement(self.stats, Path("/logs/some-run"), open_place=lambda: place)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.announcement.close()
        for child in self._children:
            child.kill()
            child.communicate()

    def child(self, code: str = QUIET) -> subprocess.Popen[bytes]:
        """A child that has said it is ready, and has come to rest if it is to."""
        child = subprocess.Popen([sys.executable, "-S", "-E", "-c", code], stdout=subprocess.PIPE)
        self._children.append(child)
        assert child.stdout is not None and child.stdout.readline() == b"ready\n"
        while code is QUIET and (stat := proc.read_stat(child.pid)) is not None and stat.state != "S":
            pass
        return child

    def worker(self, slot: int, code: str = QUIET) -> int:
        """A worker that is announced; its pid."""
        pid = self.child(code).pid
        self.tell("worker_forked", worker=slot, pid=pid)
        self.tell("worker_ready", worker=slot, pid=pid)
        return pid

    def kill(self, pid: int) -> None:
        """And reap it."""
        child = next(child for child in self._children if child.pid == pid)
        child.kill()
        child.wait()

    def tell(self, kind: str, **fields: object) -> None:
        """An event of the service, written at once."""
        self.stats.on_event(happened(kind, **fields), time.monotonic())
        self.announcement.write()


def instance(*workers: WorkerCount, pid: int | None = None, **changed: object) -> Instance:
    """An instance whose main is this process."""
    own = proc.read_stat(pid or os.getpid())
    assert own is not None
    fields: dict[str, object] = {
        "schema": 1,
        "pid": own.pid,
        "starttime": own.starttime,
        "boot": "",
        "started": "2026-01-01T00:00:00+0000",
        "started_t": 1.0,
        "command": "/usr/bin/python3 -m llmproc.main 42",
        "run_folder": None,
        "t": 1.0,
        "waiting": 0,
        "template": 0,
        "workers": workers,
    }
    return Instance(**{**fields, **changed})  # type: ignore[arg-type]


def count(slot: int = 0, pid: int = 0, **changed: object) -> WorkerCount:
    """An idle worker's."""
    fields: dict[str, object] = dict.fromkeys(("sequences", "queue", "tokens", "steals"), 0)
    fields |= {"slot": slot, "pid": pid, "state": "ready", "as_of": 0.0}
    return WorkerCount(**{**fields, **changed})  # type: ignore[arg-type]


def spend(cpu_s: float) -> None:
    """Some time passes, measured in our own CPU seconds."""
    end = time.process_time() + cpu_s
    while time.process_time() < end:
        pass


def lines_of(text: str) -> Iterator[list[str]]:
    """The words of each line."""
    return (line.split() for line in text.splitlines())
