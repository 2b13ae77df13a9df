"""What the service's events say, counted: times until a worker took a request and until its first token, prompt tokens,
cache hits, retries, restarts, and which sequences run.

    arrived --queue time--> dispatched --prefill time--> first token ........ done

An observer of the service: `on_event` runs on the I/O thread, and neither waits nor raises. What came of a request is
not counted here: only the HTTP side knows whether "cancelled" was a stop text that was found, or a client that left.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from llmproc.monitor.events import (
    Event,
    FirstToken,
    RequestArrived,
    RequestDispatched,
    RequestDone,
    StepSummary,
    WorkerDied,
    WorkerReplaced,
)
from llmproc.monitor.service_stats import ServiceStats
from llmproc.server.metrics.histogram import REQUEST_SECONDS, BucketCounts
from llmproc.server.metrics.sequences import Places, RunningSequence


@dataclass(slots=True)
class _OpenRequest:
    arrived: float
    prompt_tokens: int
    dispatched: float | None = None


class EventCounts:
    """An observer; its numbers may be read from any thread."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, ended: Callable[[int], object] = lambda request: None
    ) -> None:
        """Begin at zero. `ended(request)` is called on the I/O thread when a request has ended."""
        self.stats = ServiceStats()
        self.queue_time, self.ttft, self.prefill = (BucketCounts(REQUEST_SECONDS) for _ in range(3))
        self.prompt_tokens = self.prefix_queries = self.prefix_hits = self.retries = 0
        self.restarts: dict[int, int] = {}  # by slot
        self._clock, self._ended = clock, ended
        self._open: dict[int, _OpenRequest] = {}
        self._places, self._lock = Places(), threading.Lock()
        self._rules: dict[type[Event], Callable[[float, Any], None]] = {
            RequestArrived: self._arrived,
            RequestDispatched: self._dispatched,
            FirstToken: self._first_token,
            StepSummary: self._step,
            RequestDone: self._done,
            WorkerDied: self._worker_died,
            WorkerReplaced: self._replaced,
        }

    def on_event(self, event: Event) -> None:
        """Count an event."""
        now = self._clock()
        self.stats.on_event(event, now)
        rule = self._rules.get(type(event))
        if rule is not None:
            with self._lock:
                rule(now, event)

    def sequences(self) -> list[RunningSequence]:
        """Return the sequences that run, by worker and place."""
        with self._lock:
            return self._places.running()

    def _arrived(self, now: float, event: RequestArrived) -> None:
        self._open[event.request] = _OpenRequest(now, event.prompt_tokens)

    def _dispatched(self, now: float, event: RequestDispatched) -> None:
        request = self._open.get(event.request)
        if request is None:
            return
        if request.dispatched is None:
            self.queue_time.add(max(0.0, event.at - request.arrived))
        else:
            self.retries += 1
        request.dispatched = event.at
        self._places.begin(event.request, event.worker, event.at)

    def _first_token(self, now: float, event: FirstToken) -> None:
        request = self._open.get(event.request)
        if request is None:
            return
        self.ttft.add(max(0.0, now - request.arrived))
        self.prefill.add(max(0.0, now - (request.arrived if request.dispatched is None else request.dispatched)))
        self.prompt_tokens += request.prompt_tokens
        self._places.grow(event.request, request.prompt_tokens + 1)

    def _step(self, now: float, event: StepSummary) -> None:
        self._places.grow(event.request, event.position)

    def _done(self, now: float, event: RequestDone) -> None:
        self._places.end(event.request)
        request = self._open.pop(event.request, None)
        if request is not None and request.dispatched is not None:
            self.prefix_queries += event.prompt_tokens
            self.prefix_hits += event.cached_tokens
        self._ended(event.request)

    def _worker_died(self, now: float, event: WorkerDied) -> None:
        self._places.worker_died(event.worker)

    def _replaced(self, now: float, event: WorkerReplaced) -> None:
        self.restarts[event.worker] = self.restarts.get(event.worker, 0) + 1
