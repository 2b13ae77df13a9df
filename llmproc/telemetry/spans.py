"""A record as a span of OpenTelemetry's SDK: parent, kind, moments, events, status. In the exporter's thread.

Used by `exporting`. The SDK decides what OTEL_TRACES_SAMPLER and a caller's trace say of sampling, keeps the limits of
OTEL_SPAN_*, and reads OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME.
"""

from __future__ import annotations

import os
import socket

from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from llmproc import __version__
from llmproc.files.escaping import escape_bytes
from llmproc.telemetry.attributes import attributes_of, span_name
from llmproc.telemetry.record import RequestRecord

_KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
_PROPAGATOR = TraceContextTextMapPropagator()


class RequestSpans:
    """Makes spans of records; `resource` of all of them is this process."""

    def __init__(self) -> None:
        self._ended = _EndedSpans()
        self._provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
        self._provider.add_span_processor(self._ended)
        self._tracer = self._provider.get_tracer("llmproc", __version__)

    def span_of(self, record: RequestRecord) -> ReadableSpan | None:
        """Return the span of a request; None when its trace is not to be recorded."""
        span = self._tracer.start_span(
            span_name(record),
            _parent(record),
            _KINDS[record.role],
            attributes_of(record),
            start_time=record.wall_ns(record.began),
        )
        if record.dispatched is not None:
            span.add_event("llmproc.dispatched", timestamp=record.wall_ns(record.dispatched))
        if record.first_token is not None:
            span.add_event("llmproc.first_token", timestamp=record.wall_ns(record.first_token))
        if record.error_type is not None:
            span.set_status(StatusCode.ERROR, escape_bytes(record.error or record.error_type))
        span.end(record.wall_ns(max(record.began, record.ended)))
        return self._ended.take()


class _EndedSpans(SpanProcessor):
    """Keeps the span that has just ended."""

    def __init__(self) -> None:
        self._last: ReadableSpan | None = None

    def on_end(self, span: ReadableSpan) -> None:
        """Keep it."""
        self._last = span

    def take(self) -> ReadableSpan | None:
        """Return it, once."""
        span, self._last = self._last, None
        return span


def _parent(record: RequestRecord) -> Context:
    """Return the caller's span as context; an empty one without a header, or with one that breaks W3C's rules."""
    carrier = {"traceparent": record.traceparent, "tracestate": record.tracestate}
    return _PROPAGATOR.extract({name: value for name, value in carrier.items() if value is not None}, Context())


def _resource() -> Resource:
    own = {"service.name": "llmproc", "service.version": __version__}
    if os.environ.get("OTEL_SERVICE_NAME") or "service.name=" in os.environ.get("OTEL_RESOURCE_ATTRIBUTES", ""):
        del own["service.name"]  # the SDK takes it from there
    return Resource.create({**own, "host.name": socket.gethostname(), "process.pid": os.getpid()})
