"""The exporter's thread: real sockets, collectors that take, refuse, stall and come back, and its end in time."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from support.waiting import until
from telemetry.collector import collector, refusing_port, silent_port
from telemetry.records import request_record

from llmproc.telemetry.complaints import reason_of
from llmproc.telemetry.exporting import SpanExport, open_export
from llmproc.telemetry.queue import SpanCounts
from llmproc.telemetry.settings import export_settings


def export_to(url: str, told: list[str] | None = None, **environ: str) -> SpanExport:
    return open_export(export_settings(url, False, environ), (told if told is not None else []).append)


def threads() -> set[str]:
    return {thread.name for thread in threading.enumerate()}


def test_spans_arrive_with_headers_and_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test,service.name=mine")
    with collector() as found, export_to(found.url, OTEL_EXPORTER_OTLP_HEADERS="x-key=v") as export:
        for number in range(700):
            export.put(request_record(input_tokens=number, role="client"))
        assert export.close(60) == SpanCounts(exported=700)
    assert [span.attributes["gen_ai.usage.input_tokens"] for span in found.spans] == list(range(700))
    assert len({span.span_id for span in found.spans}) == 700 and found.spans[0].kind == 3
    assert found.headers[0]["x-key"] == "v" and len(found.paths) == 3, "256 a request"
    resource = found.spans[0].resource
    assert resource["service.name"] == "mine" and resource["deployment.environment.name"] == "test"
    assert resource["host.name"] and resource["process.pid"]
    assert "span-export" not in threads()


def test_a_span_comes_by_itself() -> None:
    with collector() as found, export_to(found.url) as export:
        export.put(request_record())
        (span,) = found.wait(1)
        assert span.events == {
            "llmproc.dispatched": 1_700_000_011_000_000_000,
            "llmproc.first_token": 1_700_000_012_000_000_000,
        }


def test_a_collector_that_refuses_loses_the_batch_and_is_told_once() -> None:
    told: list[str] = []
    with collector() as found, export_to(found.url, told) as export:
        found.status = 404
        export.put(request_record())
        until(lambda: export.counts().export_failed == 1, "it is not given up")
        export.put(request_record())
        until(lambda: export.counts().export_failed == 2, "it is not given up")
        found.status = 200
        export.put(request_record())
        until(lambda: export.counts().exported == 1, "it does not come back")
    address = f"http://127.0.0.1:{found.port}/v1/traces"
    assert told == [
        f"traces: {address} takes no spans: status 404; they are dropped, answers go on",
        f"traces: {address} takes spans again",
    ]


@pytest.mark.parametrize("place", [refusing_port, silent_port])
def test_a_dead_collector_holds_nothing_up(place: Any, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    told: list[str] = []
    with place() as port:
        export = export_to(f"127.0.0.1:{port}", told)
        for _ in range(3000):
            export.put(request_record())
        until(lambda: not export._queue.take(0) and len(export._queue._waiting) < 2048, "nothing is taken")
        counts = export.close(0.2)
        assert counts.exported == 0 and counts.dropped == 3000 and counts.shutdown > 0 and counts.queue_full > 0
        export.put(request_record())
        assert export.counts().dropped == 3001 and export.close() == export.counts()
    until(lambda: "span-export" not in threads(), "the thread does not end", 60)
    assert capfd.readouterr().err == "", "the SDK's log is not the user's"


def test_a_record_that_gives_no_span_does_not_lose_those_beside_it() -> None:
    with collector() as found:
        with export_to(found.url) as export:
            for operation in ("chat", None, "chat"):
                export.put(request_record(operation=operation, more={"x": object()} if operation is None else {}))
            export.put(request_record(answers=[None]))
        assert export.counts() == SpanCounts(exported=3, export_failed=1)
    assert len(found.spans) == 3


def test_loggers_are_left_as_they_were() -> None:
    log = logging.getLogger("opentelemetry")
    before = (list(log.handlers), log.propagate)
    with collector() as found, export_to(found.url):
        assert len(log.handlers) == len(before[0]) + 1 and not log.propagate
    assert (list(log.handlers), log.propagate) == before


def test_the_switch_of_the_sdk_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    with collector() as found:
        with export_to(found.url) as export:
            export.put(request_record())
        assert export.counts() == SpanCounts() and not found.paths


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Failed to export spans batch code: 404, reason: Not Found", "status 404"),
        ("HTTPConnectionPool(host='h'): ... [Errno 111] Connection refused')", "connection refused"),
        ("Read timed out. (read timeout=10)", "no answer in time"),
        ("Failed to resolve 'nowhere' ([Errno -2] Name or service not known)", "no such host"),
        ("Failed to export spans batch due to timeout, max retries or shutdown.", None),  # the line before says why
        ("Dropping span batch: serialized size 9 bytes exceeds", None),
    ],
)
def test_reasons(text: str, reason: str | None) -> None:
    assert reason_of(text) == reason
