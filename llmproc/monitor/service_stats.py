"""What the workers of one instance are at, counted from the service's events: tokens, sequences, queues, steals.

    arrived --queued--> in the ring of a worker --dispatched, first token--> running --done--> forgotten
       ^                             |                                                 |
       +--------- worker died -------+-------------------------------------------------+

Serves the announcement that `top` reads. It counts only: no /proc, no files, no clock of its own. Events it does not
know, and requests and workers it has never heard of, are passed over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class WorkerCount:
    """One worker slot at one moment."""

    slot: int
    pid: int  # 0: none now
    state: str  # starting, ready, dead
    sequences: int  # requests it runs
    queue: int  # requests that were sent its way and nobody runs yet
    tokens: int  # of answers, since the instance began; a replaced worker's count goes on
    as_of: float  # CLOCK_MONOTONIC at which `tokens` was exact: of a running request every 0.3 s is told
    steals: int  # requests it took from others


@dataclass(frozen=True, slots=True)
class Counts:
    """All of an instance at one moment."""

    waiting: int  # requests that main has not sent anywhere
    template: int  # its pid, 0: none
    workers: tuple[WorkerCount, ...]


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
    running: set[int] = field(default_factory=set)  # requests
    queued: set[int] = field(default_factory=set)  # sent its way, run by nobody yet


class ServiceStats:
    """Feed it every event; safe to call from any thread."""

    def __init__(self) -> None:
        self.version = 0  # grows whenever a count changed
        self._lock = threading.Lock()
        self._requests: dict[int, _RequestPlace] = {}
        self._workers: dict[int, _WorkerTotals] = {}
        self._waiting, self._template = 0, 0
        self._rules: dict[str, Callable[[float, dict[str, Any]], None]] = {
            "request_arrived": self._arrived,
            "request_queued": self._queued,
            "request_dispatched": self._dispatched,
            "first_token": self._token,
            "step": self._token,
            "request_done": self._done,
            "worker_forked": self._forked,
            "worker_ready": self._ready,
            "worker_died": self._died,
            "template_started": self._template_started,
            "template_died": self._template_died,
        }

    def event(self, kind: str, t: float, fields: dict[str, Any]) -> None:
        """Something happened at `t`."""
        rule = self._rules.get(kind)
        if rule is not None:
            with self._lock:
                rule(t, fields)
                self.version += 1

    def counts(self, now: float) -> Counts:
        """How things stand."""
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
                )
                for slot, worker in sorted(self._workers.items())
            )
            return Counts(self._waiting, self._template, tuple(workers))

    # -- requests ---------------------------------------------------------------------------------------------------

    def _arrived(self, t: float, fields: dict[str, Any]) -> None:
        if fields["request"] not in self._requests:
            self._requests[fields["request"]] = _RequestPlace()
            self._waiting += 1

    def _queued(self, t: float, fields: dict[str, Any]) -> None:
        number = fields["request"]
        request = self._requests.get(number)
        if request is not None:
            self._leave(number, request)
            request.worker = fields["ring"]
            self._worker(request.worker).queued.add(number)

    def _dispatched(self, t: float, fields: dict[str, Any]) -> None:
        """A worker runs it now; from a ring that is not its own it was stolen. Told twice, it counts once."""
        number, slot = fields["request"], fields["worker"]
        request, worker = self._requests.get(number), self._worker(slot)
        if request is not None and number not in worker.running:
            self._leave(number, request)
            request.worker = slot
            worker.steals += fields.get("ring", slot) != slot
            self._run(t, number, worker)

    def _token(self, t: float, fields: dict[str, Any]) -> None:
        number = fields["request"]
        request = self._requests.get(number)
        if request is not None and request.worker is not None:
            worker = self._worker(request.worker)
            self._run(t, number, worker)
            self._count(t, request, worker, fields.get("tokens", 1))

    def _done(self, t: float, fields: dict[str, Any]) -> None:
        number = fields["request"]
        request = self._requests.pop(number, None)
        if request is not None:
            if request.worker is not None:
                self._count(t, request, self._worker(request.worker), fields.get("new_tokens", 0))
            self._leave(number, request)

    def _worker(self, slot: int) -> _WorkerTotals:
        return self._workers.setdefault(slot, _WorkerTotals())

    def _leave(self, number: int, request: _RequestPlace) -> None:
        """It is at no worker now."""
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

    def _forked(self, t: float, fields: dict[str, Any]) -> None:
        worker = self._worker(fields["worker"])
        worker.pid, worker.state = fields["pid"], "starting"

    def _ready(self, t: float, fields: dict[str, Any]) -> None:
        worker = self._worker(fields["worker"])
        worker.pid, worker.state = fields["pid"], "ready"

    def _died(self, t: float, fields: dict[str, Any]) -> None:
        """What it ran waits again; what was sent its way stays there, for its successor or a thief."""
        worker = self._worker(fields["worker"])
        if worker.pid in (0, fields["pid"]):  # else its successor is there already
            worker.pid, worker.state = 0, "dead"
            for number in worker.running:
                self._requests[number].worker = None
            self._waiting += len(worker.running)
            worker.running.clear()

    def _template_started(self, t: float, fields: dict[str, Any]) -> None:
        self._template = fields["pid"]

    def _template_died(self, t: float, fields: dict[str, Any]) -> None:
        if self._template == fields["pid"]:
            self._template = 0
