"""Main's dealings with the template: it starts one, has it fork, and starts another when it dies.

Used by the supervisor, on its I/O thread. A new template is handed the descriptors the first one prepared, and maps
them. A situation that cannot be mended is raised as GiveUpError.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
from collections.abc import Callable

from llmproc import errors
from llmproc.errors import LlmprocError, ProtocolError, StartError, WorkersLostError
from llmproc.processes import protocol, system
from llmproc.processes.frames import Frame
from llmproc.processes.listeners import Listener
from llmproc.processes.orphan_reaper import OrphanReaper
from llmproc.processes.plan import Plan
from llmproc.processes.policies import RestartPolicy, RunningClock, StopEscalation, StopStage
from llmproc.processes.slots import TemplateHandle, WorkerSlot
from llmproc.processes.spawn import spawn_template
from llmproc.processes.template import stray_name
from llmproc.processes.worker_lifecycle import GiveUpError

_FORK_PATIENCE_S = 10.0
_STOP_PATIENCE_S = 0.5
_TEMPLATE = -1  # the template's "slot" in the restart policy


class TemplateProcess:
    """One template at a time, one fork at a time."""

    _listener: Listener  # both from `start` on
    _on_forked: Callable[[WorkerSlot, int], None]

    def __init__(
        self,
        plan: Plan,
        board_fd: int,
        selector: selectors.BaseSelector,
        clock: RunningClock,
        restart: RestartPolicy,
    ) -> None:
        """Prepare to start templates. `board_fd`: the health board, handed to every worker."""
        self._plan, self._board_fd, self._selector = plan, board_fd, selector
        self._clock, self._restart = clock, restart
        self.proven = False  # a worker got ready: from now on a death is not a failed start
        self.template: TemplateHandle | None = None
        self._early = plan.early  # a template that was started before there was a plan
        self.orphan_reaper = OrphanReaper()
        self._start_at: float | None = 0.0
        self._escalation: StopEscalation | None = None
        self._failure: LlmprocError | None = None
        self._kept: list[int] = []  # descriptors a new template maps instead of preparing again
        self._forking: WorkerSlot | None = None
        self._fork_deadline = 0.0
        self._stopping = False

    def start(self, listener: Listener, on_forked: Callable[[WorkerSlot, int], None]) -> None:
        """Set the listener, and what is called with every worker that is forked; `advance` starts the template."""
        self._listener, self._on_forked = listener, on_forked

    @property
    def ready(self) -> bool:
        """Return whether a worker can be forked now."""
        return self.template is not None and self.template.prepared and not self._forking and not self._stopping

    @property
    def waiting(self) -> bool:
        """Return whether something here has a deadline."""
        to_start = self.template is None and self._start_at is not None
        return bool(to_start or self.orphan_reaper.names or self._forking or self._escalation)

    @property
    def empty(self) -> bool:
        """Return whether nothing is left of any template."""
        return self.template is None and not self.orphan_reaper.names

    def advance(self, now: float, known: set[int]) -> None:
        """Do what is due at running time `now`; `known`: pids of the workers."""
        self.orphan_reaper.collect(known)
        if self.template is None:
            if not self._stopping and self._start_at is not None and now >= self._start_at:
                self._start()
            return
        if self._forking and now >= self._fork_deadline:
            self.template.kill(signal.SIGKILL)
        if self._escalation and (stage := self._escalation.next(now)):
            self._listener.template_stopping(self.template.pid, stage)
            self.template.kill(getattr(signal, stage.value))

    def fork(self, slot: WorkerSlot) -> None:
        """Ask for a worker in `slot`; `on_forked` is called when it is there."""
        assert self.template is not None
        self.orphan_reaper.fork_begins()
        slot.fork_at = None
        self._forking, self._fork_deadline = slot, self._clock.now + _FORK_PATIENCE_S
        ends = slot.open_pipes(self._selector)
        self.template.send(Frame(protocol.FORK, slot.index), [*ends, self._board_fd, *self._plan.shared])
        for fd in ends:
            os.close(fd)

    def stop(self) -> None:
        """Let the template end: end of stream, then the escalation."""
        self._stopping = True
        if self.template is not None and self._escalation is None:
            self._listener.template_stopping(self.template.pid, StopStage.MESSAGE)
            self.template.shutdown()
            self._escalation = StopEscalation(first=StopStage.SIGTERM)
            self._escalation.deadline = self._clock.now + _STOP_PATIENCE_S

    def kill(self) -> None:
        """Kill every template at once, after a fault of our own."""
        self._stopping, forking, self._forking = True, self._forking, None
        if self.template is not None:
            self.template.kill(signal.SIGKILL)
            self.template.reap()
            self.orphan_reaper.search(stray_name(self.template.pid))
            self.template = None
        if forking:
            self.orphan_reaper.fork_ended()

    def close(self) -> None:
        """Close what was kept for another template."""
        for fd in self._kept:
            os.close(fd)

    def _start(self) -> None:
        names = (self._plan.prepare, self._plan.child)
        self._start_at = None
        try:
            spawned, self._early = self._early, None
            spawned = spawned or spawn_template(names, dict(self._plan.environment), self._plan.output_fd)
        except OSError as error:
            raise GiveUpError(StartError(f"the template cannot be started: {error.strerror}")) from None
        self.template = template = TemplateHandle(spawned, self._plan.output_fd)
        self._selector.register(template.control, selectors.EVENT_READ, self.read_control)
        if template.pidfd is not None:
            self._selector.register(template.pidfd, selectors.EVENT_READ, self._died)
        self._listener.template_started(template.pid)
        template.send(Frame(protocol.PREPARE, 0, self._plan.payload), self._kept)

    def read_control(self) -> None:
        """Read the control socket, which is readable."""
        template = self.template
        if template is None:  # its pidfd came first
            return
        try:
            self._receive(template)
        except BlockingIOError:
            return
        except ProtocolError as error:
            self._listener.warn(f"template {template.pid}: {error}")
            template.kill(signal.SIGKILL)
        self._died()

    def _receive(self, template: TemplateHandle) -> None:
        """Take packets until the socket ends (returns) or has none (BlockingIOError)."""
        while (packet := template.control.receive(block=False)) is not None:
            self._handle(template, *packet)

    def _handle(self, template: TemplateHandle, frame: Frame, fds: list[int]) -> None:
        if frame.type == protocol.PROGRESS:
            self._listener.progress(frame.payload)
        elif frame.type == protocol.PREPARED:
            template.prepared = True
            self._keep(fds)
            self._listener.prepared(frame.payload)
        elif frame.type == protocol.FAILED:
            self._failure = errors.rebuild(*protocol.decode_error(frame.payload))
        elif frame.type == protocol.FORKED:
            self._forked(protocol.PID.unpack(frame.payload)[0])

    def _keep(self, fds: list[int]) -> None:
        for fd in self._kept if fds else ():
            os.close(fd)
        self._kept = fds or self._kept

    def _forked(self, pid: int) -> None:
        slot, self._forking = self._forking, None
        assert slot is not None
        self.orphan_reaper.fork_ended()
        if pid:
            self._restart.progressed(_TEMPLATE)
            self._on_forked(slot, pid)
        else:
            slot.close()
            raise GiveUpError(WorkersLostError("the system refuses to fork another worker"))

    def _died(self) -> None:
        template = self.template
        if template is None:
            return
        with contextlib.suppress(BlockingIOError, ProtocolError):
            self._receive(template)  # before judging: it may have said why
        self._selector.unregister(template.control)
        if template.pidfd is not None:
            self._selector.unregister(template.pidfd)
        code, self.template = template.reap(), None
        self.orphan_reaper.search(stray_name(template.pid))
        fruitless = not template.prepared or self._forking is not None
        self._abandon_fork()
        if not self._stopping:
            self._listener.template_died(template.pid, code)
            self._judge(code, fruitless)

    def _abandon_fork(self) -> None:
        slot, self._forking = self._forking, None
        if slot is not None:
            slot.close()
            slot.fork_at = self._clock.now
            self.orphan_reaper.fork_ended()

    def _judge(self, code: int, fruitless: bool) -> None:
        """Start another one, or give up."""
        if self._failure or not self.proven:
            raise GiveUpError(self._failure or StartError(f"the template died before it was ready{_how(code)}"))
        delay = self._restart.worker_died(_TEMPLATE, fruitless)
        if delay is None:
            raise GiveUpError(WorkersLostError("the template keeps dying before it has forked a worker"))
        self._start_at = self._clock.now + delay
        if delay:
            self._listener.template_delayed(self._restart.count(_TEMPLATE), delay)


def _how(code: int) -> str:
    cause = system.probable_cause(code)
    words = f"signal {-code}" if code < 0 else f"exit status {code}"
    return f" ({words}, {cause})" if cause else f" ({words})"
