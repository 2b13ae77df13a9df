"""The supervisor: how it stops, and what it leaves."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import threading
import time
from pathlib import Path

import pytest
from processes import echo
from processes.listening import Heard, ask, busy, pid_of, running
from processes.supervising import failure, template_pid
from support.waiting import until

from llmproc.errors import WorkersLostError
from llmproc.processes import system
from llmproc.processes.frames import Frame
from llmproc.processes.slots import SlotState
from llmproc.processes.supervisor import Supervisor

# -- stopping -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "endings"),
    [
        (echo.BUSY_LOOP, {signal.SIGABRT}),
        (echo.IGNORE_TERM, {signal.SIGABRT}),
        (None, {signal.SIGKILL, signal.SIGTERM}),  # stopped by SIGSTOP: pending signals are served once it goes on
    ],
    ids=["busy loop", "ignores SIGTERM", "stopped"],
)
def test_stop_in_bounded_time(kind: int | None, endings: set[int]) -> None:
    with running(2) as (supervisor, heard):
        if kind is None:
            os.kill(pid_of(supervisor), signal.SIGSTOP)
        else:
            ask(supervisor, 0, Frame(kind, 0, b"30"))
            busy(supervisor)
        supervisor.stop()
        assert supervisor.join(6)
        deaths = {slot: ended.status for slot, ended in heard.all("worker_died")}
        assert os.WTERMSIG(deaths[0]) in endings
        assert deaths[1] == 0
        assert len(heard.all("template_started")) == 1
        assert not heard.all("gave_up")
        assert heard.names()[-1] == "stopped"


def test_a_healthy_family_stops_by_message_and_at_once() -> None:
    with running(3) as (supervisor, heard):
        supervisor.stop()
        assert supervisor.join(6)
        assert [(ended.status, ended.replaced) for _, ended in heard.all("worker_died")] == [(0, False)] * 3


def test_stop_while_the_template_prepares() -> None:
    with running(1, ready=False, loop=True) as (supervisor, heard):
        heard.wait("progress")
        supervisor.stop()
        assert supervisor.join(6)
        assert "gave_up" not in heard.names()


@pytest.mark.parametrize("go_on", [True, False])
def test_stop_in_the_middle_of_a_fork(go_on: bool) -> None:
    """The template stands still with the order to fork in its socket; whether it goes on or not, all end."""
    heard = Heard()
    heard.hooks["prepared"] = lambda payload: os.kill(template_pid(heard), signal.SIGSTOP)
    with running(1, ready=False, heard=heard) as (supervisor, _):
        until(lambda: supervisor.slots[0].state is SlotState.FORKING, "the order to fork is on its way")
        supervisor.stop()
        if go_on:
            os.kill(template_pid(heard), signal.SIGCONT)
        assert supervisor.join(6)
        assert not heard.all("gave_up")


def test_stop_twice_and_after_the_end() -> None:
    with running(1) as (supervisor, _):
        supervisor.stop()
        supervisor.stop()
        assert supervisor.join(6)
        supervisor.stop()


def test_a_post_after_the_end_is_told_so_and_writes_nowhere(tmp_path: Path) -> None:
    with running(1) as (supervisor, _):
        supervisor.stop()
        assert supervisor.join(6)
        files = [(tmp_path / str(number)).open("wb") for number in range(20)]  # they take the numbers that are free now
        assert not supervisor.post(lambda: pytest.fail("ran"))
        supervisor.stop()
        for file in files:
            file.close()
        assert {path.stat().st_size for path in tmp_path.iterdir()} == {0}


def round_of(supervisor: Supervisor) -> None:
    """Wait until the I/O thread has been round once more, with nothing new to do."""
    for _ in range(2):
        passed = threading.Event()
        supervisor.post(passed.set)
        assert passed.wait(5)


def test_workers_are_heard_between_any_number_of_posts_and_every_round_has_an_end() -> None:
    order: list[str] = []
    answered, end = threading.Event(), time.monotonic() + 20

    def again() -> None:
        order.append("post")
        if not answered.is_set() and time.monotonic() < end:
            supervisor.post(again)  # there is always another one, until the worker has been heard

    def begin() -> None:
        supervisor.send(0, Frame(echo.ECHO, 1))
        for _ in range(200):
            supervisor.post(again)

    with running(1) as (supervisor, heard):
        heard.round_ended = lambda: order.append("round") or True  # type: ignore[func-returns-value, method-assign]
        heard.hooks["frame"] = lambda slot, frame: answered.set()
        supervisor.post(begin)
        assert answered.wait(20)
        round_of(supervisor)
    assert time.monotonic() < end, "it was heard although calls kept coming"
    posts = [len(list(calls)) for kind, calls in itertools.groupby(order) if kind == "post"]
    assert max(posts) == 64, "so many in a round, and after each round what was heard is acted on"


def test_what_is_not_urgent_is_not_heard_at_once_and_a_post_waits_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    with running(1) as (supervisor, heard):
        heard.round_ended = lambda: False  # type: ignore[method-assign]
        round_of(supervisor)
        monkeypatch.setattr("llmproc.processes.supervisor._COALESCE_S", 60.0)
        try:
            health = supervisor.slots[0].health
            before = health.steps
            ask(supervisor, 0, Frame(echo.SLEEP, 0, b"0.3"))
            ask(supervisor, 0, Frame(echo.ECHO, 1))
            until(lambda: health.steps == before + 2, "it has answered both")
            time.sleep(0.2)
            assert not heard.all("frame"), "main is still in its pause"
            round_of(supervisor)  # long before a minute is over
            round_of(supervisor)
            assert len(heard.all("frame")) == 2
        finally:
            monkeypatch.undo()
            supervisor.post(lambda: None)


def test_a_program_with_a_thousand_files_open_has_lulls_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """select() takes no descriptor above 1023, and ours are numbered after the program's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    files = [os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC) for _ in range(1024)]
    try:
        with running(1) as (supervisor, heard):
            assert supervisor._wake_read > 1023
            heard.round_ended = lambda: False  # type: ignore[method-assign]
            monkeypatch.setattr("llmproc.processes.supervisor._COALESCE_S", 0.2)
            for number in range(4):
                ask(supervisor, 0, Frame(echo.ECHO, number))
            until(lambda: len(heard.all("frame")) == 4, "all are answered")
    finally:
        for fd in files:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_what_was_posted_before_the_end_runs() -> None:
    """Else somebody would wait for ever for the end of what he submitted."""
    ran: list[int] = []

    def both() -> None:
        supervisor.post(lambda: 1 // 0)
        supervisor.post(lambda: ran.append(1))

    with running(1) as (supervisor, heard):
        supervisor.post(both)
        failure(supervisor, heard)
        assert ran == [1]


def test_a_fault_of_our_own_leaves_no_process_and_is_told() -> None:
    with running(2) as (supervisor, heard):
        supervisor.post(lambda: 1 // 0)
        error = failure(supervisor, heard)
        assert isinstance(error, WorkersLostError)
        assert "ZeroDivisionError" in str(error)
        assert heard.names()[-1] == "stopped"


def test_a_fault_of_our_own_in_the_middle_of_a_fork() -> None:
    heard = Heard()
    heard.hooks["prepared"] = lambda payload: os.kill(template_pid(heard), signal.SIGSTOP)
    with running(1, ready=False, heard=heard) as (supervisor, _):
        until(lambda: supervisor.slots[0].state is SlotState.FORKING, "the order to fork is on its way")
        supervisor.post(lambda: 1 // 0)
        failure(supervisor, heard)
        assert not system.get_child_subreaper()


def test_main_ignoring_its_children_is_no_reason_to_fail() -> None:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # inherited from some shells and daemons
    try:
        with running(1) as (supervisor, heard):
            os.kill(pid_of(supervisor), signal.SIGKILL)
            heard.wait("worker_ready")
            assert not heard.all("gave_up")
    finally:
        signal.signal(signal.SIGCHLD, before)


@pytest.mark.parametrize("idle_between", [False, True])
def test_health_is_not_looked_at_in_every_round(idle_between: bool) -> None:
    """Reading /proc costs more than all else that an event does in main."""
    looks: list[float] = []
    with running(1) as (supervisor, heard):
        heard.proof = lambda pid: looks.append(time.monotonic())
        heard.holds_work = lambda slot: True  # type: ignore[method-assign]
        for number in range(300):
            ask(supervisor, 0, Frame(echo.ECHO, number))
            heard.wait("frame")
            if idle_between:
                heard.holds_work = lambda slot: False  # type: ignore[method-assign]
                round_of(supervisor)
                heard.holds_work = lambda slot: True  # type: ignore[method-assign]
        heard.holds_work = lambda slot: False  # type: ignore[method-assign]
    assert looks and all(later - earlier > 0.3 for earlier, later in itertools.pairwise(looks))
