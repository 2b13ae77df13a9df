"""A collector of traces for tests: a real HTTP server that decodes what it gets, refuses, stalls, or is not there."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from support.waiting import until


@dataclass(frozen=True, slots=True)
class DecodedSpan:
    """One span as it came over the wire."""

    name: str
    kind: int
    trace_id: str
    span_id: str
    parent: str  # "" for a root
    start_ns: int
    end_ns: int
    attributes: dict[str, Any]
    events: dict[str, int]  # name to moment
    status: int  # 0 unset, 2 error
    message: str
    resource: dict[str, Any]
    dropped: int


@dataclass
class Collected:
    """What a collector got."""

    port: int
    spans: list[DecodedSpan] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200  # that it answers with from now on

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self, count: int) -> list[DecodedSpan]:
        """The spans, once there are `count` of them."""
        until(lambda: len(self.spans) >= count, f"there are not {count} spans", 60)
        return list(self.spans)


def value_of(value: Any) -> Any:
    """A protobuf AnyValue as Python's."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [value_of(part) for part in value.array_value.values]
    return getattr(value, kind) if kind else None


def attributes_of(pairs: Any) -> dict[str, Any]:
    """Attributes as a dict; a key that stands twice is an error."""
    found = {pair.key: value_of(pair.value) for pair in pairs}
    assert len(found) == len(pairs)
    return found


def decode(body: bytes) -> list[DecodedSpan]:
    """All spans of one request."""
    request = ExportTraceServiceRequest.FromString(body)
    return [
        DecodedSpan(
            span.name, span.kind, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
            span.start_time_unix_nano, span.end_time_unix_nano, attributes_of(span.attributes),
            {event.name: event.time_unix_nano for event in span.events}, span.status.code, span.status.message,
            attributes_of(part.resource.attributes), span.dropped_attributes_count,
        )
        for part in request.resource_spans
        for scope in part.scope_spans
        for span in scope.spans
    ]  # fmt: skip


@contextlib.contextmanager
def collector() -> Iterator[Collected]:
    """A collector that takes everything, until its `status` is set."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found.paths.append(self.path)
            found.headers.append({name.lower(): value for name, value in self.headers.items()})
            if found.status == 200:
                found.spans += decode(body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(found.status)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    found = Collected(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()  # waits for the threads of its connections, each of one request


@contextlib.contextmanager
def refusing_port() -> Iterator[int]:
    """A port of this machine where connections are refused: bound, and not listened on."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield place.getsockname()[1]


@contextlib.contextmanager
def silent_port() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as place:
        yield place.getsockname()[1]
