"""The I/O thread's side of the service: requests to workers, events to tickets, deaths to the ledger.

It is the supervisor's listener; everything here runs on the I/O thread, except that `error`, `report`, `exits` and
`ready` may be read from any. What a death means is the ledger's decision, when to fork again the supervisor's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable

import msgspec

from llmproc.config import Scheduling
from llmproc.errors import LlmprocError, ProtocolError
from llmproc.monitor import proc
from llmproc.processes import system
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.processes.plan import Plan
from llmproc.processes.scheduling import set_scheduling
from llmproc.processes.slots import SlotState, WorkerExit
from llmproc.processes.supervisor import Supervisor
from llmproc.service.ledger import Entry, Ledger
from llmproc.service.messages import Cancel, Events, Finish, PrepareReport, Progress, from_frame, to_frame
from llmproc.service.observer import Observer
from llmproc.service.ticket import Ticket

STEP_SUMMARY_S = 0.3


class Desk:
    """Implements the supervisor's Listener."""

    def __init__(
        self,
        plan: Plan,
        sequences: int,
        scheduling: Scheduling,
        observer: Observer,
        on_progress: Callable[[Progress], None],
        on_notice: Callable[[str], None],
        on_failure: Callable[[LlmprocError], None],
    ) -> None:
        """`sequences`: requests a worker runs side by side; the callbacks must not block."""
        self.supervisor = Supervisor(plan, self)
        self.ledger = Ledger(sequences)
        self.scheduling = scheduling  # of every worker that gets ready from now on
        self.error: LlmprocError | None = None
        self.report: PrepareReport | None = None
        self.exits: list[WorkerExit] = []
        self.ready = threading.Event()
        self.closing = False
        self._observer, self._on_progress = observer, on_progress
        self._on_notice, self._on_failure = on_notice, on_failure
        self._tickets: dict[int, Ticket] = {}
        self._dead: dict[int, int] = {}  # slot -> the last worker that died in it
        self._template_pid = 0

    # -- requests ---------------------------------------------------------------------------------------------------

    def accept(self, entry: Entry, ticket: Ticket) -> None:
        """From here on the request ends in exactly one Finish."""
        self._tickets[entry.request_id] = ticket
        self.ledger.add(entry)
        self._observer.event(
            "request_arrived", request=entry.request_id, session=entry.session, prompt_tokens=len(entry.order.ids)
        )
        if self.error:
            self._end(entry, entry.end("failed", str(self.error)))
        self._dispatch()

    def cancel(self, request_id: int) -> None:
        """End a request; what it has so far stays."""
        entry = self.ledger.get(request_id)
        if entry is None:
            return
        entry.cancelled = True
        if entry.slot is None:
            self._end(entry, entry.end("cancelled", ""))
        else:
            with contextlib.suppress(OutboxFullError):  # a worker that does not read is ended by the health check
                self.supervisor.send(entry.slot, to_frame(Cancel(), request_id))

    def replace_all(self) -> None:
        """Fresh workers in place of all."""
        for slot in self.supervisor.slots:
            self.supervisor.replace(slot.index)

    def _dispatch(self) -> None:
        slots = self.supervisor.slots
        ready = [s.index for s in slots if s.state is SlotState.READY and s.ladder is None]
        while (found := self.ledger.next_dispatch(ready)) is not None:
            entry, slot = found
            try:
                self.supervisor.send(slot, to_frame(entry.remaining(), entry.request_id))
            except ProtocolError as error:  # too large for a frame, or the worker does not read
                self._end(entry, entry.end("failed", str(error)))
                continue
            if not self.ledger.running_in(slot):
                self._observer.turn_began(slots[slot].pid)
            now, ticket = time.monotonic(), self._tickets[entry.request_id]
            ticket.dispatched = ticket.dispatched or now
            self.ledger.dispatched(entry, slot, now)
            ticket.worker, ticket.attempts = slot, entry.attempts
            self._observer.event("request_dispatched", request=entry.request_id, worker=slot, pid=slots[slot].pid)

    def _take(self, slot: int, events: Events) -> None:
        for event in events.items:
            entry = self.ledger.get(event.request_id)
            if entry is None or entry.slot != slot:
                continue
            if isinstance(event, Finish):
                self._end(entry, entry.finish(event))
                continue
            if not entry.emitted:
                self._observer.event("first_token", request=entry.request_id)
            if entry.token(event):
                self._tickets[entry.request_id].put(event)
                self._summarise(entry)
        self._dispatch()

    def _summarise(self, entry: Entry) -> None:
        now = time.monotonic()
        if now - entry.summarised >= STEP_SUMMARY_S:
            entry.summarised = now
            tokens = len(entry.emitted)
            position = len(entry.order.ids) + tokens
            self._observer.event("step", request=entry.request_id, position=position, tokens=tokens)

    def _end(self, entry: Entry, finish: Finish) -> None:
        slot = entry.slot
        self.ledger.remove(entry)
        if slot is not None and not self.ledger.running_in(slot) and (pid := self.supervisor.slots[slot].pid):
            self._observer.turn_ended(pid)
        self._observer.event(
            "request_done",
            request=entry.request_id,
            reason=finish.reason,
            prompt_tokens=finish.prompt_tokens,
            cached_tokens=finish.cached_tokens,
            new_tokens=finish.new_tokens,
            positions=finish.positions - entry.start,
            seq_len=finish.positions,
            prefill_s=finish.prefill_s,
            decode_s=finish.decode_s,
            **({"message": finish.message} if finish.message else {}),
        )
        self._tickets.pop(entry.request_id).put(finish)

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
        self.ready.set()
        self._dispatch()

    def frame(self, slot: int, frame: Frame) -> None:
        """A message of a worker; one that breaks the protocol costs it its life."""
        try:
            message = from_frame(frame)
        except ProtocolError as error:
            self.warn(f"worker slot {slot}: {error}")
            self.supervisor.slots[slot].kill(signal.SIGKILL)
            return
        if isinstance(message, Events):
            self._take(slot, message)

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
        replayed, blamed = self.ledger.worker_died(slot, time.monotonic())
        for entry in blamed:
            self._end(entry, entry.end("failed", f"{entry.deaths} workers in a row died on this request"))
        for entry in replayed:
            if entry.cancelled:
                self._end(entry, entry.end("cancelled", ""))
        if not self.closing and not self.error:
            self._on_notice(f"inference process {ended.pid} exited with {words}; another one continues")
        self._dispatch()  # to whoever is free: the slot's own next worker may be delayed

    def holds_work(self, slot: int) -> bool:
        """Whether a death now would be one over a request."""
        return bool(self.ledger.running_in(slot))

    def evidence(self, pid: int) -> tuple[int, int, str] | None:
        """CPU nanoseconds, run-queue nanoseconds and state, or None when it is gone."""
        stat, times = proc.read_stat(pid), proc.read_schedstat(pid)
        return None if stat is None or times is None else (times.run_ns, times.wait_ns, stat.state)

    def warn(self, text: str) -> None:
        """Worth a line, and an event."""
        self._observer.event("warning", text=text)
        self._on_notice(text)

    def gave_up(self, error: LlmprocError) -> None:
        """Nothing more will be answered."""
        self.error = self.error or error
        for entry in self.ledger.open_entries():
            self._end(entry, entry.end("failed", str(error)))
        self.ready.set()
        self._on_failure(error)

    def stopped(self) -> None:
        """Everything has ended: whoever still waits is told."""
        for entry in self.ledger.open_entries():
            self._end(entry, entry.end("cancelled", "the service was closed"))


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
