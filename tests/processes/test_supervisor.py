"""A supervisor with real template and workers: what main, template and worker are to the kernel, and how all end."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from processes import echo
from processes.listening import Heard, ask, echoes, pid_of, running
from processes.supervising import template_pid
from support.processes import children, name, parent_of, state_of
from support.waiting import until

from llmproc.processes import system
from llmproc.processes.frames import Frame

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
        assert sorted(call[:2] for call in heard.all("worker_ready")) == [(0, workers[0]), (1, workers[1])]
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
