"""Main as a program of its own: killed in every state it leaves nothing; Ctrl-C in the terminal ends no child."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from processes import echo
from processes.listening import environment, new_mark
from support.paths import TESTS
from support.processes import marked, parent_of, state_of
from support.waiting import until

GONE_S = 10.0  # one second on a quiet machine


class Program:
    """A running mainprogram.py."""

    def __init__(self, process: subprocess.Popen[str], mark: str) -> None:
        self.process, self.mark, self.pid = process, mark, process.pid

    def wait(self, name: str) -> list[Any]:
        """The arguments of its next line of that name."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            heard, *arguments = json.loads(line)
            if heard == name:
                return arguments
        raise AssertionError(f"it ended without {name!r}")

    def ask(self, slot: int, kind: int, payload: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{slot} {kind} {payload}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def nothing_left(self) -> None:
        until(lambda: not marked(self.mark), f"nothing is left, but {marked(self.mark)}", GONE_S)


@contextmanager
def program(workers: int = 1, **orders: Any) -> Iterator[Program]:
    mark = new_mark()
    command = [sys.executable, str(TESTS / "processes" / "mainprogram.py"), str(workers), json.dumps(orders)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(mark),
        text=True,
        start_new_session=True,
    ) as process:
        limit = threading.Timer(30, process.kill)  # a main that says nothing fails the test and does not hang it
        limit.start()
        try:
            yield Program(process, mark)
        finally:
            limit.cancel()
            limit.join()
            process.kill()
            process.wait()
            for pid in marked(mark):
                os.kill(pid, signal.SIGKILL)


def test_kill_main_while_all_are_idle() -> None:
    with program(3) as main:
        workers = [main.wait("worker_ready")[1] for _ in range(3)]
        assert [parent_of(pid) for pid in workers] == [main.pid] * 3
        assert len(marked(main.mark)) == 5
        assert [os.readlink(f"/proc/{pid}/fd/0") for pid in workers] == ["/dev/null"] * 3, "main's stdin is main's"
        main.kill()
        main.nothing_left()


@pytest.mark.parametrize("kind", [echo.BUSY_LOOP, echo.IGNORE_TERM, echo.SLEEP])
def test_kill_main_while_a_worker_is_at_work(kind: int) -> None:
    with program(2) as main:
        for _ in range(2):
            main.wait("worker_ready")
        main.ask(0, kind, "60")
        main.ask(1, echo.ECHO, "sync")
        main.wait("frame")
        main.kill()
        main.nothing_left()


def test_kill_main_while_the_template_prepares() -> None:
    with program(loop=True) as main:
        main.wait("progress")
        assert len(marked(main.mark)) == 2
        main.kill()
        main.nothing_left()


def test_kill_main_before_the_template_has_looked_around() -> None:
    """Its interpreter is still starting: the death signal cannot be set yet, the parent check must do."""
    with program(loop=True) as main:
        main.wait("template_started")
        main.kill()
        main.nothing_left()


def test_kill_main_while_a_worker_stands_still_before_its_start() -> None:
    with program(2) as main:
        pid = main.wait("worker_forked")[1]
        os.kill(pid, signal.SIGSTOP)
        main.wait("worker_ready")  # of this one or of the other
        main.kill()
        for left in marked(main.mark):
            os.kill(left, signal.SIGCONT)
        main.nothing_left()


def test_kill_template_then_main() -> None:
    with program(2, later={"loop": True}) as main:
        template = main.wait("template_started")[0]
        for _ in range(2):
            main.wait("worker_ready")
        os.kill(template, signal.SIGKILL)
        main.wait("progress")
        assert len(marked(main.mark)) == 4
        main.kill()
        main.nothing_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGQUIT, signal.SIGHUP])
def test_the_terminals_signals_end_no_child(number: int) -> None:
    """The whole foreground group gets them; main alone decides (here: main takes SIGINT and is spared the others)."""
    with program(2) as main:
        template = main.wait("template_started")[0]
        workers = [main.wait("worker_ready")[1] for _ in range(2)]
        if number == signal.SIGINT:
            os.killpg(main.pid, number)
            main.wait("interrupted")
        else:
            for pid in (template, *workers):
                os.kill(pid, number)
        for slot in range(2):
            main.ask(slot, echo.ECHO, "still")
            assert main.wait("frame")[0] == slot
        assert all(state_of(pid) not in ("", "Z") for pid in (template, *workers))
        assert len(marked(main.mark)) == 4


def test_the_whole_group_stopped_and_continued_goes_on() -> None:
    with program(2) as main:
        workers = [main.wait("worker_ready")[1] for _ in range(2)]
        os.killpg(main.pid, signal.SIGSTOP)
        until(lambda: all(state_of(pid) == "T" for pid in marked(main.mark)), "all stand still")
        os.killpg(main.pid, signal.SIGCONT)
        for slot in range(2):
            main.ask(slot, echo.ECHO, "on")
            assert main.wait("frame")[0] == slot
        assert set(workers) <= set(marked(main.mark))


def test_main_ends_when_it_is_told_to() -> None:
    with program(2) as main:
        for _ in range(2):
            main.wait("worker_ready")
        assert main.process.stdin is not None
        main.process.stdin.close()
        main.wait("stopped")
        assert main.process.wait(10) == 0
        assert not marked(main.mark)


def test_children_ignored_by_whoever_started_main_are_waited_for_all_the_same() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with program(1) as main:
            signal.signal(signal.SIGCHLD, before)
            pid = main.wait("worker_ready")[1]
            os.kill(pid, signal.SIGKILL)
            assert main.wait("worker_died")[0] == 0
            assert main.wait("worker_ready")[1] != pid
    finally:
        signal.signal(signal.SIGCHLD, before)
