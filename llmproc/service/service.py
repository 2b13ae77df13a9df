"""The service, as its callers see it: takes requests, gives every one exactly one terminal event, whatever dies.

    caller            I/O thread (supervisor, desk, dispatcher)                worker
    submit() --post--> RequestTable, Policy -> RequestBoard ~~~ by compare-and-swap ~~> Claims -> engine
    Ticket <---queue-- Token / Finish <------------------ Events frame <------- step
                       worker died: RequestTable.worker_died -> waiting again, from its ids and draws

Nothing above may assume that workers are local children: it sees requests, tickets and events.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import msgspec

from llmproc.checkpoints.model_file import open_model
from llmproc.config import EngineOptions, Scheduling, check_workers
from llmproc.dispatch import make_policy
from llmproc.errors import LlmprocError, ServiceClosedError, StartError
from llmproc.hardware.cpus import default_threads
from llmproc.monitor.observer import NoObserver, Observer
from llmproc.processes.frames import HEADER_SIZE, MAX_PAYLOAD
from llmproc.processes.plan import Plan
from llmproc.processes.requestboard import RequestBoard
from llmproc.processes.slots import WorkerExit
from llmproc.service.desk import Desk, apply_scheduling
from llmproc.service.messages import Generate, PrepareOrder, PrepareReport, Progress
from llmproc.service.request_table import RequestState
from llmproc.service.ticket import Ticket

Work = Literal["generate", "wait"]
_WORK: dict[str, tuple[str, str]] = {  # what the template prepares, and what its workers do
    "generate": ("llmproc.service.prepare:prepare", "llmproc.service.worker:child"),
    "wait": ("llmproc.service.waiting:prepare", "llmproc.service.waiting:child"),
}
_CELLS = 4  # of a ring, at least: what comes back after a death waits behind them
_ID_BYTES, _ORDER_BYTES = 5, 1024  # of an id in msgpack at most; of everything else, end tokens for instance
_WAIT_POSITIONS = 4096


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """What to serve and with how many processes."""

    checkpoint: Path  # with work "wait" it is never opened
    workers: int = 1
    engine: EngineOptions = field(default_factory=EngineOptions)
    mode: str = "ws"  # dispatch policy, a key of dispatch.POLICIES
    work: Work = "generate"
    scheduling: Scheduling = field(default_factory=Scheduling)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    output_fd: int | None = None
    stuck_after_s: float = 10.0


def with_threads(engine: EngineOptions, workers: int) -> EngineOptions:
    """The options with a number of threads: unless given, all workers' together are the CPUs this process may use."""
    return engine if engine.threads is not None else replace(engine, threads=default_threads(workers))


def _open_board(config: ServiceConfig) -> RequestBoard:
    """Rings that keep every worker in work while main does something else, and places for the longest prompts."""
    workers, sequences = config.workers, config.engine.sequences
    cells = max(_CELLS, sequences)
    positions = _WAIT_POSITIONS
    if config.work == "generate":
        positions = config.engine.positions(open_model(config.checkpoint).description.seq_len)
    size = HEADER_SIZE + min(MAX_PAYLOAD, _ORDER_BYTES + _ID_BYTES * positions)
    try:
        return RequestBoard.create(workers, cells, workers * (cells + sequences + 1), -(-size // 8) * 8)
    except OSError as error:  # a limit on the size of files, or no memory
        raise StartError(f"the request board cannot be made: {error.strerror}") from None


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One slot as a user sees it."""

    slot: int
    pid: int
    state: str
    requests: int


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
        check_workers(config.workers)
        engine, sequences = with_threads(config.engine, config.workers), config.engine.sequences
        policy = make_policy(config.mode, config.workers, sequences)
        board = _open_board(config)
        prepare, child = _WORK[config.work]
        plan = Plan(
            prepare,
            child,
            msgspec.json.encode(PrepareOrder(os.fsencode(config.checkpoint), engine, config.workers, policy.steals)),
            config.workers,
            config.environment,
            config.output_fd,
            config.stuck_after_s,
            (board.fd,),
        )
        self._desk = Desk(
            plan,
            policy,
            board,
            sequences,
            config.scheduling,
            observer or NoObserver(),
            on_progress,
            on_notice,
            on_failure,
        )
        self._next_id = 1
        self._lock = threading.RLock()  # re-entrant: a finalizer may come in the middle

    @property
    def error(self) -> LlmprocError | None:
        """Why the service has given up, if it has."""
        return self._desk.error

    @property
    def report(self) -> PrepareReport | None:
        """What the first template had to do; None before it was ready."""
        return self._desk.report

    @property
    def exits(self) -> list[WorkerExit]:
        """How workers ended so far."""
        return self._desk.exits

    def start(self) -> None:
        """Start template and workers; returns at once."""
        self._desk.supervisor.start()

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait for the first worker. Raises the reason when the service has given up."""
        self._desk.started.wait(timeout)
        if self.error:
            raise self.error
        return self._desk.started.is_set()

    def submit(
        self, order: Generate, session: int = 0, start: int = 0, notify: Callable[[], None] | None = None
    ) -> Ticket:
        """Accept a request; `start` of its positions were the session's before; `notify`: see Ticket.

        Raises ServiceClosedError after close(), and the reason when the service has given up.
        """
        with self._lock:
            if self.error:
                raise self.error
            if self._desk.closing:
                raise ServiceClosedError("the service is closed")
            request_id, self._next_id = self._next_id, self._next_id + 1
        ticket = Ticket(request_id, lambda: self._post(lambda: self._desk.dispatcher.cancel(request_id)), notify)
        if not self._desk.supervisor.post(
            lambda: self._desk.accept(RequestState(request_id, order, session, start), ticket)
        ):
            raise self.error or ServiceClosedError("the service has ended")
        return ticket

    def workers(self) -> list[WorkerInfo]:
        """A snapshot of the slots."""
        return [
            WorkerInfo(slot.index, slot.pid, slot.state.value, self._desk.dispatcher.requests.count(slot.index))
            for slot in self._desk.supervisor.slots
        ]

    def reschedule(self, scheduling: Scheduling, fresh: bool = False) -> None:
        """Set policy, nice or cores of all workers, and of every later one. `fresh`: by newly forked workers.

        Raises PermissionError when the kernel refuses; what was in force stays in force for later workers then.
        """
        if not fresh:
            for worker in self.workers():
                if worker.pid:
                    apply_scheduling(worker.pid, scheduling)
        old = self._desk.scheduling
        self._desk.scheduling = Scheduling(
            scheduling.policy or old.policy,
            old.nice if scheduling.nice is None else scheduling.nice,
            scheduling.rt_priority if scheduling.policy else old.rt_priority,
            scheduling.cpus or old.cpus,
        )
        if fresh:
            self._desk.started.clear()
            self._post(self._desk.replace_all)

    def close(self, timeout: float | None = None) -> list[WorkerExit]:
        """End everything, wait, and return how the workers ended (the last one of each slot last)."""
        with self._lock:
            self._desk.closing = True
        self._desk.supervisor.stop()
        self._desk.supervisor.join(timeout)
        return self.exits

    def _post(self, call: Callable[[], None]) -> None:
        self._desk.supervisor.post(call)
