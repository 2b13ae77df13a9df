"""Spans of those who ask servers: `batch --url` and `bench serve`; one of each request, made of what a client knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from apps.batching import batch, rows_of
from experiments.test_serve_load_rules import bench, figures
from remote.token_servers import stubs
from support.recording_server import Behaviour, recording_server
from telemetry.collector import DecodedSpan, collector, refusing_port

from llmproc.client.answer import FailedAttempt, RemoteAnswer
from llmproc.client.body import RemoteRequest
from llmproc.client.reading import TokenCounts
from llmproc.client.verdict import Failure, FailureKind
from llmproc.telemetry.attributes import attributes_of
from llmproc.telemetry.client_record import client_record

CLIENT = 3  # SPAN_KIND_CLIENT
SECRET = "a question of mine"


def answer(**changed: Any) -> RemoteAnswer:
    found: dict[str, Any] = {
        "started_at": 1000.0, "sent": 10.0, "ended": 12.0, "status": 200, "streamed": True, "model": "m",
        "text": "An answer.", "reasoning": "", "finish_reason": "stop", "tokens": TokenCounts(5, 7, 2, "usage"),
        "moments": (10.5, 11.0, 12.0), "first_content": 10.5, "failure": None,
    }  # fmt: skip
    return RemoteAnswer(**{**found, **changed})


def test_a_record_has_what_the_client_saw() -> None:
    asked = RemoteRequest(SECRET, max_tokens=9, temperature=0.5, seed=3, extra={"top_p": 0.9, "min_p": 0.1})
    record = client_record(asked, [answer()], began=9.0, more={"llmproc.batch.index": 4})
    told = attributes_of(record)
    assert (record.role, record.began, record.dispatched, record.ended) == ("client", 9.0, 10.0, 12.0)
    assert told["gen_ai.latency.time_to_first_token"] == 1.5 and told["gen_ai.latency.time_in_queue"] == 1.0
    assert told["gen_ai.usage.input_tokens"] == 5 and told["gen_ai.usage.output_tokens"] == 7
    assert told["gen_ai.request.top_p"] == 0.9 and told["gen_ai.request.max_tokens"] == 9
    assert told["gen_ai.request.seed"] == 3 and told["gen_ai.request.temperature"] == 0.5
    assert told["llmproc.batch.index"] == 4 and "error.type" not in told and SECRET not in repr(record)
    assert "gen_ai.provider.name" not in told, "who answers there is not known"


def test_texts_go_along_only_when_they_are_to() -> None:
    told = attributes_of(client_record(RemoteRequest(SECRET), [answer()], content=True))
    assert told["langfuse.observation.output"] == "An answer."
    assert SECRET in str(told["gen_ai.input.messages"])


def test_a_failure_has_its_kind_and_its_attempts() -> None:
    cut = Failure(FailureKind.CUT, "closed in mid-answer")
    lost = answer(failure=cut, finish_reason=None, moments=(), attempts=(FailedAttempt(cut, 200, 1.0, 0.5),))
    told = attributes_of(record := client_record(RemoteRequest("a"), [lost]))
    assert told["error.type"] == "cut" and record.error == "closed in mid-answer" and record.first_token is None
    assert told["llmproc.attempts"] == [2] and told["llmproc.retries"] == 1
    assert told["llmproc.finish_reasons"] == ["failed"]


def test_several_answers_to_one_question_are_one_span() -> None:
    record = client_record(RemoteRequest("a"), [answer(), answer(sent=11.0, ended=15.0)])
    assert (record.began, record.ended, len(record.answers)) == (10.0, 15.0, 2)
    assert attributes_of(record)["gen_ai.usage.output_tokens"] == 14


def check(span: DecodedSpan) -> None:
    told = span.attributes
    assert span.kind == CLIENT and span.status == 0 and span.name == f"chat {told['gen_ai.response.model']}"
    assert told["gen_ai.usage.output_tokens"] == 4 and told["gen_ai.latency.e2e"] > 0
    assert span.end_ns > span.start_ns and SECRET not in repr(span)


def test_batch_url(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("".join(f"{SECRET} {number}\n" for number in range(12)))
    out = tmp_path / "r.jsonl"
    with collector() as found, stubs(tmp_path, {"token_s": 0.0}, {"token_s": 0.0}) as servers:
        urls = [part for server in servers for part in ("--url", server.url)]
        code, told, _ = batch(tmp_path, tmp_path / "in.txt", "-o", out, *urls, "--max-tokens", 4, "--otlp", found.url)
        spans = {span.attributes["llmproc.batch.index"]: span for span in found.spans}
    assert code == 0 and "[INFO] traces: 12 spans exported\n" in told
    assert sorted(spans) == [row["index"] for row in rows_of(out)] == list(range(12)) and len(found.spans) == 12
    for span in spans.values():
        check(span)
        assert span.attributes["gen_ai.latency.time_in_queue"] >= 0


def test_bench_serve(tmp_path: Path) -> None:
    with (
        collector() as found,
        recording_server(lambda number, body: Behaviour(status=503 if number == 3 else 200)) as to,
    ):
        document = bench(tmp_path, to, "-n", 10, "--concurrency", 2, "--max-tokens", 4, "--otlp", found.url, code=1)
        failed = [span for span in found.spans if span.status == 2]
        good = [span for span in found.spans if span.status == 0]
    assert (figures(document)["succeeded"], len(good), len(failed)) == (9, 9, 1)
    assert failed[0].attributes["error.type"] == "http_5xx"
    for span in good:
        check(span)


def test_a_dead_collector_changes_no_figure(tmp_path: Path) -> None:
    with refusing_port() as port, recording_server(lambda number, body: Behaviour()) as to:
        document = bench(tmp_path, to, "-n", 5, "--otlp", f"127.0.0.1:{port}")
    assert figures(document)["succeeded"] == 5
