"""The supervisor: full pipes and health."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import echo
from processes.listening import ask, echoes, pid_of, running
from support.waiting import until

from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame

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
