"""The supervisor: crash loops, what could not start, and deaths of the template."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from processes import echo
from processes.listening import Heard, ask, echoes, pid_of, running
from processes.supervising import failure, template_pid
from support.processes import children, name, parent_of, state_of
from support.waiting import until

from llmproc.errors import CheckpointError, StartError, WorkersLostError
from llmproc.processes import orphan_reaper as strays_module
from llmproc.processes import system
from llmproc.processes import template_process as nursery_module
from llmproc.processes.frames import Frame

# -- crash loops ----------------------------------------------------------------------------------------------------


def test_a_crash_loop_is_slowed_down_and_ends_with_exit_5() -> None:
    with running() as (supervisor, heard):
        heard.holding.add(0)
        for number in range(6):
            ask(supervisor, 0, Frame(echo.DIE, number, b"11"))
            heard.wait("worker_died")
            if number < 5:
                heard.wait("worker_ready")
        error = failure(supervisor, heard)
        assert isinstance(error, WorkersLostError)
        assert error.exit_code == 5
        assert "6 times in a row" in str(error)
        assert [ended.replaced for _, ended in heard.all("worker_died")] == [True] * 5 + [False]
        died = [at for name, at in heard.times if name == "worker_died"]
        forked = [at for name, at in heard.times if name == "worker_forked"][1:]
        gaps = [later - earlier for earlier, later in zip(died, forked, strict=False)]
        assert [gap >= least for gap, least in zip(gaps, (0, 0, 0.2, 0.4, 0.8), strict=True)] == [True] * 5
        assert max(gaps[:2]) < 0.2, "the first two are replaced at once"


def test_finished_steps_and_idle_deaths_keep_the_budget() -> None:
    with running() as (supervisor, heard):
        for number in range(14):
            heard.holding.add(0) if number < 7 else heard.holding.clear()
            if number < 7:  # at work, with a step behind it
                assert echoes(supervisor, heard, 0)
                ask(supervisor, 0, Frame(echo.DIE, 0, b"9"))
            else:  # idle, without any
                os.kill(pid_of(supervisor), signal.SIGKILL)
            heard.wait("worker_ready")
        assert not heard.all("gave_up")


# -- could not start ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"die": 9}, "signal 9"),
        ({"names": ("processes.echo:nothing", "processes.echo:child")}, "exit status 1"),
        ({"names": ("no_such_module:prepare", "processes.echo:child")}, "exit status 1"),
        ({"thread": True}, "exit status 1"),
        ({"stillborn": 1}, "died before it was ready (status signal 9 (SIGKILL))"),
        ({"murder": 1}, "signal 9"),
    ],
)
def test_a_death_before_the_first_ready_is_exit_3_and_never_retried(settings: dict, words: str) -> None:
    with running(ready=False, **settings) as (supervisor, heard):
        error = failure(supervisor, heard)
        assert type(error) is StartError
        assert error.exit_code == 3
        assert words in str(error)
        assert len(heard.all("template_started")) == 1
        assert not heard.all("worker_ready")


def test_a_template_with_a_second_thread_refuses_to_fork_and_says_why(tmp_path: Path) -> None:
    with (
        (tmp_path / "output").open("wb") as output,
        running(ready=False, thread=True, output_fd=output.fileno()) as (supervisor, heard),
    ):
        failure(supervisor, heard)
    assert "2 threads" in (tmp_path / "output").read_text()


@pytest.mark.parametrize(
    ("rule", "times"), [("must be finite", 1), ("caf\u00e9 \udcff", 1), ("x", 100_000)], ids=["plain", "bytes", "long"]
)
def test_an_error_in_prepare_arrives_as_itself(rule: str, times: int) -> None:
    """Main sees the message and the death at once, and must read the message first."""
    heard = Heard()
    heard.hooks["progress"] = lambda payload: until(lambda: state_of(template_pid(heard)) == "Z", "template is dead")
    with running(ready=False, heard=heard, progress=5, fail=rule, times=times) as (supervisor, _):
        error = failure(supervisor, heard)
        assert type(error) is CheckpointError
        assert error.exit_code == 4
        text = f"file: field is 1: {rule * times}"
        assert str(error) == text if times == 1 else text.startswith(str(error))
        assert len(str(error)) > min(times, 30_000)


# -- deaths of the template -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("pidfd", [True, False])
def test_kill_the_template(pidfd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers live on; the new one maps the memfd main kept, and its workers are like the others."""
    if not pidfd:
        monkeypatch.setattr("llmproc.processes.slots.open_pidfd", lambda pid: None)
    with running(2) as (supervisor, heard):
        assert heard.all("prepared") == [(b"packed",)]
        workers = [pid_of(supervisor, 0), pid_of(supervisor, 1)]
        first = template_pid(heard)
        os.kill(first, signal.SIGKILL)
        assert heard.wait("template_died") == (first, -9)
        assert echoes(supervisor, heard, 0)
        assert heard.wait("prepared") == (b"mapped",)
        assert [pid_of(supervisor, 0), pid_of(supervisor, 1)] == workers
        os.kill(workers[0], signal.SIGKILL)
        heard.wait("worker_ready")
        ask(supervisor, 0, Frame(echo.FDS))
        assert json.loads(heard.wait("frame")[1].payload)["context"] == "weights"
        assert parent_of(pid_of(supervisor, 0)) == os.getpid()
        assert len(children()) == 3


def test_kill_template_and_worker_together() -> None:
    with running(2) as (supervisor, heard):
        os.kill(template_pid(heard), signal.SIGKILL)
        os.kill(pid_of(supervisor, 0), signal.SIGKILL)
        heard.wait("worker_ready")
        assert echoes(supervisor, heard, 0)
        assert echoes(supervisor, heard, 1)
        assert len(heard.all("template_started")) == 2


@pytest.mark.parametrize("order", ["murder", "freeze"])
def test_the_template_dies_in_the_middle_of_a_fork(order: str) -> None:
    """The go-between is main's now, forks a worker nobody asked for, or stands still: both are ended and reaped."""
    with running(2, **{order: 3}) as (supervisor, heard):
        other = pid_of(supervisor, 0)
        os.kill(pid_of(supervisor, 1), signal.SIGKILL)
        assert heard.wait("template_died")[1] == -9
        assert heard.wait("worker_ready")[0] == 1
        assert pid_of(supervisor, 0) == other
        until(lambda: len(children()) == 3, "orphan_reaper are reaped, no zombie is left")
        until(lambda: not system.get_child_subreaper(), "main is no subreaper any more")
        assert [echoes(supervisor, heard, slot) for slot in range(2)] == [True, True]
        assert sorted(map(name, children())) == ["inference", "inference", "template"]


def test_a_template_that_stands_still_in_a_fork_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nursery_module, "_FORK_PATIENCE_S", 0.3)
    with running(2) as (supervisor, heard):
        template = template_pid(heard)
        os.kill(template, signal.SIGSTOP)
        os.kill(pid_of(supervisor, 0), signal.SIGKILL)
        assert heard.wait("template_died") == (template, -9)
        heard.wait("worker_ready")
        assert echoes(supervisor, heard, 0)


def test_a_second_template_that_keeps_dying_costs_the_budget_even_when_nothing_else_happens() -> None:
    with running(1, later={"die": 9}) as (supervisor, heard):
        os.kill(template_pid(heard), signal.SIGKILL)
        error = failure(supervisor, heard)
        assert type(error) is WorkersLostError
        assert len(heard.all("template_started")) == 7
        assert len(heard.all("worker_died")) == 1


def test_a_second_template_that_cannot_fork_costs_the_budget_too() -> None:
    with running(1, later={"thread": True}) as (supervisor, heard):
        os.kill(template_pid(heard), signal.SIGKILL)
        heard.wait("template_started")
        os.kill(pid_of(supervisor), signal.SIGKILL)
        assert type(failure(supervisor, heard)) is WorkersLostError
        assert len(heard.all("template_started")) == 7


def test_idle_deaths_of_the_template_never_count() -> None:
    with running(1) as (supervisor, heard):
        for _ in range(7):
            os.kill(template_pid(heard), signal.SIGKILL)
            heard.wait("prepared")
        os.kill(pid_of(supervisor), signal.SIGKILL)
        heard.wait("worker_ready")


def test_garbage_on_the_control_socket_costs_the_template_its_life() -> None:
    with running(1) as (supervisor, heard):
        assert supervisor.template_process.template is not None
        template = supervisor.template_process.template
        monkey = iter([(b"garbage" * 9, [], 0, None)])

        class Garbled:
            """One garbled packet, then the real socket."""

            def __init__(self, end: object) -> None:
                self._end = end

            def recvmsg(self, *arguments: int) -> object:
                return next(monkey, None) or self._end.recvmsg(*arguments)

            def __getattr__(self, name: str) -> object:
                return getattr(self._end, name)

        supervisor.post(lambda: setattr(template.control, "_end", Garbled(template.control._end)))
        supervisor.post(supervisor.template_process.read_control)
        assert "magic" in heard.wait("warn")[0]
        assert heard.wait("template_died") == (template.pid, -9)
        assert heard.wait("prepared") == (b"mapped",)
        assert echoes(supervisor, heard, 0)


def test_a_search_for_strays_ends_only_when_it_finds_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """A go-between that is reaped in the look that found it leaves its worker to the next look."""
    looks, ended = [[50], [51], []], []
    monkeypatch.setattr(strays_module, "read_children", lambda pid: looks.pop(0))
    monkeypatch.setattr(strays_module, "_comm", lambda pid: "fork-7")
    monkeypatch.setattr(strays_module.os, "waitpid", lambda pid, flags: (pid, 0))
    monkeypatch.setattr(strays_module.os, "kill", lambda pid, number: ended.append(pid))
    with running(ready=False) as (supervisor, heard):
        heard.wait("worker_ready")
        over = threading.Event()
        supervisor.post(lambda: (supervisor.template_process.orphan_reaper.names.add("fork-7"), None)[1])
        supervisor.post(lambda: None)
        until(lambda: not looks and not supervisor.template_process.orphan_reaper.names, "three looks")
        over.set()
        assert ended == [50, 51]
        monkeypatch.undo()


def test_children_of_others_are_left_alone() -> None:
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    with (
        subprocess.Popen(waits, stdin=subprocess.PIPE) as other,
        running(1, murder=2) as (supervisor, heard),
    ):
        os.kill(pid_of(supervisor), signal.SIGKILL)
        heard.wait("worker_ready")
        until(lambda: not supervisor.template_process.orphan_reaper.names, "orphan_reaper are gone")
        assert other.poll() is None
    assert other.returncode == 0
