"""The I/O thread's side of the service: what happens to processes, told to the dispatcher, the observer and the caller.

It is the supervisor's listener; everything here runs on the I/O thread, except that `error`, `report`, `exits` and
`started` may be read from any. When to fork again is the supervisor's decision.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import msgspec

from llmproc.config import Scheduling
from llmproc.dispatch import Policy
from llmproc.errors import LlmprocError, ProtocolError
from llmproc.monitor import proc
from llmproc.monitor.observer import Observer
from llmproc.processes import system
from llmproc.processes.frames import Frame
from llmproc.processes.plan import Plan
from llmproc.processes.requestboard import RequestBoard
from llmproc.processes.scheduling import set_scheduling
from llmproc.processes.slots import SlotState, WorkerExit
from llmproc.processes.supervisor import Supervisor
from llmproc.service.dispatcher import Dispatcher
from llmproc.service.messages import Events, PrepareReport, Progress, from_frame
from llmproc.service.request_table import RequestState
from llmproc.service.ticket import Ticket


class Desk:
    """Implements the supervisor's Listener."""

    def __init__(
        self,
        plan: Plan,
        policy: Policy,
        board: RequestBoard,
        sequences: int,
        scheduling: Scheduling,
        observer: Observer,
        on_progress: Callable[[Progress], None],
        on_notice: Callable[[str], None],
        on_failure: Callable[[LlmprocError], None],
    ) -> None:
        """`board`: is closed in the end; `sequences`: requests a worker runs; the callbacks must not block."""
        self.supervisor = Supervisor(plan, self)
        self.dispatcher = Dispatcher(policy, board, sequences, self, observer)
        self._board = board
        self.scheduling = scheduling  # of every worker that gets ready from now on
        self.error: LlmprocError | None = None
        self.report: PrepareReport | None = None
        self.exits: list[WorkerExit] = []
        self.started = threading.Event()  # a worker is ready, or nothing will be
        self.closing = False
        self._observer, self._on_progress = observer, on_progress
        self._on_notice, self._on_failure = on_notice, on_failure
        self._dead: dict[int, int] = {}  # slot -> the last worker that died in it
        self._template_pid = 0

    # -- what the dispatcher asks -----------------------------------------------------------------------------------

    def ready(self) -> list[bool]:
        """See Workers."""
        return [slot.state is SlotState.READY and slot.escalation is None for slot in self.supervisor.slots]

    def pid(self, worker: int) -> int:
        """See Workers."""
        return self.supervisor.slots[worker].pid

    def resting(self, worker: int) -> bool:
        """See Workers."""
        return self.supervisor.slots[worker].health.resting

    def send(self, worker: int, frame: Frame) -> None:
        """See Workers."""
        self.supervisor.send(worker, frame)

    # -- callers, on the I/O thread ---------------------------------------------------------------------------------

    def accept(self, entry: RequestState, ticket: Ticket) -> None:
        """From here on the request ends in exactly one Finish."""
        self.dispatcher.accept(entry, ticket)
        if self.error:
            self.dispatcher.end_all(self.error)

    def replace_all(self) -> None:
        """Fresh workers in place of all."""
        for slot in self.supervisor.slots:
            self.supervisor.replace(slot.index)

    # -- the supervisor's listener ----------------------------------------------------------------------------------

    def template_started(self, pid: int) -> None:
        """A template, the first or another."""
        self._template_pid = pid
        self._observer.event("template_started", pid=pid)

    def progress(self, payload: bytes) -> None:
        """How far the template is."""
        self._on_progress(msgspec.json.decode(payload, type=Progress))

    def prepared(self, payload: bytes) -> None:
        """The template can fork."""
        report = msgspec.json.decode(payload, type=PrepareReport)
        self.report = self.report or report
        self._observer.event("template_ready", pid=self._template_pid, **msgspec.structs.asdict(report))

    def template_died(self, pid: int, code: int) -> None:
        """The workers go on without it."""
        self._observer.event("template_died", pid=pid, status=code)

    def worker_forked(self, slot: int, pid: int) -> None:
        """A worker is main's child."""
        if slot in self._dead:
            self._observer.event("worker_replaced", worker=slot, pid=self._dead[slot], by=pid)
        self._observer.event("worker_forked", worker=slot, pid=pid)
        self._observer.worker_started(pid)

    def worker_ready(self, slot: int, pid: int) -> None:
        """It reads requests: give it policy and nice value first, then work."""
        try:
            apply_scheduling(pid, self.scheduling)
        except ProcessLookupError:
            return  # dead already: its death is on the way
        except OSError as error:
            self._on_notice(explain_scheduling_error(error))
        self._observer.event("worker_ready", worker=slot, pid=pid)
        self.started.set()
        self.dispatcher.worker_ready(slot)

    def frame(self, slot: int, frame: Frame) -> None:
        """A message of a worker; one that breaks the protocol costs it its life."""
        try:
            message = from_frame(frame)
        except ProtocolError as error:
            self.warn(f"worker slot {slot}: {error}")
            self.supervisor.slots[slot].kill(signal.SIGKILL)
            return
        if isinstance(message, Events):
            self.dispatcher.heard(slot, message)

    def worker_dying(self, slot: int, pid: int) -> None:
        """Dead, not yet reaped."""
        self._observer.worker_dying(pid)

    def worker_died(self, slot: int, ended: WorkerExit) -> None:
        """Its requests wait again, or are to blame."""
        self.exits.append(ended)
        self._dead[slot] = ended.pid
        self._observer.worker_reaped(ended.pid, ended.rusage)
        words = system.describe_status(ended.status)
        self._observer.event(
            "worker_died",
            worker=slot,
            pid=ended.pid,
            status=-os.WTERMSIG(ended.status) if os.WIFSIGNALED(ended.status) else os.WEXITSTATUS(ended.status),
            user_s=ended.rusage.ru_utime,
            system_s=ended.rusage.ru_stime,
        )
        if not self.closing and not self.error:
            then = "; another one continues" if ended.replaced else ""
            self._on_notice(f"inference process {ended.pid} exited with {words}{then}")
        self.dispatcher.worker_died(slot, time.monotonic())

    def holds_work(self, slot: int) -> bool:
        """Whether a death now would be one over a request, and silence a reason to look."""
        return self.dispatcher.awaits(slot)

    def health_sample(self, pid: int) -> tuple[int, int, str] | None:
        """CPU nanoseconds, run-queue nanoseconds and state, or None when it is gone."""
        stat, times = proc.read_stat(pid), proc.read_schedstat(pid)
        return None if stat is None or times is None else (times.run_ns, times.wait_ns, stat.state)

    def on_health_tick(self, slot: int) -> None:
        """Twice a second while work is held."""
        self.dispatcher.wake_again()

    def round_ended(self) -> bool:
        """All that could be heard has been."""
        return self.dispatcher.flush()

    def warn(self, text: str) -> None:
        """Worth a line, and an event."""
        self._observer.event("warning", text=text)
        self._on_notice(text)

    def gave_up(self, error: LlmprocError) -> None:
        """Nothing more will be answered."""
        self.error = self.error or error
        self.dispatcher.end_all(self.error)
        self.started.set()
        self._on_failure(error)

    def stopped(self) -> None:
        """Everything has ended: whoever still waits is told."""
        self.dispatcher.end_all(None)
        self._board.close()


def apply_scheduling(pid: int, scheduling: Scheduling) -> None:
    """Set what is not None. PermissionError when the kernel refuses, ProcessLookupError when the process is gone."""
    if not scheduling.empty:
        set_scheduling(pid, scheduling.policy, scheduling.nice, scheduling.rt_priority, scheduling.cpus)


def explain_scheduling_error(error: OSError) -> str:
    """Why the kernel refused a policy, nice value or core, in a user's words."""
    if isinstance(error, PermissionError):
        return (
            "the system refuses this policy or nice value: a lower nice value, leaving IDLE and the real-time policies "
            "need privilege (CAP_SYS_NICE); a freshly forked worker starts from main's own values"
        )
    return f"the system refuses: {error.strerror or error}"
