"""A listener that writes down what it hears, a supervisor around the echo child, and eyes in /proc."""

from __future__ import annotations

import json
import os
import queue
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from processes import echo
from support.paths import PYTHONPATH
from support.processes import marked
from support.waiting import PATIENCE_S, until

from llmproc.processes.frames import Frame
from llmproc.processes.plan import Plan
from llmproc.processes.slots import SlotState
from llmproc.processes.supervisor import Supervisor

MARK = "LLMPROC_TEST_MARK"  # in the environment of everything a test starts, so that orphan_reaper can be found


class Heard:
    """Every call of the supervisor, in order; `wait(name)` returns the arguments of the next call of that name.

    `hooks`: functions called with the arguments on the I/O thread. `holding`: slots that hold work.
    `proof`: what /proc is made to say of a worker (cpu ns, wait ns, state).
    """

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []
        self.times: list[tuple[str, float]] = []
        self.hooks: dict[str, Callable[..., None]] = {}
        self.holding: set[int] = set()
        self.proof: Callable[[int], tuple[int, int, str] | None] = lambda pid: (0, 0, "S")
        self._queue: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*arguments: Any) -> None:
            self.times.append((name, time.monotonic()))
            self.calls.append((name, arguments))
            if name in self.hooks:
                self.hooks[name](*arguments)
            self._queue.put((name, arguments))

        return call

    def holds_work(self, slot: int) -> bool:
        return slot in self.holding

    def on_health_tick(self, slot: int) -> None:
        pass

    def round_ended(self) -> bool:
        return True

    def wait(self, name: str, timeout: float = PATIENCE_S) -> tuple[Any, ...]:
        """The next call of that name; those before it are dropped."""
        end = time.monotonic() + timeout
        while True:
            try:
                heard, arguments = self._queue.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {name!r} in {timeout:g} s; heard {self.names()}") from None
            if heard == name:
                return arguments

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]

    def all(self, name: str) -> list[tuple[Any, ...]]:
        return [arguments for heard, arguments in self.calls if heard == name]


def environment(mark: str) -> dict[str, str]:
    """For everything started here; any warning in a template or worker is an error."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {
        **inherited,
        "PYTHONPATH": PYTHONPATH,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONWARNINGS": "error,ignore::ResourceWarning",
        MARK: mark.removeprefix(f"{MARK}="),
    }


def new_mark() -> str:
    """Return a setting, NAME=value, that nothing else has."""
    return f"{MARK}={uuid.uuid4().hex}"


@contextmanager
def running(
    workers: int = 1,
    ready: bool = True,
    heard: Heard | None = None,
    output_fd: int | None = None,
    stuck_after_s: float = 10.0,
    names: tuple[str, str] = ("processes.echo:prepare", "processes.echo:child"),
    **orders: Any,
) -> Iterator[tuple[Supervisor, Heard]]:
    """A supervisor with echo children, all `ready`; stopped and joined at the end, and nothing with its mark lives."""
    heard, mark = heard or Heard(), new_mark()
    plan = Plan(
        *names,
        json.dumps(orders).encode(),
        workers,
        environment(mark),
        output_fd,
        stuck_after_s,
        health_sample=lambda pid: heard.proof(pid),
    )
    supervisor = Supervisor(plan)
    supervisor.start(heard, heard)
    try:
        for _ in range(workers if ready else 0):
            heard.wait("worker_ready")
        yield supervisor, heard
    finally:
        supervisor.stop()
        assert supervisor.join(PATIENCE_S), f"the supervisor did not end; heard {heard.names()}"
    assert heard.names().count("stopped") == 1
    assert not marked(mark)


def ask(supervisor: Supervisor, slot: int, frame: Frame) -> None:
    assert supervisor.post(lambda: supervisor.send(slot, frame))


def echoes(supervisor: Supervisor, heard: Heard, slot: int, text: bytes = b"hello") -> bool:
    """Whether the worker of this slot answers."""
    ask(supervisor, slot, Frame(echo.ECHO, 7, text))
    return heard.wait("frame") == (slot, Frame(echo.ECHO, 7, text))


def pid_of(supervisor: Supervisor, slot: int = 0) -> int:
    assert supervisor.slots[slot].state is SlotState.READY
    return supervisor.slots[slot].pid


def busy(supervisor: Supervisor, slot: int = 0) -> None:
    until(lambda: supervisor.slots[slot].health.busy, "the worker is busy")
