"""Main's side of one worker and of the template: descriptors, pid, death notice. Mechanism; nothing decides here."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from resource import struct_rusage

from llmproc.processes import protocol
from llmproc.processes.channel import ControlSocket, OutboxFullError, WorkerPipes
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthCell
from llmproc.processes.policies import StopEscalation, StopStage
from llmproc.processes.spawn import SpawnedTemplate

_EXIT_GRACE_S = 2.0  # of a template that has closed its end: time to write its traceback and leave


@dataclass(frozen=True, slots=True)
class WorkerExit:
    """The end of a worker: wait status (os.W* functions; None: not known) and what it used in all."""

    pid: int
    status: int | None
    rusage: struct_rusage
    was_ready: bool
    steps: int
    stopped: bool = False  # it was being stopped
    replaced: bool = False  # another worker takes its place


def open_pidfd(pid: int) -> int | None:
    """Open a descriptor that is readable once `pid` is dead; None without pidfds (its pipe's end tells it then)."""
    try:
        return os.pidfd_open(pid)
    except (OSError, AttributeError):
        return None


class SlotState(Enum):
    """Life of a slot: EMPTY -> FORKING -> STARTING -> READY -> (reaped) EMPTY."""

    EMPTY = "empty"
    FORKING = "forking"
    STARTING = "starting"
    READY = "ready"


class WorkerSlot:
    """One place for a worker: the pipes to the present one, its pid, its escalation when it is being stopped."""

    def __init__(self, index: int, health: HealthCell) -> None:
        self.index, self.health = index, health
        self.state = SlotState.EMPTY
        self.pid = 0
        self.pidfd: int | None = None
        self.pipes: WorkerPipes | None = None
        self.escalation: StopEscalation | None = None
        self.fork_at: float | None = 0.0  # running time at which to fork; None: not wanted
        self.look_at = 0.0  # running time from which its health is to be looked at again
        self.ever_ready = False

    def open_pipes(self, selector: selectors.BaseSelector) -> tuple[int, int]:
        """Make new pipes; returns the worker's ends (request read, event write), to be closed once they are sent."""
        request_read, request_write = os.pipe()
        event_read, event_write = os.pipe()
        self.pipes = WorkerPipes(request_write, event_read, selector)
        self.health.reset()
        self.state = SlotState.FORKING
        return request_read, event_write

    def adopt(self, pid: int) -> None:
        """Take over the forked worker `pid`, which is main's child already."""
        self.pid, self.pidfd, self.state = pid, open_pidfd(pid), SlotState.STARTING

    def kill(self, number: int) -> None:
        """Send a signal; that the worker is gone already is fine. Never after reaping: the pid is cleared there."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def carry_out(self, stage: StopStage) -> None:
        """Do what a stage of the stop escalation says."""
        if stage is not StopStage.MESSAGE:
            self.kill(getattr(signal, stage.value))
        elif self.pipes is not None:
            with contextlib.suppress(OutboxFullError):  # it does not read: the next stage is a signal
                self.pipes.send(Frame(protocol.STOP))

    def reap(self) -> WorkerExit:
        """Wait for the dead worker (by pid) and close its descriptors. Its status is None where the system kept it."""
        status: int | None
        try:
            _, status, rusage = os.wait4(self.pid, 0)
        except ChildProcessError:  # SIGCHLD is ignored in this process: the kernel has reaped it
            status, rusage = None, struct_rusage((0,) * 16)
        ready, stopped = self.state is SlotState.READY, self.escalation is not None
        ended = WorkerExit(self.pid, status, rusage, ready, self.health.steps, stopped)
        self.close()
        return ended

    @property
    def fds(self) -> list[int]:
        """Return main's descriptors for this worker."""
        ends = (self.pipes.write_fd, self.pipes.read_fd) if self.pipes else ()
        return [fd for fd in (self.pidfd, *ends) if fd is not None]

    def close(self) -> None:
        """Close the pipes and forget the worker."""
        for fd in self.fds:
            os.close(fd)
        self.pid, self.pidfd, self.pipes, self.escalation = 0, None, None, None
        self.state = SlotState.EMPTY


class TemplateHandle:
    """The template as main sees it: a child process and the control socket."""

    def __init__(self, spawned: SpawnedTemplate, output_fd: int | None) -> None:
        """Take a started template over; `output_fd`: where its and its workers' output goes."""
        self._spawned, self._output_fd = spawned.take(), output_fd
        self._process, self.control = spawned.process, ControlSocket(spawned.control)
        self.pid = self._process.pid
        self.pidfd = open_pidfd(self.pid)
        self.prepared = False
        if spawned.output_fd is not None and output_fd is not None:
            self.send(Frame(protocol.OUTPUT), [output_fd])

    def send(self, frame: Frame, fds: Sequence[int] = ()) -> bool:
        """Send a control frame; False when the template is gone (its death is reported by the pidfd)."""
        try:
            self.control.send(frame, fds)
        except ConnectionError:
            return False
        return True

    def kill(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def shutdown(self) -> None:
        """Let it read end of stream: it exits when it is not in the middle of something."""
        self.control.shutdown()

    def reap(self) -> int:
        """Wait for it, close everything; returns its exit code (negative: signal)."""
        try:
            code = self._process.wait(_EXIT_GRACE_S)
        except subprocess.TimeoutExpired:  # it has closed its end and lives
            self._process.kill()
            code = self._process.wait()
        self.control.close()
        if self._output_fd is not None:
            self._spawned.copy_output(self._output_fd)
        if self.pidfd is not None:
            os.close(self.pidfd)
        return code
