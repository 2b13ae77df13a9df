"""A listener that writes down what it hears, and a supervisor around the echo child."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import json
from llmproc.processes.frames import Frame
from llmproc.processes.slots import SlotState
from llmproc.processes.supervisor import Plan, Supervisor

HERE = Path(__file__).resolve().parent


class Heard:
    """Every call of the supervisor, in order; `wait(name)` returns the arguments of the next call of that name."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self._queue: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()
        self.holding: set[int] = set()
        self.proof: dict[int, tuple[int, int, str]] = {}
        self.done = threading.Event()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*arguments: Any) -> None:
            self.calls.append((name, arguments))
            self._queue.put((name, arguments))

        return call

    def holds_work(self, slot: int) -> bool:
        return slot in self.holding

    def evidence(self, pid: int) -> tuple[int, int, str] | None:
        return self.proof.get(pid, (0, 0, "S"))

    def stopped(self) -> None:
        self.done.set()

    def wait(self, name: str, timeout: float = 20) -> tuple[Any, ...]:
        end = time.monotonic() + timeout
        while True:
            heard, arguments = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            if heard == name:
                return arguments

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


def environment() -> dict[str, str]:
    paths = [str(HERE), str(HERE.parents[1])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


@contextmanager
def running(workers: int = 1, output_fd: int | None = None, stuck_after_s: float = 10.0, **orders: Any) -> Iterator[tuple[Supervisor, Heard]]:
    """A supervisor with echo children; stopped and joined at the end."""
    heard = Heard()
    plan = Plan("echo:prepare", "echo:child", json.dumps(orders).encode(), workers, environment(), output_fd, stuck_after_s)
    supervisor = Supervisor(plan, heard)
    supervisor.start()
    try:
        yield supervisor, heard
    finally:
        supervisor.stop()
        assert supervisor.join(10), "the supervisor did not end"


def ask(supervisor: Supervisor, slot: int, frame: Frame) -> None:
    supervisor.post(lambda: supervisor.send(slot, frame))


def pid_of(supervisor: Supervisor, slot: int = 0) -> int:
    return supervisor.slots[slot].pid if supervisor.slots[slot].state is SlotState.READY else 0
