"""The metrics of one server: made before its service, which it observes, and asked by /metrics and /workers.

    metrics = ServerMetrics(about)
    service = Service(config, observer=metrics.events, ...)      told on the I/O thread
    metrics.connect(service.workers, admission.state)
    metrics.http.pieces(...)                             told on the event loop
    await asyncio.to_thread(metrics.render, accept)              /proc is read: not on the event loop

Used by `running` and `app`. It has a registry of its own; nothing of the process is global.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from llmproc.server.admission import AdmissionState
from llmproc.server.asking import About
from llmproc.server.metrics.collector import Collector, Sources
from llmproc.server.metrics.event_counts import EventCounts
from llmproc.server.metrics.http_counts import HttpCounts
from llmproc.server.metrics.process_view import ProcessView
from llmproc.server.metrics.worker_records import WorkerList, main_record, requests_record, worker_records
from llmproc.service.service import WorkerInfo
from llmproc.telemetry.queue import SpanCounts

TEXT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text"


class ServerMetrics:
    """`events` observes the service, `http` is told by the HTTP side; `render` and `workers` are for any thread."""

    def __init__(self, about: About, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin at zero, without a service."""
        self.http = HttpCounts()
        self.events = EventCounts(clock, self.http.ended_at_service)
        self._about = about
        self._clock, self._processes = clock, ProcessView(self.events.stats, clock)
        self._workers: Callable[[], Sequence[WorkerInfo]] = list
        self._admission: Callable[[], AdmissionState] = AdmissionState
        self.spans: Callable[[], SpanCounts] = SpanCounts  # who to ask about traces, if there are any
        sources = Sources(
            about,
            self.events,
            self.http,
            lambda: self._workers(),
            self._processes.rows,
            lambda: self._admission(),
            clock,
            lambda: self.spans(),
        )
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(Collector(sources))

    def connect(
        self, workers: Callable[[], Sequence[WorkerInfo]], admission: Callable[[], AdmissionState] = AdmissionState
    ) -> None:
        """Say whom to ask about workers and admission."""
        self._workers, self._admission = workers, admission

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Return all metrics and their Content-Type: OpenMetrics if `accept` names it, else Prometheus's text."""
        if any(part.split(";")[0].strip().lower() == OPENMETRICS for part in accept.split(",")):
            names_as_they_are = openmetrics.ALLOWUTF8  # the default turns the colon into an underscore, here alone
            text = openmetrics.generate_latest(self._registry, escaping=names_as_they_are)
            return text, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self._registry), TEXT_TYPE

    def workers(self) -> WorkerList:
        """Return a record of each worker slot, and of what they have in common."""
        rows, sequences, now = self._processes.rows(), self.events.sequences(), self._clock()
        counts, restarts = self.events.stats.counts(now), dict(self.events.restarts)
        return WorkerList(
            now,
            self._about.model,
            requests_record(counts, self._admission()),
            main_record(rows),
            worker_records(self._workers(), rows, sequences, restarts, now, counts.workers),
        )
