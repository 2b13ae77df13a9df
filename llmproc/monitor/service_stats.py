"""What the workers of one instance are doing, counted from the service's events: tokens, sequences, queues, steals.

    arrived --queued--> in the ring of a worker --dispatched, first token--> running --done--> forgotten
       ^                             |                                                 |
       +--------- worker died -------+-------------------------------------------------+

Used for the announcement that `top` reads. It counts only: no /proc, no files, no clock of its own. Unknown events,
requests and workers are ignored.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from llmproc.monitor.events import (
    Event,
    FirstToken,
    RanksChanged,
    RequestArrived,
    RequestDispatched,
    RequestDone,
    RequestQueued,
    StepSummary,
    TemplateDied,
    TemplateStarted,
    ThreadsChosen,
    WorkerDied,
    WorkerForked,
    WorkerReady,
)


@dataclass(frozen=True, slots=True)
class WorkerCount:
    """One worker slot at one moment."""

    slot: int
    pid: int  # 0: none now
    state: str  # starting, ready, dead
    sequences: int  # requests it runs
    queue: int  # requests in its ring that no worker runs yet
    tokens: int  # of answers, since the instance began; a replaced worker's count goes on
    as_of: float  # CLOCK_MONOTONIC at which `tokens` was exact: a running request reports every 0.3 s
    steals: int  # requests it took from others
    ranks: int = 0  # threads that compute in it; 0: it has none, or is not ready
    ranks_in_use: int = 0  # of them, at present: fewer while other programs hold the CPUs


@dataclass(frozen=True, slots=True)
class Counts:
    """All of an instance at one moment."""

    waiting: int  # requests not sent to a worker yet
    template: int  # its pid, 0: none
    workers: tuple[WorkerCount, ...]
    threads: ThreadsChosen | None = None  # how many threads each worker takes, once that is known


@dataclass(slots=True)
class _RequestPlace:
    worker: int | None = None  # the slot it was sent to or runs at
    tokens: int = 0


@dataclass(slots=True)
class _WorkerTotals:
    pid: int = 0
    state: str = "starting"
    tokens: int = 0
    as_of: float = 0.0
    steals: int = 0
    ranks: int = 0
    ranks_in_use: int = 0
    running: set[int] = field(default_factory=set)  # requests
    queued: set[int] = field(default_factory=set)  # in its ring, not run yet


class ServiceStats:
    """The counts of one service. Give it every event; safe to call from any thread."""

    def __init__(self) -> None:
        self.version = 0  # grows whenever a count changed
        self._lock = threading.Lock()
        self._requests: dict[int, _RequestPlace] = {}
        self._workers: dict[int, _WorkerTotals] = {}
        self._waiting, self._template = 0, 0
        self._threads: ThreadsChosen | None = None
        self._rules: dict[type[Event], Callable[[float, Any], None]] = {
            RequestArrived: self._arrived,
            RequestQueued: self._queued,
            RequestDispatched: self._dispatched,
            FirstToken: self._token,
            StepSummary: self._token,
            RequestDone: self._done,
            WorkerForked: self._forked,
            WorkerReady: self._ready,
            WorkerDied: self._died,
            RanksChanged: self._ranks_changed,
            ThreadsChosen: self._threads_chosen,
            TemplateStarted: self._template_started,
            TemplateDied: self._template_died,
        }

    def on_event(self, event: Event, t: float) -> None:
        """Count what happened at `t`."""
        rule = self._rules.get(type(event))
        if rule is not None:
            with self._lock:
                rule(t, event)
                self.version += 1

    def counts(self, now: float) -> Counts:
        """Return the counts at the moment `now`."""
        with self._lock:
            workers = (
                WorkerCount(
                    slot,
                    worker.pid,
                    worker.state,
                    len(worker.running),
                    len(worker.queued),
                    worker.tokens,
                    worker.as_of if worker.running else now,
                    worker.steals,
                    worker.ranks,
                    worker.ranks_in_use,
                )
                for slot, worker in sorted(self._workers.items())
            )
            return Counts(self._waiting, self._template, tuple(workers), self._threads)

    # -- requests ---------------------------------------------------------------------------------------------------

    def _arrived(self, t: float, event: RequestArrived) -> None:
        if event.request not in self._requests:
            self._requests[event.request] = _RequestPlace()
            self._waiting += 1

    def _queued(self, t: float, event: RequestQueued) -> None:
        number = event.request
        request = self._requests.get(number)
        if request is not None:
            self._leave(number, request)
            request.worker = event.ring
            self._worker(request.worker).queued.add(number)

    def _dispatched(self, t: float, event: RequestDispatched) -> None:
        """Count it as running at this worker, once; as stolen if it comes from another worker's ring."""
        number, slot = event.request, event.worker
        request, worker = self._requests.get(number), self._worker(slot)
        if request is not None and number not in worker.running:
            self._leave(number, request)
            request.worker = slot
            worker.steals += event.ring != slot
            self._run(t, number, worker)

    def _token(self, t: float, event: FirstToken | StepSummary) -> None:
        number = event.request
        request = self._requests.get(number)
        if request is not None and request.worker is not None:
            worker = self._worker(request.worker)
            self._run(t, number, worker)
            self._count(t, request, worker, event.tokens if isinstance(event, StepSummary) else 1)

    def _done(self, t: float, event: RequestDone) -> None:
        number = event.request
        request = self._requests.pop(number, None)
        if request is not None:
            if request.worker is not None:
                self._count(t, request, self._worker(request.worker), event.new_tokens)
            self._leave(number, request)

    def _worker(self, slot: int) -> _WorkerTotals:
        return self._workers.setdefault(slot, _WorkerTotals())

    def _leave(self, number: int, request: _RequestPlace) -> None:
        """Take it away from its worker."""
        if request.worker is None:
            self._waiting -= 1
            return
        self._worker(request.worker).running.discard(number)
        self._worker(request.worker).queued.discard(number)

    def _run(self, t: float, number: int, worker: _WorkerTotals) -> None:
        if not worker.running:
            worker.as_of = t  # it was idle until now
        worker.queued.discard(number)
        worker.running.add(number)

    def _count(self, t: float, request: _RequestPlace, worker: _WorkerTotals, tokens: int) -> None:
        worker.tokens += max(0, tokens - request.tokens)  # a replay begins where its tokens ended
        request.tokens = max(tokens, request.tokens)
        worker.as_of = t

    # -- processes --------------------------------------------------------------------------------------------------

    def _forked(self, t: float, event: WorkerForked) -> None:
        worker = self._worker(event.worker)
        worker.pid, worker.state = event.pid, "starting"
        worker.ranks = worker.ranks_in_use = 0

    def _ready(self, t: float, event: WorkerReady) -> None:
        worker = self._worker(event.worker)
        worker.pid, worker.state = event.pid, "ready"
        worker.ranks = worker.ranks_in_use = event.ranks

    def _ranks_changed(self, t: float, event: RanksChanged) -> None:
        worker = self._worker(event.worker)
        if worker.pid == event.pid:
            worker.ranks, worker.ranks_in_use = event.ranks, event.in_use

    def _died(self, t: float, event: WorkerDied) -> None:
        """Let its running requests wait again; those in its ring stay for its successor or a thief."""
        worker = self._worker(event.worker)
        if worker.pid in (0, event.pid):  # else its successor is there already
            worker.pid, worker.state = 0, "dead"
            for number in worker.running:
                self._requests[number].worker = None
            self._waiting += len(worker.running)
            worker.running.clear()

    def _threads_chosen(self, t: float, event: ThreadsChosen) -> None:
        self._threads = event

    def _template_started(self, t: float, event: TemplateStarted) -> None:
        self._template = event.pid

    def _template_died(self, t: float, event: TemplateDied) -> None:
        if self._template == event.pid:
            self._template = 0
