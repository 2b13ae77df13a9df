"""The service, as its callers see it: takes requests, gives every one exactly one terminal event, whatever dies.

Callers see requests, tickets and events, and may not assume that workers are local children. The service is also what
the supervisor tells of processes; when to fork again is the supervisor's decision. The map is in `service/__init__.py`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from llmproc.config import Scheduling, check_workers
from llmproc.dispatch import make_policy
from llmproc.errors import LlmprocError, ServiceClosedError
from llmproc.grammars.token_table import TokenFile
from llmproc.monitor.events import (
    ServiceWarning,
    TemplateDelayed,
    TemplateDied,
    TemplateReady,
    TemplateStarted,
    TemplateStopping,
    WorkerDelayed,
    WorkerDied,
    WorkerDying,
    WorkerForked,
    WorkerReady,
    WorkerReaped,
    WorkerReplaced,
    WorkerStopping,
)
from llmproc.monitor.observer import Observer, ignore
from llmproc.processes import system
from llmproc.processes.patience import slices
from llmproc.processes.policies import StopStage
from llmproc.processes.scheduling import apply_scheduling, explain_scheduling_error
from llmproc.processes.slots import WorkerExit, WorkerSlot
from llmproc.processes.supervisor import Supervisor
from llmproc.service.config import ServiceConfig, make_plan, open_board
from llmproc.service.dispatcher import Dispatcher
from llmproc.service.kv_gauges import KvGauges
from llmproc.service.messages import Generate, PrepareReport, Progress
from llmproc.service.placement import Placement
from llmproc.service.request_state import RequestState
from llmproc.service.threads import choose_threads
from llmproc.service.ticket import Ticket


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """One slot as a user sees it."""

    slot: int
    pid: int
    state: str
    requests: int
    steps: int = 0  # finished since its process began
    kv: KvGauges = field(default_factory=KvGauges)


class Service:
    """Worker processes that answer requests: start it, submit to it, close it. Safe to call from any thread.

    Implements the supervisor's Listener.
    """

    def __init__(
        self,
        config: ServiceConfig,
        observer: Observer | None = None,
        on_progress: Callable[[Progress], None] = lambda progress: None,
        on_notice: Callable[[str], None] = lambda text: None,
        on_failure: Callable[[LlmprocError], None] = lambda error: None,
    ) -> None:
        """Wire the parts; nothing is started. `on_*` are called on the I/O thread and must not block."""
        check_workers(config.workers)
        self._on_event = observer.on_event if observer is not None else ignore
        self._on_progress, self._on_notice, self._on_failure = on_progress, on_notice, on_failure
        if config.work == "generate":
            engine = choose_threads(config.engine, config.workers, self._on_event, on_notice)
            config = replace(config, engine=engine)
        self.threads = config.engine.threads or 0  # of each worker; 0: its own alone
        self._ranks = max(1, self.threads) if config.work == "generate" else 0
        sequences = config.engine.sequences
        policy = make_policy(config.mode, config.workers, sequences)
        self._board, self._tokens = open_board(config), TokenFile()
        self._supervisor = Supervisor(make_plan(config, self._board, self._tokens, policy.steals))
        self._placement = Placement(policy, self._board, sequences, self._supervisor, self._on_event)
        self._dispatcher = Dispatcher(self._placement, self._supervisor, self._on_event)
        self._scheduling = config.scheduling  # of every worker that gets ready from now on
        self.error: LlmprocError | None = None  # why the service has given up, if it has
        self.report: PrepareReport | None = None  # what the first template had to do, once it was ready
        self.exits: list[WorkerExit] = []  # how workers ended so far
        self._started = threading.Event()  # a worker is ready, or none will be
        self._closing = self._ended = False
        self._dismissed: set[int] = set()  # pids of workers that are to end because `fresh` ones were asked for
        self._replaced: dict[int, int] = {}  # slot -> the last worker that died in it
        self._template_pid = 0
        self._next_id = 1
        self._lock = threading.RLock()  # re-entrant: a finalizer may come in the middle

    # -- called from any thread -------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start template and workers; returns at once."""
        self._supervisor.start(self, self._dispatcher)

    def wait_ready(self, timeout: float | None = None) -> bool:
        """Wait for the first worker. Raises the reason when the service has given up."""
        any(self._started.wait(part) for part in slices(timeout))
        if self.error:
            raise self.error
        return self._started.is_set()

    def submit(
        self, order: Generate, session: int = 0, start: int = 0, notify: Callable[[], None] | None = None
    ) -> Ticket:
        """Accept a request; `start` of its positions were the session's before; `notify` is the ticket's.

        Raises ServiceClosedError after close(), and the reason when the service has given up.
        """
        with self._lock:
            if self.error:
                raise self.error
            if self._closing:
                raise ServiceClosedError("the service is closed")
            request_id, self._next_id = self._next_id, self._next_id + 1
        post, dispatcher = self._supervisor.post, self._dispatcher
        ticket = Ticket(request_id, lambda: post(lambda: dispatcher.cancel(request_id)), notify)
        request = RequestState(request_id, order, ticket, session, start)
        if not post(lambda: self._accept(request)):
            raise self.error or ServiceClosedError("the service has ended")
        return ticket

    def share_tokens(self, make: Callable[[], list[bytes]]) -> None:
        """Give workers the bytes of all tokens, for orders with a grammar; only the first call asks `make`."""
        self._tokens.write(make)

    def workers(self) -> list[WorkerInfo]:
        """Return a snapshot of the slots."""
        return [self._info(slot) for slot in self._supervisor.slots]

    def _info(self, slot: WorkerSlot) -> WorkerInfo:
        steps, shown = slot.health.read()
        runs = self._placement.runs(slot.index)
        return WorkerInfo(slot.index, slot.pid, slot.state.value, runs, steps, KvGauges(*shown))

    def open_requests(self) -> list[RequestState]:
        """Return a snapshot of the requests that have no Finish yet, in the order they were accepted."""
        return self._dispatcher.open_requests()

    def reschedule(self, scheduling: Scheduling, fresh: bool = False) -> None:
        """Set policy, nice or cores of all workers, and of every later one. `fresh`: by newly forked workers.

        Raises PermissionError when the kernel refuses; what was in force stays in force for later workers then.
        """
        if not fresh:
            for worker in self.workers():
                if worker.pid:
                    apply_scheduling(worker.pid, scheduling)
        old = self._scheduling
        self._scheduling = Scheduling(
            scheduling.policy or old.policy,
            old.nice if scheduling.nice is None else scheduling.nice,
            scheduling.rt_priority if scheduling.policy else old.rt_priority,
            scheduling.cpus or old.cpus,
        )
        if fresh:
            self._started.clear()
            self._supervisor.post(self._replace_all)

    def close(self, timeout: float | None = None) -> list[WorkerExit]:
        """End everything, wait, and return how the workers ended (the last one of each slot last)."""
        with self._lock:
            self._closing = True
        self._supervisor.stop()
        if self._supervisor.join(timeout) and not self._ended:  # it was never started
            self.stopped()
        return self.exits

    # -- posted to the I/O thread -----------------------------------------------------------------------------------

    def _accept(self, request: RequestState) -> None:
        self._dispatcher.accept(request)
        if self.error:
            self._dispatcher.end_all(self.error)

    def _replace_all(self) -> None:
        """Put fresh workers in place of all."""
        for slot in self._supervisor.slots:
            self._dismissed.add(slot.pid)
            self._supervisor.replace(slot.index)

    # -- TemplateListener -------------------------------------------------------------------------------------------

    def template_started(self, pid: int) -> None:
        """Tell the observer."""
        self._template_pid = pid
        self._on_event(TemplateStarted(pid=pid))

    def progress(self, payload: bytes) -> None:
        """Tell the caller how far the template is."""
        self._on_progress(msgspec.json.decode(payload, type=Progress))

    def prepared(self, payload: bytes) -> None:
        """Tell the observer."""
        report = msgspec.json.decode(payload, type=PrepareReport)
        self.report = self.report or report
        self._on_event(TemplateReady(pid=self._template_pid, **msgspec.structs.asdict(report)))

    def template_stopping(self, pid: int, stage: StopStage) -> None:
        """Tell the observer."""
        self._on_event(TemplateStopping(pid=pid, stage=stage.value))

    def template_died(self, pid: int, code: int) -> None:
        """Tell the observer."""
        self._on_event(TemplateDied(pid=pid, status=code))

    def template_delayed(self, deaths: int, delay_s: float) -> None:
        """Tell the observer."""
        self._on_event(TemplateDelayed(deaths=deaths, delay_s=delay_s))

    # -- WorkerListener ---------------------------------------------------------------------------------------------

    def worker_forked(self, slot: int, pid: int) -> None:
        """Tell the observer."""
        if slot in self._replaced:
            self._on_event(WorkerReplaced(worker=slot, pid=self._replaced[slot], by=pid))
        self._on_event(WorkerForked(worker=slot, pid=pid))

    def worker_ready(self, slot: int, pid: int) -> None:
        """Give the worker policy and nice value first, then work."""
        try:
            apply_scheduling(pid, self._scheduling)
        except ProcessLookupError:
            return  # dead already: its death is on the way
        except OSError as error:
            self._on_notice(explain_scheduling_error(error))
        self._on_event(WorkerReady(worker=slot, pid=pid, ranks=self._ranks))
        self._started.set()
        self._dispatcher.worker_ready(slot)

    def worker_stopping(self, slot: int, pid: int, stage: StopStage) -> None:
        """Tell the observer."""
        self._on_event(WorkerStopping(worker=slot, pid=pid, stage=stage.value))

    def worker_dying(self, slot: int, pid: int) -> None:
        """Tell the observer."""
        self._on_event(WorkerDying(pid=pid))

    def worker_died(self, slot: int, ended: WorkerExit) -> None:
        """Tell, and have its requests wait again, or fail what is to blame."""
        self.exits.append(ended)
        self._replaced[slot] = ended.pid
        code, usage = system.exit_code(ended.status), ended.rusage
        self._on_event(WorkerReaped(pid=ended.pid, usage=usage))
        self._on_event(
            WorkerDied(worker=slot, pid=ended.pid, status=code, user_s=usage.ru_utime, system_s=usage.ru_stime)
        )
        dismissed = ended.pid in self._dismissed
        self._dismissed.discard(ended.pid)
        if not self._closing and not self.error:
            self._on_notice(f"the old worker {ended.pid} has ended" if dismissed else _how_it_ended(ended))
        self._dispatcher.worker_died(slot, time.monotonic())

    def worker_delayed(self, slot: int, deaths: int, delay_s: float) -> None:
        """Tell the observer."""
        self._on_event(WorkerDelayed(worker=slot, deaths=deaths, delay_s=delay_s))

    def warn(self, text: str) -> None:
        """Tell the observer and the caller."""
        self._on_event(ServiceWarning(text=text))
        self._on_notice(text)

    def gave_up(self, error: LlmprocError) -> None:
        """End every request: nothing more will be answered."""
        self.error = self.error or error
        self._dispatcher.end_all(self.error)
        self._started.set()
        self._on_failure(error)

    def stopped(self) -> None:
        """End every request that is left, and close the board."""
        self._ended = True
        self._dispatcher.end_all(None)
        self._board.close()
        self._tokens.close()


def _how_it_ended(ended: WorkerExit) -> str:
    cause = "" if ended.stopped else system.probable_cause(system.exit_code(ended.status))
    then = ("; another one continues" if ended.replaced else "") + (f" ({cause})" if cause else "")
    return f"inference process {ended.pid} exited with {system.describe_status(ended.status)}{then}"
