"""The thread that turns records into spans and sends them, and its end, which never takes longer than its limit.

    with open_export(settings, notice) as export:
        export.put(record)             any thread; takes microseconds, whatever the collector does
    counts = export.counts()           after the end every record is exported or dropped

Used by the verbs. A collector that does not answer is given up after 10 s by the SDK (OTEL_EXPORTER_OTLP_TIMEOUT), for
each batch; meanwhile the queue fills and what comes is dropped. At the end it is given 2 s for all.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from llmproc.errors import require_package
from llmproc.telemetry.complaints import CollectorComplaints
from llmproc.telemetry.queue import SpanCounts, SpanQueue
from llmproc.telemetry.record import RequestRecord
from llmproc.telemetry.settings import ExportSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter

    from llmproc.telemetry.spans import RequestSpans

_EVERY_S = 1.0  # between two exports, at most
_BATCH = 256
_END_S = 2.0


def open_export(settings: ExportSettings, notice: Callable[[str], None]) -> SpanExport:
    """Return a running export. MissingPackageError without the extra; `notice`: tells the user, from any thread."""
    require_package("opentelemetry")
    require_package("opentelemetry.sdk")
    require_package("opentelemetry.exporter.otlp.proto.http")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    from llmproc.telemetry.spans import RequestSpans  # here: all of it takes a quarter of a second

    exporter = OTLPSpanExporter(endpoint=settings.endpoint, headers=dict(settings.headers))
    return SpanExport(settings, RequestSpans(), exporter, CollectorComplaints(settings.address, notice))


class SpanExport:
    """Spans of requests on their way to a collector; a context manager."""

    def __init__(
        self, settings: ExportSettings, spans: RequestSpans, exporter: SpanExporter, complaints: CollectorComplaints
    ) -> None:
        """Start the thread."""
        self.settings = settings
        self._spans, self._exporter, self._complaints = spans, exporter, complaints
        self._queue, self._ending = SpanQueue(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="span-export", daemon=True)
        complaints.__enter__()
        self._thread.start()

    @property
    def content(self) -> bool:
        """Return whether records are to hold prompts and answers."""
        return self.settings.content

    def put(self, record: RequestRecord) -> None:
        """Export one request's span. Never waits and never fails: what does not fit is dropped and counted."""
        self._queue.put(record, _BATCH)

    def counts(self) -> SpanCounts:
        """Return what became of the spans so far."""
        return self._queue.counts()

    def close(self, limit_s: float = _END_S) -> SpanCounts:
        """Send what is left, for `limit_s` seconds at most; return what became of all. Twice is fine."""
        if not self._ending.is_set():
            self._ending.set()
            self._queue.wake()
            self._thread.join(limit_s)
            self._queue.close_counts()
            if self._thread.is_alive():  # its collector does not answer: it is a daemon, and ends with the process
                self._complaints.mute()
                with contextlib.suppress(Exception):
                    self._exporter.shutdown()  # the SDK's pauses between attempts end
            else:
                self._complaints.__exit__(None, None, None)
        return self.counts()

    def __enter__(self) -> SpanExport:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    # -- the thread -------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._ending.is_set():
            self._queue.wait(_EVERY_S)
            self._send_waiting()
        self._send_waiting()
        with contextlib.suppress(Exception):
            self._exporter.shutdown()

    def _send_waiting(self) -> None:
        while records := self._queue.take(_BATCH):
            spans, unwanted = self._spans_of(records)
            done = self._sent(spans)
            exported = len(spans) if done else 0
            self._queue.settle(exported, len(records) - unwanted - exported, unwanted)
            if done:
                self._complaints.succeeded()
            elif unwanted < len(records):
                self._complaints.failed()

    def _spans_of(self, records: list[RequestRecord]) -> tuple[list[ReadableSpan], int]:
        """Return the spans, and how many records are not to be recorded. A record that gives no span is left out."""
        found, unwanted = [], 0
        for record in records:
            with contextlib.suppress(Exception):  # one strange record must not lose those beside it
                span = self._spans.span_of(record)
                unwanted += span is None
                found += [span] if span is not None else []
        return found, unwanted

    def _sent(self, spans: list[ReadableSpan]) -> bool:
        """Send them, and return whether the collector has them; whatever a library raises, this thread lives."""
        with contextlib.suppress(Exception):
            return bool(spans) and self._exporter.export(spans).name == "SUCCESS"
        return False
