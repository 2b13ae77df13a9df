"""A supervisor with real template and workers: what main, template and worker are to the kernel, and how all end."""

from __future__ import annotations

import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import echo
from processes.listening import Heard, ask, busy, echoes, pid_of, running
from support.processes import children, name, parent_of, state_of
from support.waiting import until

from llmproc.errors import CheckpointError, StartError, WorkersLostError
from llmproc.processes import orphan_reaper as strays_module
from llmproc.processes import system
from llmproc.processes import template_process as nursery_module
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.processes.slots import SlotState
from llmproc.processes.supervisor import Supervisor


def template_pid(heard: Heard) -> int:
    return heard.all("template_started")[-1][0]


def failure(supervisor: Supervisor, heard: Heard) -> Exception:
    """What it gave up with, after it has ended by itself."""
    (error,) = heard.wait("gave_up")
    assert supervisor.join(10)
    assert len(heard.all("gave_up")) == 1
    assert not children()
    return error


# -- who is who -----------------------------------------------------------------------------------------------------


def test_the_family_as_the_kernel_sees_it() -> None:
    with running(2) as (supervisor, heard):
        template = template_pid(heard)
        workers = [pid_of(supervisor, 0), pid_of(supervisor, 1)]
        assert [parent_of(pid) for pid in (template, *workers)] == [os.getpid()] * 3
        assert sorted(children()) == sorted([template, *workers]), "no go-between, no zombie"
        assert [name(pid) for pid in (template, *workers)] == ["template", "inference", "inference"]
        assert len(os.listdir(f"/proc/{template}/task")) == 1
        assert not system.get_child_subreaper(), "orphans of others are none of main's business"
        assert [call[:2] for call in heard.all("worker_ready")] == [(0, workers[0]), (1, workers[1])]
    assert heard.names()[:3] == ["template_started", "progress", "prepared"]


def test_each_child_has_exactly_its_own_descriptors() -> None:
    with running(4) as (supervisor, heard):
        shared = set()
        for slot in supervisor.slots:
            ask(supervisor, slot.index, Frame(echo.FDS))
            _, frame = heard.wait("frame")
            fds = {int(fd): name for fd, name in json.loads(frame.payload)["fds"].items()}
            assert [fds.pop(fd) for fd in (0, 1, 2)] == ["/dev/null"] * 3
            assert slot.pipes
            pipes = [os.readlink(f"/proc/self/fd/{fd}") for fd in (slot.pipes.write_fd, slot.pipes.read_fd)]
            rest = sorted(fds.values())
            for name in pipes:
                rest.remove(name)
            health, *wake = rest
            assert health.startswith("/memfd:llmproc-health")
            assert len(wake) == 2
            assert wake[0] == wake[1]
            shared |= {*pipes, wake[0]}
        assert len(shared) == 12, "no pipe is known to two workers"


def test_a_worker_inherits_neither_stdin_nor_stderr_of_main(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as output, running(output_fd=output.fileno()) as (supervisor, heard):
        ask(supervisor, 0, Frame(echo.FDS))
        fds = json.loads(heard.wait("frame")[1].payload)["fds"]
        assert [fds[fd] for fd in "012"] == ["/dev/null", str(tmp_path / "output"), str(tmp_path / "output")]


def test_text_in_the_buffer_before_a_fork_is_written_once(tmp_path: Path) -> None:
    with (tmp_path / "output").open("wb") as output, running(4, output_fd=output.fileno(), print="once"):
        pass
    assert (tmp_path / "output").read_bytes() == b"once"


def test_frames_go_to_their_worker_and_come_back_in_order() -> None:
    with running(3) as (supervisor, heard):
        for number in range(30):
            ask(supervisor, number % 3, Frame(echo.ECHO, number, b"%d" % number))
        until(lambda: len(heard.all("frame")) == 30, "thirty answers")
        for slot in range(3):
            numbers = [frame.request_id for index, frame in heard.all("frame") if index == slot]
            assert numbers == list(range(slot, 30, 3))
        assert [slot.health.steps for slot in supervisor.slots] == [10] * 3


def test_a_frame_of_a_megabyte_crosses_both_ways() -> None:
    with running() as (supervisor, heard):
        assert echoes(supervisor, heard, 0, os.urandom(1 << 20))


# -- deaths of workers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pidfd", [True, False])
def test_kill_the_second_of_four(pidfd: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pidfds the end of its pipe tells, which a sibling with an inherited copy would hide."""
    if not pidfd:
        monkeypatch.setattr("llmproc.processes.slots.open_pidfd", lambda pid: None)
    with running(4) as (supervisor, heard):
        before = [pid_of(supervisor, slot) for slot in range(4)]
        killed = time.monotonic()
        os.kill(before[1], signal.SIGKILL)
        slot, ended = heard.wait("worker_died", timeout=5)
        noticed = dict(heard.times)["worker_dying"] - killed
        assert noticed < 2.0  # 0.1 on a quiet machine; the point is that nothing but the death itself tells it
        assert (slot, ended.pid, os.WTERMSIG(ended.status), ended.was_ready) == (1, before[1], 9, True)
        assert heard.wait("worker_ready")[0] == 1
        after = [pid_of(supervisor, slot) for slot in range(4)]
        assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True, True]
        assert all(echoes(supervisor, heard, slot) for slot in range(4))
        assert parent_of(after[1]) == os.getpid()
        assert len(children()) == 5
        assert ended.rusage.ru_maxrss > 0


def test_what_a_worker_said_before_it_died_is_heard_before_its_death() -> None:
    """Main is busy until the worker is dead: pipe and pidfd are ready at once, and the pipe holds many reads."""
    heard = Heard()
    with running(heard=heard) as (supervisor, _):
        pid = pid_of(supervisor)

        def late(slot: int, frame: Frame) -> None:
            until(lambda: state_of(pid) == "Z", "the worker is dead")
            heard.hooks.pop("frame", None)

        heard.hooks["frame"] = late
        ask(supervisor, 0, Frame(echo.LAST_WORDS, 0, b"600"))
        heard.wait("worker_died")
        names = heard.names()
        assert [frame.request_id for _, frame in heard.all("frame")] == list(range(601))
        assert names.index("worker_dying") > max(i for i, name in enumerate(names) if name == "frame")


def test_the_dying_worker_can_still_be_read_in_proc() -> None:
    heard = Heard()
    states = []
    heard.hooks["worker_dying"] = lambda slot, pid: states.append(state_of(pid))
    heard.hooks["worker_died"] = lambda slot, ended: states.append(state_of(ended.pid))
    with running(heard=heard) as (supervisor, _):
        os.kill(pid_of(supervisor), signal.SIGKILL)
        heard.wait("worker_died")
        assert states == ["Z", ""]


def test_a_frame_torn_by_a_kill_is_not_an_error_and_what_was_whole_counts() -> None:
    with running(2) as (supervisor, heard):
        ask(supervisor, 0, Frame(echo.TORN, 5))
        assert heard.wait("worker_died")[0] == 0
        assert heard.all("frame") == [(0, Frame(echo.ECHO, 5, b"whole"))]
        heard.wait("worker_ready")
        assert echoes(supervisor, heard, 0), "the replacement's stream starts clean"
        assert echoes(supervisor, heard, 1)
        assert not heard.all("warn")


def test_garbage_on_the_event_pipe_costs_the_worker_its_life() -> None:
    with running(2) as (supervisor, heard):
        before = pid_of(supervisor, 0)
        ask(supervisor, 0, Frame(echo.RAW, 0, b"Traceback (most recent call last):\n"))
        assert "magic" in heard.wait("warn")[0]
        slot, ended = heard.wait("worker_died")
        assert (slot, ended.pid, os.WTERMSIG(ended.status)) == (0, before, 9)
        heard.wait("worker_ready")
        assert echoes(supervisor, heard, 0)
        assert echoes(supervisor, heard, 1)
        assert not heard.all("frame")[:-2]


def test_sigterm_to_a_worker_is_exit_143_and_a_replacement() -> None:
    with running() as (supervisor, heard):
        pid = pid_of(supervisor)
        assert echoes(supervisor, heard, 0)
        idle = supervisor.slots[0].health
        until(lambda: not idle.busy and state_of(pid) == "S", "it waits for requests, so that only the signal wakes it")
        os.kill(pid, signal.SIGTERM)
        _, ended = heard.wait("worker_died")
        assert os.waitstatus_to_exitcode(ended.status) == 143 and ended.replaced
        assert system.describe_status(ended.status) == "143"
        heard.wait("worker_ready")


def test_replace_ends_the_worker_by_message() -> None:
    with running() as (supervisor, heard):
        before = pid_of(supervisor)
        supervisor.post(lambda: supervisor.replace(0))
        _, ended = heard.wait("worker_died")
        assert (ended.pid, ended.status) == (before, 0)
        assert heard.wait("worker_ready")[1] != before


def respawns(count: int) -> None:
    """Kill workers one after the other while main runs other threads that take locks and open files."""
    over = threading.Event()

    def trouble() -> None:
        while not over.wait(0.0005):
            Path("/proc/self/stat").read_text()

    threads = [threading.Thread(target=trouble) for _ in range(4)]
    try:
        with running(2) as (supervisor, heard):
            steady = len(os.listdir("/proc/self/fd"))
            for thread in threads:
                thread.start()
            for number in range(count):
                os.kill(pid_of(supervisor, number % 2), signal.SIGKILL)
                heard.wait("worker_ready")
            assert all(echoes(supervisor, heard, slot) for slot in range(2))
            over.set()
            for thread in threads:
                thread.join()
            assert len(os.listdir("/proc/self/fd")) == steady
            assert len(children()) == 3
            assert len(heard.all("template_started")) == 1
            assert len(heard.all("worker_died")) == count
            assert len(heard.all("worker_forked")) == count + 2
    finally:
        over.set()


def test_twenty_respawns() -> None:
    respawns(20)


@pytest.mark.soak
def test_two_hundred_respawns() -> None:
    respawns(200)


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


# -- full pipes -----------------------------------------------------------------------------------------------------


def test_a_stopped_worker_that_is_sent_megabytes_harms_nobody_and_the_cap_answers() -> None:
    with running(3) as (supervisor, heard):
        stopped = pid_of(supervisor, 1)
        os.kill(stopped, signal.SIGSTOP)
        refused: list[int] = []

        def submit() -> None:
            for number in range(20):
                try:
                    supervisor.send(1, Frame(echo.ECHO, number, bytes(1 << 20)))
                except OutboxFullError:
                    refused.append(number)

        supervisor.post(submit)
        assert echoes(supervisor, heard, 0)
        assert echoes(supervisor, heard, 2)
        assert refused == list(range(refused[0], 20))
        assert 1 <= refused[0] <= 4
        os.kill(stopped, signal.SIGCONT)
        until(lambda: len(heard.all("frame")) == 2 + refused[0], "what was accepted is answered")
        assert pid_of(supervisor, 1) == stopped
        pipes = supervisor.slots[1].pipes
        assert pipes is not None
        assert pipes.size == 0


def test_a_worker_that_dies_with_a_full_pipe_leaves_no_rest_to_its_successor() -> None:
    with running(1) as (supervisor, heard):
        os.kill(pid_of(supervisor), signal.SIGSTOP)
        ask(supervisor, 0, Frame(echo.ECHO, 1, bytes(1 << 20)))
        until(lambda: supervisor.slots[0].pipes and supervisor.slots[0].pipes.size, "the pipe is full")
        os.kill(pid_of(supervisor), signal.SIGKILL)
        heard.wait("worker_ready")
        assert echoes(supervisor, heard, 0)
        assert len(heard.all("frame")) == 1


# -- health ---------------------------------------------------------------------------------------------------------


def test_a_stuck_worker_climbs_the_ladder_and_is_replaced(tmp_path: Path) -> None:
    with (
        (tmp_path / "output").open("wb") as output,
        running(2, stuck_after_s=0.3, output_fd=output.fileno()) as (supervisor, heard),
    ):
        stuck, other = pid_of(supervisor, 0), pid_of(supervisor, 1)
        heard.holding.add(0)
        ask(supervisor, 0, Frame(echo.SLEEP, 0, b"60"))
        assert heard.wait("warn") == (f"worker {stuck}: stuck for 0.3 s",)
        heard.holding.clear()
        slot, ended = heard.wait("worker_died")
        assert (slot, ended.pid, os.WTERMSIG(ended.status)) == (0, stuck, signal.SIGABRT)
        assert heard.wait("worker_ready")[0] == 0
        assert pid_of(supervisor, 1) == other
    assert "in _obey" in (tmp_path / "output").read_text(), "SIGABRT leaves the stacks"


def test_a_worker_stopped_before_it_read_its_first_request_is_stuck_too() -> None:
    with running(1, stuck_after_s=0.3) as (supervisor, heard):
        heard.proof = lambda pid: (0, 0, "T")
        os.kill(pid_of(supervisor), signal.SIGSTOP)
        heard.holding.add(0)
        ask(supervisor, 0, Frame(echo.ECHO))
        assert "stuck" in heard.wait("warn")[0]
        heard.holding.clear()
        assert os.WTERMSIG(heard.wait("worker_died")[1].status) == 9
        heard.wait("worker_ready")


@pytest.mark.parametrize(
    ("verdict", "proof"),
    [
        ("starved", lambda: (0, time.monotonic_ns(), "S")),
        ("starved", lambda: (0, 0, "R")),
        ("long step", lambda: (time.monotonic_ns(), time.monotonic_ns(), "R")),
    ],
)
def test_starved_and_long_steps_only_warn(verdict: str, proof: Callable[[], tuple[int, int, str]]) -> None:
    with running(1, stuck_after_s=0.2) as (supervisor, heard):
        heard.proof = lambda pid: proof()
        before = pid_of(supervisor)
        heard.holding.add(0)
        ask(supervisor, 0, Frame(echo.SLEEP, 0, b"60"))
        for _ in range(2):
            assert heard.wait("warn") == (f"worker {before}: {verdict} for 0.2 s",)
        assert supervisor.slots[0].escalation is None
        assert pid_of(supervisor) == before
        assert not heard.all("worker_died")
        os.kill(before, signal.SIGKILL)


def test_an_idle_worker_is_never_judged() -> None:
    """Its neighbour is at work, so that main looks around all the time."""
    with running(2, stuck_after_s=0.2) as (supervisor, heard):
        idle, other = pid_of(supervisor, 0), pid_of(supervisor, 1)
        heard.proof = lambda pid: (0, 0, "S") if pid == idle else (time.monotonic_ns(), 0, "R")
        assert echoes(supervisor, heard, 0)
        heard.holding.add(1)  # first: the loop asks for it before it sleeps
        ask(supervisor, 1, Frame(echo.SLEEP, 0, b"60"))
        for _ in range(3):
            assert heard.wait("warn") == (f"worker {other}: long step for 0.2 s",)
        assert echoes(supervisor, heard, 0)
        assert pid_of(supervisor, 0) == idle
        os.kill(other, signal.SIGKILL)


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
