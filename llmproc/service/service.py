"""The service, parent side: takes requests, gives every one exactly one terminal event, whatever dies.

    caller            I/O thread (supervisor)                                  worker
    submit() --post--> Ledger.add -> next_dispatch -> Generate frame --------> engine
    Ticket <---queue-- Token / Finish <--------------- Events frame <---------- step
                       worker died: Ledger.worker_died -> waiting again, from its ids and coins

Nothing above may assume that workers are local children: it sees requests, tickets and events.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from llmproc.config import Scheduling
from llmproc.errors import LlmprocError, ProtocolError, ServiceClosedError
from llmproc.monitor import proc
from llmproc.processes import system
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.processes.scheduling import set_scheduling
from llmproc.processes.slots import SlotState, WorkerExit
from llmproc.processes.supervisor import Plan, Supervisor
from llmproc.service.ledger import Entry, Ledger
from llmproc.service.messages import (
    Cancel,
    Events,
    Finish,
    Generate,
    PrepareOrder,
    PrepareReport,
    Progress,
    Token,
    from_frame,
    to_frame,
)
from llmproc.service.observer import NoObserver, Observer

STEP_SUMMARY_S = 0.3


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What to serve and with how many processes."""

    checkpoint: Path
    workers: int = 1
    sequences: int = 1
    scheduling: Scheduling = field(default_factory=Scheduling)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    output_fd: int | None = None
    stuck_after_s: float = 10.0


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One slot as a user sees it."""

    slot: int
    pid: int
    state: str
    requests: int


class Ticket:
    """A submitted request: iterate its events; the last one is the Finish."""

    def __init__(self, request_id: int, cancel: Callable[[], None]) -> None:
        self.request_id, self.cancel = request_id, cancel
        self._events: queue.SimpleQueue[Token | Finish] = queue.SimpleQueue()

    def put(self, event: Token | Finish) -> None:
        """For the service."""
        self._events.put(event)

    def next(self, timeout: float | None = None) -> Token | Finish | None:
        """The next event; None when none comes within `timeout` seconds."""
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            return None

    def __iter__(self) -> Iterator[Token | Finish]:
        while True:
            event = self._events.get()
            yield event
            if isinstance(event, Finish):
                return


class Service:
    """Start it, submit to it, close it. Safe to call from any thread."""

    def __init__(
        self,
        config: ServiceConfig,
        observer: Observer | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_notice: Callable[[str], None] = lambda text: None,
        on_failure: Callable[[LlmprocError], None] = lambda error: None,
    ) -> None:
        """`on_*` are called on the I/O thread and must not block."""
        self._config, self._observer = config, observer or NoObserver()
        self._on_progress, self._on_notice, self._on_failure = on_progress, on_notice, on_failure
        self._ledger = Ledger(config.sequences)
        self._tickets: dict[int, Ticket] = {}
        self._scheduling = config.scheduling
        self._next_id = 1
        self._lock = threading.Lock()
        self._closed = False
        self._ready = threading.Event()
        self.error: LlmprocError | None = None
        self.report: PrepareReport | None = None
        self.exits: list[WorkerExit] = []
        order = PrepareOrder(str(config.checkpoint), config.sequences)
        plan = Plan(
            "llmproc.service.prepare:prepare",
            "llmproc.service.worker:child",
            msgspec.json.encode(order),
            config.workers,
            config.environment,
            config.output_fd,
            config.stuck_after_s,
        )
        self._supervisor = Supervisor(plan, _Ears(self))

    # -- any thread -------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start template and workers; returns at once."""
        self._supervisor.start()

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait for the first worker. Raises the reason when the service has given up."""
        self._ready.wait(timeout)
        if self.error:
            raise self.error
        return self._ready.is_set()

    def submit(self, order: Generate, session: int = 0) -> Ticket:
        """Accept a request. ServiceClosedError after close() or when the service has given up."""
        with self._lock:
            if self.error:
                raise self.error
            if self._closed:
                raise ServiceClosedError("the service is closed")
            request_id, self._next_id = self._next_id, self._next_id + 1
        ticket = Ticket(request_id, lambda: self._post(lambda: self._cancel(request_id)))
        if not self._supervisor.post(lambda: self._accept(Entry(request_id, order, session), ticket)):
            raise self.error or ServiceClosedError("the service has ended")
        return ticket

    def _post(self, call: Callable[[], None]) -> None:
        self._supervisor.post(call)

    def workers(self) -> list[WorkerInfo]:
        """A snapshot of the slots."""
        return [
            WorkerInfo(slot.index, slot.pid, slot.state.value, len(self._ledger.running_in(slot.index)))
            for slot in self._supervisor.slots
        ]

    def reschedule(self, scheduling: Scheduling, fresh: bool = False) -> None:
        """Set policy, nice or cores of all workers, and of every later one. `fresh`: by newly forked workers.

        Raises PermissionError when the kernel refuses; what was in force stays in force for later workers then.
        """
        if not fresh:
            for worker in self.workers():
                if worker.pid:
                    _apply(worker.pid, scheduling)
        old = self._scheduling
        self._scheduling = Scheduling(
            scheduling.policy or old.policy,
            old.nice if scheduling.nice is None else scheduling.nice,
            scheduling.rt_priority if scheduling.policy else old.rt_priority,
            scheduling.cpus or old.cpus,
        )
        if fresh:
            self._ready.clear()
            self._post(self._replace_all)

    def close(self, timeout: float | None = None) -> list[WorkerExit]:
        """End everything, wait, and return how the workers ended (the last one of each slot last)."""
        with self._lock:
            self._closed = True
        self._supervisor.stop()
        self._supervisor.join(timeout)
        return self.exits

    # -- I/O thread -------------------------------------------------------------------------------------------------

    def _replace_all(self) -> None:
        for slot in self._supervisor.slots:
            self._supervisor.replace(slot.index)

    def _accept(self, entry: Entry, ticket: Ticket) -> None:
        self._tickets[entry.request_id] = ticket
        self._ledger.add(entry)
        self._observer.event(
            "request_arrived", request=entry.request_id, session=entry.session, prompt_tokens=len(entry.order.ids)
        )
        if self.error:
            self._end(entry, entry.end("failed", str(self.error)))
        self._dispatch()

    def _cancel(self, request_id: int) -> None:
        entry = self._ledger.get(request_id)
        if entry is None:
            return
        entry.cancelled = True
        if entry.slot is None:
            self._end(entry, entry.end("cancelled", ""))
        else:
            self._supervisor.send(entry.slot, to_frame(Cancel(), request_id))

    def _dispatch(self) -> None:
        slots = self._supervisor.slots
        ready = [s.index for s in slots if s.state is SlotState.READY and s.ladder is None]
        while (found := self._ledger.next_dispatch(ready)) is not None:
            entry, slot = found
            try:
                self._supervisor.send(slot, to_frame(entry.remaining(), entry.request_id))
            except OutboxFullError as error:
                self._end(entry, entry.end("failed", str(error)))
                continue
            if not self._ledger.running_in(slot):
                self._observer.turn_began(slots[slot].pid)
            self._ledger.dispatched(entry, slot)
            self._observer.event("request_dispatched", request=entry.request_id, worker=slot, pid=slots[slot].pid)

    def _take(self, slot: int, events: Events) -> None:
        for event in events.items:
            entry = self._ledger.get(event.request_id)
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
        self._ledger.remove(entry)
        if slot is not None and not self._ledger.running_in(slot) and (pid := self._supervisor.slots[slot].pid):
            self._observer.turn_ended(pid)
        self._observer.event(
            "request_done",
            request=entry.request_id,
            reason=finish.reason,
            prompt_tokens=finish.prompt_tokens,
            cached_tokens=finish.cached_tokens,
            new_tokens=finish.new_tokens,
            positions=finish.positions,
            seq_len=finish.prompt_tokens + finish.new_tokens,
            prefill_s=finish.prefill_s,
            decode_s=finish.decode_s,
        )
        self._tickets.pop(entry.request_id).put(finish)

    def _worker_ready(self, slot: int, pid: int) -> None:
        try:
            _apply(pid, self._scheduling)
        except ProcessLookupError:
            return
        except OSError as error:
            self._on_notice(explain_scheduling_error(error))
        self._observer.event("worker_ready", worker=slot, pid=pid)
        self._ready.set()
        self._dispatch()

    def _worker_died(self, slot: int, ended: WorkerExit) -> None:
        self.exits.append(ended)
        usage = ended.rusage
        self._observer.worker_reaped(ended.pid, usage)
        self._observer.event(
            "worker_died",
            worker=slot,
            pid=ended.pid,
            status=system.describe_status(ended.status),
            user_s=usage.ru_utime,
            system_s=usage.ru_stime,
        )
        replayed, blamed = self._ledger.worker_died(slot)
        for entry in blamed:
            self._end(entry, entry.end("failed", f"{entry.deaths} workers in a row died on this request"))
        for entry in replayed:
            if entry.cancelled:
                self._end(entry, entry.end("cancelled", ""))
        if not self._closed and not self.error:
            words = system.describe_status(ended.status)
            self._on_notice(f"inference process {ended.pid} exited with {words}; another one continues")

    def _gave_up(self, error: LlmprocError) -> None:
        with self._lock:
            self.error = self.error or error
        for entry in self._ledger.open_entries():
            self._end(entry, entry.end("failed", str(error)))
        self._ready.set()
        self._on_failure(error)

    def _stopped(self) -> None:
        for entry in self._ledger.open_entries():
            self._end(entry, entry.end("cancelled", "the service was closed"))


class _Ears:
    """The supervisor's listener; keeps the service's own interface free of it."""

    def __init__(self, service: Service) -> None:
        self._service, self._observer = service, service._observer
        self._replacing: set[int] = set()

    def template_started(self, pid: int) -> None:
        self._observer.event("template_started", pid=pid)

    def progress(self, payload: bytes) -> None:
        self._service._on_progress(msgspec.json.decode(payload, type=Progress))

    def prepared(self, payload: bytes) -> None:
        report = msgspec.json.decode(payload, type=PrepareReport)
        self._service.report = self._service.report or report
        self._observer.event("template_ready", **msgspec.structs.asdict(report))

    def template_died(self, pid: int, code: int) -> None:
        self._observer.event("template_died", pid=pid, code=code)

    def worker_forked(self, slot: int, pid: int) -> None:
        kind = "worker_replaced" if slot in self._replacing else "worker_forked"
        self._replacing.add(slot)
        self._observer.event(kind, worker=slot, pid=pid)
        self._observer.worker_started(pid)

    def worker_ready(self, slot: int, pid: int) -> None:
        self._service._worker_ready(slot, pid)

    def frame(self, slot: int, frame: Frame) -> None:
        try:
            message = from_frame(frame)
        except ProtocolError as error:
            self.warn(f"worker slot {slot}: {error}")
            self._service._supervisor.slots[slot].kill(signal.SIGKILL)
            return
        if isinstance(message, Events):
            self._service._take(slot, message)

    def worker_dying(self, slot: int, pid: int) -> None:
        self._observer.worker_dying(pid)

    def worker_died(self, slot: int, ended: WorkerExit) -> None:
        self._service._worker_died(slot, ended)

    def holds_work(self, slot: int) -> bool:
        return bool(self._service._ledger.running_in(slot))

    def evidence(self, pid: int) -> tuple[int, int, str] | None:
        stat, times = proc.read_stat(pid), proc.read_schedstat(pid)
        return None if stat is None or times is None else (times.run_ns, times.wait_ns, stat.state)

    def warn(self, text: str) -> None:
        self._observer.event("warning", text=text)
        self._service._on_notice(text)

    def gave_up(self, error: LlmprocError) -> None:
        self._service._gave_up(error)

    def stopped(self) -> None:
        self._service._stopped()


def _apply(pid: int, scheduling: Scheduling) -> None:
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
