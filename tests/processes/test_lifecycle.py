"""What the supervisor tells of its decisions: stages of a stop, delays, an unknown status; and it can always wait."""

from __future__ import annotations

import os
import signal
import threading

import pytest
from processes import echo
from processes.listening import Heard, ask, echoes, pid_of, running

from llmproc.processes import system
from llmproc.processes.frames import Frame
from llmproc.processes.policies import StopStage
from llmproc.processes.supervisor import Supervisor


def test_an_orderly_stop_takes_one_stage_of_each() -> None:
    with running(2) as (supervisor, heard):
        pids = [pid_of(supervisor, slot) for slot in range(2)]
    assert sorted(heard.all("worker_stopping")) == [(slot, pids[slot], StopStage.MESSAGE) for slot in range(2)]
    ((_, stage),) = heard.all("template_stopping")
    assert stage is StopStage.MESSAGE


def test_every_stage_of_a_stop_is_told() -> None:
    with running(1) as (supervisor, heard):
        stuck = pid_of(supervisor)
        ask(supervisor, 0, Frame(echo.IGNORE_TERM, 0, b"0"))
        os.kill(stuck, signal.SIGSTOP)
        supervisor.post(lambda: supervisor.replace(0))
        died = heard.wait("worker_died")
        told = [stage for slot, pid, stage in heard.all("worker_stopping") if pid == stuck]
        assert told == list(StopStage), f"it died of {died}, beside {heard.all('worker_died')}"


def test_a_delay_before_the_next_one_is_told() -> None:
    heard = Heard()

    def kill(slot: int, pid: int) -> None:
        if len(heard.all("worker_forked")) in (2, 3, 4):
            os.kill(pid, signal.SIGKILL)

    heard.hooks["worker_forked"] = kill
    with running(1, heard=heard) as (supervisor, _):
        os.kill(pid_of(supervisor), signal.SIGKILL)
        assert heard.wait("worker_delayed") == (0, 3, pytest.approx(0.2))
        heard.wait("worker_ready")
        assert echoes(supervisor, heard, 0)
    assert len(heard.all("worker_delayed")) == 1, "two deaths cost nothing"


def test_a_child_that_the_kernel_has_reaped_has_an_unknown_status_and_is_replaced() -> None:
    """A program around us may ignore SIGCHLD in C at any time: then no child can be waited for."""
    with running(1) as (supervisor, heard):
        dead = pid_of(supervisor)
        try:
            system.libc.signal(signal.SIGCHLD, 1)
            os.kill(dead, signal.SIGKILL)
            slot, ended = heard.wait("worker_died")
        finally:
            system.stop_ignoring(signal.SIGCHLD)
        assert (slot, ended.pid, ended.status, ended.replaced) == (0, dead, None, True)
        assert ended.rusage.ru_utime == 0 and system.exit_code(ended.status) is None
        heard.wait("worker_ready")
        assert pid_of(supervisor) != dead and echoes(supervisor, heard, 0)


@pytest.mark.parametrize("main_thread", [True, False])
def test_a_start_ends_what_makes_children_vanish(main_thread: bool) -> None:
    system.libc.signal(signal.SIGCHLD, 1)  # Python says SIG_DFL, as it did not set it
    assert system.ignores(signal.SIGCHLD) and signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL
    seen: list[bool] = []

    def start() -> None:
        with running(1) as (supervisor, heard):
            seen.append(system.ignores(signal.SIGCHLD))
            os.kill(pid_of(supervisor), signal.SIGKILL)
            seen.append(os.WTERMSIG(heard.wait("worker_died")[1].status) == signal.SIGKILL)

    try:
        if main_thread:
            start()
        else:
            thread = threading.Thread(target=start)
            thread.start()
            thread.join(60)
    finally:
        system.stop_ignoring(signal.SIGCHLD)
    assert seen == [False, True]


def test_statuses_in_words() -> None:
    assert system.describe_status(None) == "an unknown status"
    assert system.describe_status(9) == "signal 9 (SIGKILL)" and system.describe_status(3 << 8) == "3"
    assert [system.exit_code(status) for status in (None, 9, 3 << 8)] == [None, -9, 3]
    assert system.probable_cause(-signal.SIGKILL) == "out of memory?"
    assert system.probable_cause(-signal.SIGTERM) == system.probable_cause(1) == system.probable_cause(None) == ""


def test_one_that_was_never_started_is_closed() -> None:
    from llmproc.processes.plan import Plan

    supervisor = Supervisor(Plan("processes.echo:prepare", "processes.echo:child"))
    assert supervisor.join() and supervisor.join(0)
    assert not supervisor.post(lambda: None)
