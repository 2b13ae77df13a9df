"""All counts as prometheus-client's families, in the order of `definitions`. Made whenever /metrics is asked for.

Used by `server_metrics`, as a custom collector of a registry of its own. It reads; no thread writes here but one lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from llmproc import __version__
from llmproc.monitor.live import ProcessRow
from llmproc.monitor.service_stats import Counts, WorkerCount
from llmproc.server.admission import AdmissionState
from llmproc.server.asking import About
from llmproc.server.metrics import definitions as d
from llmproc.server.metrics.event_counts import EventCounts
from llmproc.server.metrics.histogram import BucketCounts
from llmproc.server.metrics.http_counts import HttpCounts
from llmproc.service.service import WorkerInfo
from llmproc.telemetry.queue import DROPS, SpanCounts

Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Sources:
    """The places the numbers come from. The callables are asked at every scrape."""

    about: About
    events: EventCounts
    http: HttpCounts
    workers: Callable[[], Sequence[WorkerInfo]]
    processes: Callable[[], Sequence[ProcessRow]]
    admission: Callable[[], AdmissionState]
    clock: Callable[[], float]
    spans: Callable[[], SpanCounts] = SpanCounts


class Collector:
    """A collector of prometheus-client."""

    def __init__(self, sources: Sources) -> None:
        self._from, self._lock = sources, threading.Lock()
        self._preemptions = ProcessTotals()

    def describe(self) -> list[Metric]:
        """Return nothing: what is registered here is alone in its registry, and /proc need not be read for that."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Return every family."""
        workers = self._from.workers()
        counts = self._from.events.stats.counts(self._from.clock())
        yield from self._requests(counts, workers)
        yield from self._request_histograms()
        yield from self._http()
        yield from self._admission(self._from.admission())
        yield from self._workers(counts.workers, workers)
        yield from self._processes(self._from.processes())
        about = self._from.about
        yield self._family(d.INFO, {(about.model, about.fingerprint, __version__): 1})

    def _requests(self, counts: Counts, workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
        events, http, slots = self._from.events, self._from.http, counts.workers
        with self._lock:
            preemptions = self._preemptions.total((each.slot, each.pid, each.kv.preemptions) for each in workers)
        pages = sum(each.kv.pages for each in workers)
        yield self._one(d.RUNNING, sum(each.sequences for each in slots))
        yield self._one(d.WAITING, counts.waiting + sum(each.queue for each in slots))
        yield self._one(d.PROMPT_TOKENS, events.prompt_tokens)
        yield self._one(d.GENERATION_TOKENS, sum(each.tokens for each in slots))
        yield self._one(d.PREFIX_QUERIES, events.prefix_queries)
        yield self._one(d.PREFIX_HITS, events.prefix_hits)
        yield self._one(d.PREEMPTIONS, preemptions)
        yield self._one(d.KV_USAGE, sum(each.kv.held for each in workers) / pages if pages else 0.0)
        yield self._family(d.SUCCESS, http.finished.counts())
        yield self._one(d.RETRIES, events.retries)
        yield self._family(d.REQUEST_CPU, http.cpu.counts())

    def _request_histograms(self) -> Iterator[Metric]:
        events, http = self._from.events, self._from.http
        yield self._histogram(d.TTFT, events.ttft)
        yield self._histogram(d.ITL, http.itl)
        yield self._histogram(d.TPOT, http.tpot)
        yield self._histogram(d.E2E, http.e2e)
        yield self._histogram(d.QUEUE_TIME, events.queue_time)
        yield self._histogram(d.INFERENCE_TIME, http.inference)
        yield self._histogram(d.PREFILL_TIME, events.prefill)
        yield self._histogram(d.DECODE_TIME, http.decode)
        yield self._histogram(d.REQUEST_PROMPT, http.prompt)
        yield self._histogram(d.REQUEST_TOKENS, http.tokens)
        yield self._histogram(d.REQUEST_KV, http.kv)

    def _http(self) -> Iterator[Metric]:
        http = self._from.http
        yield self._family(d.REQUESTS, http.outcomes.counts())
        yield self._family(d.ERRORS, http.errors.counts())
        yield self._family(d.IGNORED_OPTIONS, http.options.counts())
        yield self._family(d.FOREIGN_MODELS, http.models.counts())
        yield self._histogram(d.LOOP_LAG, http.loop_lag)
        spans = self._from.spans()
        yield self._one(d.SPANS_EXPORTED, spans.exported)
        yield self._family(d.SPANS_DROPPED, {(reason,): getattr(spans, reason) for reason in DROPS})

    def _admission(self, state: AdmissionState) -> Iterator[Metric]:
        yield self._one(d.ADMITTED, state.open)
        yield self._one(d.ADMISSION_LIMIT, state.limit)
        yield self._one(d.ADMISSION_QUEUE, state.queue)
        yield self._family(d.SLO_REQUESTS, {("true",): state.kept, ("false",): state.missed} if state.slo else {})
        limits = {"ttft": state.slo.ttft_s, "tpot": state.slo.tpot_s} if state.slo else {}
        yield self._family(d.SLO_SECONDS, {(name,): value for name, value in limits.items() if value is not None})

    def _workers(self, slots: Sequence[WorkerCount], workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
        def each(value: Callable[[WorkerCount], float]) -> Values:
            return {(str(slot.slot),): value(slot) for slot in slots}

        def seen(value: Callable[[WorkerInfo], float]) -> Values:
            return {(str(worker.slot),): value(worker) for worker in workers}

        restarts, gauges = self._from.events.restarts, {worker.slot: worker.kv for worker in workers}
        yield self._family(d.WORKER_UP, seen(lambda worker: worker.state == "ready"))
        yield self._family(d.WORKER_RUNNING, each(lambda slot: slot.sequences))
        yield self._family(d.WORKER_QUEUE, each(lambda slot: slot.queue))
        yield self._family(d.WORKER_TOKENS, each(lambda slot: slot.tokens))
        yield self._family(d.WORKER_STEPS, seen(lambda worker: worker.steps))
        yield self._family(d.WORKER_STEALS, each(lambda slot: slot.steals))
        yield self._family(d.WORKER_RESTARTS, seen(lambda worker: restarts.get(worker.slot, 0)))
        yield self._family(d.WORKER_RANKS, each(lambda slot: slot.ranks_in_use))
        yield self._family(d.KV_BYTES, seen(lambda worker: worker.kv.held_bytes))
        yield self._family(d.KV_SIZE, seen(lambda worker: worker.kv.size_bytes))
        yield self._family(
            d.SEQUENCE_KV,
            {
                (str(each.worker), str(each.place)): gauges[each.worker].sequence_bytes(each.positions)
                for each in self._from.events.sequences()
                if each.worker in gauges
            },
        )

    def _processes(self, rows: Sequence[ProcessRow]) -> Iterator[Metric]:
        seconds: dict[tuple[str, ...], float] = {}
        percent: dict[tuple[str, ...], float] = {}
        pss: dict[tuple[str, ...], float] = {}
        for row in rows:
            name = row.role, "" if row.slot is None else str(row.slot)
            for mode in ("user", "system", "wait"):
                if (used := getattr(row, f"{mode}_s")) is not None:
                    seconds[*name, mode] = used
                if (rate := getattr(row, f"{mode}_percent")) is not None:
                    percent[*name, mode] = rate
            if row.pss is not None:
                pss[name] = row.pss
        yield self._family(d.CPU_SECONDS, seconds)
        yield self._family(d.CPU_PERCENT, percent)
        yield self._family(d.PSS, pss)

    # -- families ---------------------------------------------------------------------------------------------------

    def _labels(self, definition: d.Definition) -> tuple[str, ...]:
        return ("model_name", *definition.labels) if definition.vllm else definition.labels

    def _values(self, definition: d.Definition, labels: tuple[str, ...]) -> tuple[str, ...]:
        return (self._from.about.model, *labels) if definition.vllm else labels

    def _one(self, definition: d.Definition, value: float) -> Metric:
        return self._family(definition, {(): value})

    def _family(self, definition: d.Definition, values: Values) -> Metric:
        kind = CounterMetricFamily if definition.kind == "counter" else GaugeMetricFamily
        family = kind(definition.full_name, definition.meaning, labels=self._labels(definition))
        for labels, value in values.items():
            family.add_metric(self._values(definition, labels), value)
        return family

    def _histogram(self, definition: d.Definition, counts: BucketCounts) -> Metric:
        family = HistogramMetricFamily(definition.full_name, definition.meaning, labels=self._labels(definition))
        buckets, total = counts.cumulative()
        family.add_metric(self._values(definition, ()), buckets, total)
        return family


class ProcessTotals:
    """The sum of a counter that processes keep and take along when they die: what was seen of each stays."""

    def __init__(self) -> None:
        self._total = 0
        self._seen: dict[int, tuple[int, int]] = {}  # by slot: (pid, its count)

    def total(self, now: Iterator[tuple[int, int, int]]) -> int:
        """Return the sum, given (slot, pid, count) of each process there is."""
        for slot, pid, count in now:
            before, known = self._seen.get(slot, (0, 0))
            self._total += max(0, count - known) if before == pid else count
            self._seen[slot] = pid, count
        return self._total
