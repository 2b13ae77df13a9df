"""A template driven by hand, without a supervisor: the lines that matter only when main is already gone."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from processes.listening import environment, new_mark
from support.processes import marked
from support.waiting import until

from llmproc.processes import protocol
from llmproc.processes.channel import ControlSocket, WorkerPipes
from llmproc.processes.frames import Frame, encode_frame
from llmproc.processes.health import HealthBoard

NAMES = "processes.echo:prepare", "processes.echo:child"
BY_HAND = """
import socket, sys
from processes import echo
from llmproc.processes.channel import ControlSocket
from llmproc.processes.template import Template
control = ControlSocket(socket.socket(fileno=int(sys.argv[1])))
sys.exit(Template(control, int(sys.argv[2]), echo.prepare, echo.child).run())
"""


class Driven:
    """A template process and our end of its socket."""

    def __init__(self, process: subprocess.Popen[bytes], control: ControlSocket) -> None:
        self.process, self.control = process, control

    def take(self, kind: int) -> tuple[Frame, list[int]]:
        """Its next packet of that type."""
        while (packet := self.control.receive()) is not None:
            if packet[0].type == kind:
                return packet
        raise AssertionError("the template has gone")


@contextmanager
def driven(*command: str, main_pid: int) -> Iterator[Driven]:
    mark = new_mark()
    control, theirs = ControlSocket.pair()
    with subprocess.Popen(
        [sys.executable, *command, str(theirs.fileno()), str(main_pid), *NAMES],
        pass_fds=[theirs.fileno()],
        env=environment(mark),
        stderr=subprocess.DEVNULL,
    ) as process:
        theirs.close()
        try:
            yield Driven(process, control)
        finally:
            control.close()
            process.kill()
            for pid in marked(mark):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
    until(lambda: not marked(mark), "nothing is left")


def test_a_template_whose_main_is_not_its_parent_does_nothing() -> None:
    with driven("-m", "llmproc.processes.template", main_pid=os.getpid() + 1) as template:
        with suppress(ConnectionError):
            template.control.send(Frame(protocol.PREPARE, 0, b'{"loop": true}'))
        assert template.process.wait(20) == 0


def test_a_template_leaves_when_its_socket_ends() -> None:
    with driven("-m", "llmproc.processes.template", main_pid=os.getpid()) as template:
        template.control.send(Frame(protocol.PREPARE))
        for fd in template.take(protocol.PREPARED)[1]:
            os.close(fd)
        template.control.shutdown()
        assert template.process.wait(20) == 0


def test_a_template_leaves_at_garbage() -> None:
    with driven("-m", "llmproc.processes.template", main_pid=os.getpid()) as template:
        template.control._end.send(b"garbage that is long enough for a header")
        assert template.process.wait(20) == 1


@pytest.mark.parametrize("first", [protocol.START, protocol.STOP, None])
def test_a_worker_that_is_not_mains_child_says_nothing_and_leaves(first: int | None) -> None:
    """Main died between fork and START: the event pipe ends without READY. So it does without START."""
    board = HealthBoard.create(1)
    request_read, request_write = os.pipe()
    event_read, event_write = os.pipe()
    inbox = WorkerPipes(request_write, event_read)
    with driven("-c", BY_HAND, main_pid=os.getpid()) as template:
        template.control.send(Frame(protocol.PREPARE))
        for fd in template.take(protocol.PREPARED)[1]:
            os.close(fd)
        template.control.send(Frame(protocol.FORK, 0), [request_read, event_write, board.fd])
        os.close(request_read)
        os.close(event_write)
        frame, _ = template.take(protocol.FORKED)
        assert protocol.PID.unpack(frame.payload)[0] > 0
        if first is not None:
            os.write(request_write, encode_frame(Frame(first)))
        else:
            os.close(request_write)
        frames: list[Frame] = []
        until(lambda: frames.extend(inbox.read()) or inbox.ended or frames, "the event pipe ends")
        assert frames == []
        assert inbox.ended
        template.control.shutdown()
        assert template.process.wait(20) == 0
    if first is not None:
        os.close(request_write)
    os.close(event_read)
    board.close()


def test_a_template_waits_for_its_go_between_though_children_were_ignored_by_its_parent() -> None:
    board = HealthBoard.create(1)
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        with driven("-m", "llmproc.processes.template", main_pid=os.getpid()) as template:
            signal.signal(signal.SIGCHLD, before)
            template.control.send(Frame(protocol.PREPARE))
            for fd in template.take(protocol.PREPARED)[1]:
                os.close(fd)
            template.control.send(Frame(protocol.FORK, 3), [board.fd] * 3)
            assert template.take(protocol.FORKED)[0].request_id == 3
    finally:
        signal.signal(signal.SIGCHLD, before)
    board.close()


def test_the_end_of_a_control_socket_is_close_on_exec() -> None:
    control, theirs = ControlSocket.pair()
    assert not os.get_inheritable(control.fileno())
    assert isinstance(theirs, socket.socket)
    control.close()
    theirs.close()
