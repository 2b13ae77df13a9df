"""`serve --otlp`: one complete span of each request, whatever ends it; neither answers nor the end wait for it."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from server.http_serving import HttpReply, connection, request_bytes
from server.served import Served, served
from support.waiting import until
from telemetry.collector import Collected, DecodedSpan, collector, refusing_port, silent_port

from llmproc import __version__

CHAT = "/v1/chat/completions"
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SECRET = "a most private question"
COMPLETE = {
    "gen_ai.operation.name": str, "gen_ai.provider.name": str, "gen_ai.request.model": str,
    "gen_ai.response.model": str, "gen_ai.request.stream": bool, "gen_ai.request.temperature": float,
    "gen_ai.request.top_p": float, "gen_ai.request.max_tokens": int, "gen_ai.request.seed": int,
    "gen_ai.request.choice.count": int, "gen_ai.usage.input_tokens": int, "gen_ai.usage.output_tokens": int,
    "gen_ai.usage.cache_read.input_tokens": int, "gen_ai.response.finish_reasons": list,
    "gen_ai.latency.e2e": float, "gen_ai.latency.time_in_queue": float, "gen_ai.latency.time_to_first_token": float,
    "gen_ai.latency.time_in_model_prefill": float, "gen_ai.latency.time_in_model_decode": float,
    "gen_ai.response.time_to_first_chunk": float, "llmproc.finish_reasons": list, "llmproc.requests": list,
    "llmproc.workers": list, "llmproc.attempts": list, "llmproc.retries": int, "llmproc.cpu.user_s": float,
    "llmproc.cpu.system_s": float, "llmproc.cpu.wait_s": float, "llmproc.kv_bytes": int,
    "langfuse.observation.type": str, "langfuse.observation.model.name": str,
    "langfuse.observation.model.parameters": str, "langfuse.observation.usage_details": str,
    "langfuse.observation.completion_start_time": str, "langfuse.observation.metadata.llmproc": str,
    "url.path": str, "http.request.method": str, "http.response.status_code": int,
}  # fmt: skip


@pytest.fixture(scope="module")
def collected() -> Iterator[Collected]:
    with collector() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, quick: Path, collected: Collected) -> Iterator[Served]:
    options = ("--model", quick, "--sequences", 4, "--queue", 500, "--otlp", f"127.0.0.1:{collected.port}")
    with served(tmp_path_factory.mktemp("served"), *options) as found:
        assert found.port
        yield found
        assert found.end() == 0


def question(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4, "seed": 7, "temperature": 0, **fields}


def new_spans(collected: Collected, seen: int, count: int = 1) -> list[DecodedSpan]:
    """The spans after those that were `seen`; a further second shows that there are not more."""
    return collected.wait(seen + count)[seen:]


def check_complete(span: DecodedSpan) -> None:
    """Every attribute is there, of its type, and the numbers agree with each other."""
    attributes = span.attributes
    assert COMPLETE.items() <= {name: type(value) for name, value in attributes.items()}.items()
    assert len(attributes) <= 64 and span.dropped == 0 and span.kind == 2 and span.status == 0
    assert span.name == f"chat {attributes['gen_ai.response.model']}"
    queue, prefill = (attributes[f"gen_ai.latency.{name}"] for name in ("time_in_queue", "time_in_model_prefill"))
    decode, whole = (attributes[f"gen_ai.latency.{name}"] for name in ("time_in_model_decode", "e2e"))
    assert (
        queue + prefill + decode == pytest.approx(whole) == pytest.approx((span.end_ns - span.start_ns) / 1e9, abs=1e-5)
    )
    events = [span.start_ns, span.events["llmproc.dispatched"], span.events["llmproc.first_token"], span.end_ns]
    assert events == sorted(events) and abs(span.end_ns - time.time_ns()) < 300e9
    usage = json.loads(attributes["langfuse.observation.usage_details"])
    assert usage["total"] == attributes["gen_ai.usage.input_tokens"] + attributes["gen_ai.usage.output_tokens"]
    first = datetime.fromisoformat(json.loads(attributes["langfuse.observation.completion_start_time"]))
    assert first.timestamp() == pytest.approx(span.events["llmproc.first_token"] / 1e9, abs=1e-5)
    assert {"service.name": "llmproc", "service.version": __version__}.items() <= span.resource.items()


def test_each_of_200_requests_has_exactly_one_complete_span(server: Served, collected: Collected) -> None:
    def ask(number: int) -> HttpReply:
        header = {"traceparent": f"00-{number + 1:032x}-{number + 1:016x}-01"}
        return server.ask("POST", CHAT, question(stream=number % 2 == 0, seed=number), headers=header)

    seen = len(collected.spans)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(ask, range(200)))
    assert all(reply.status == 200 and reply.complete for reply in replies)
    spans = new_spans(collected, seen, 200)
    assert sorted(int(span.trace_id, 16) for span in spans) == list(range(1, 201)), "each request's own, once"
    assert all(int(span.parent, 16) == int(span.trace_id, 16) for span in spans)
    for span in spans:
        check_complete(span)
    assert sorted(span.attributes["gen_ai.request.seed"] for span in spans) == list(range(200))
    assert sum(span.attributes["gen_ai.request.stream"] for span in spans) == 100
    assert set(collected.paths) == {"/v1/traces"}
    until(lambda: b"llmproc:spans_exported_total 200" in server.ask("GET", "/metrics").body, "they are not counted")


def test_a_span_says_what_the_answer_says(server: Served, collected: Collected) -> None:
    seen = len(collected.spans)
    answer = server.ask("POST", CHAT, question(model="gpt-4o", n=3, top_k=5, stop=["\n\n"], temperature=0.5)).json
    (span,) = new_spans(collected, seen)
    attributes, usage = span.attributes, answer["usage"]
    assert attributes["gen_ai.request.model"] == "gpt-4o" and attributes["gen_ai.response.model"] == answer["model"]
    assert attributes["gen_ai.usage.input_tokens"] == usage["prompt_tokens"]
    assert attributes["gen_ai.usage.output_tokens"] == usage["completion_tokens"]
    assert attributes["gen_ai.response.finish_reasons"] == [one["finish_reason"] for one in answer["choices"]]
    assert attributes["gen_ai.request.choice.count"] == 3 and attributes["gen_ai.request.stop_sequences"] == ["\n\n"]
    assert attributes["gen_ai.request.top_k"] == 5 and attributes["gen_ai.request.seed"] == answer["seed"]
    assert len(attributes["llmproc.workers"]) == len(set(attributes["llmproc.requests"])) == 3
    assert json.loads(attributes["langfuse.observation.model.parameters"])["n"] == 3


def test_texts_stay_here_unless_they_are_asked_for(server: Served, collected: Collected) -> None:
    seen = len(collected.spans)
    server.ask("POST", CHAT, question(messages=[{"role": "user", "content": SECRET}]))
    (span,) = new_spans(collected, seen)
    assert SECRET not in repr(span)
    assert not {name for name in span.attributes if name.endswith((".input", ".output", ".messages"))}


@pytest.mark.parametrize(
    "header", [None, "00-zz-1-01", f"00-{'0' * 32}-{PARENT}-01", f"ff-{TRACE}-{PARENT}-01", "é" * 99]
)
def test_a_bad_trace_context_is_ignored(server: Served, collected: Collected, header: str | None) -> None:
    seen = len(collected.spans)
    reply = server.ask("POST", CHAT, question(), headers={} if header is None else {"traceparent": header})
    (span,) = new_spans(collected, seen)
    assert reply.status == 200 and span.parent == "" and span.trace_id not in (TRACE, "0" * 32)


def test_a_caller_that_samples_nothing_gets_no_span(server: Served, collected: Collected) -> None:
    seen = len(collected.spans)
    assert server.ask("POST", CHAT, question(), headers={"traceparent": f"00-{TRACE}-{PARENT}-00"}).status == 200
    server.ask("POST", CHAT, question(), headers={"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "a=1"})
    (span,) = new_spans(collected, seen)
    assert (span.trace_id, span.parent) == (TRACE, PARENT)


@pytest.mark.parametrize(
    ("path", "body", "operation"),
    [
        ("/v1/completions", {"prompt": "Once", "max_tokens": 2}, "text_completion"),
        ("/api/chat", {"messages": [{"role": "user", "content": "Hi"}], "options": {"num_predict": 2}}, "chat"),
        ("/api/generate", {"prompt": "Hi", "stream": False, "options": {"num_predict": 2}}, "chat"),
    ],
)
def test_every_interface_has_spans(
    server: Served, collected: Collected, path: str, body: dict[str, Any], operation: str
) -> None:
    seen = len(collected.spans)
    assert server.ask("POST", path, body, headers={"user-agent": "me/1"}).status == 200
    (span,) = new_spans(collected, seen)
    attributes = span.attributes
    assert (attributes["url.path"], attributes["gen_ai.operation.name"]) == (path, operation)
    assert attributes["user_agent.original"] == "me/1" and attributes["gen_ai.usage.output_tokens"] == 2


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"{", 400, "invalid_json"),
        (question(temperature=-1), 400, "invalid_value"),
        (question(messages=[{"role": "user", "content": "word " * 2000}]), 400, "context_length_exceeded"),
        (question(n=128, model="\ud800 half a pair"), 400, None),
    ],
)
def test_a_refused_request_is_an_error(
    server: Served, collected: Collected, body: Any, status: int, kind: str | None
) -> None:
    seen = len(collected.spans)
    assert server.ask("POST", CHAT, body).status == status
    (span,) = new_spans(collected, seen)
    assert span.status == 2 and span.message and span.attributes["http.response.status_code"] == status
    assert kind is None or span.attributes["error.type"] == kind
    assert span.attributes["langfuse.observation.level"] == "ERROR"


def test_a_client_that_leaves_is_told_as_cancelled(server: Served, collected: Collected) -> None:
    seen = len(collected.spans)
    body = json.dumps(question(stream=True, max_tokens=400, ignore_eos=True)).encode()
    with connection(server.port) as client:
        client.sendall(request_bytes("POST", CHAT, body))
        client.recv(1)
    (span,) = new_spans(collected, seen)
    assert span.status == 2 and span.attributes["error.type"] == "cancelled"
    assert span.attributes["llmproc.finish_reasons"] == ["cancelled"] and "llmproc.first_token" in span.events


def test_loading_and_documents_have_no_spans(server: Served, collected: Collected) -> None:
    seen = len(collected.spans)
    server.ask("POST", "/api/generate", {"prompt": ""})
    server.ask("GET", "/v1/models")
    server.ask("POST", CHAT, question())
    (span,) = new_spans(collected, seen)
    assert span.attributes["url.path"] == CHAT


# -- the environment, texts, deaths -----------------------------------------------------------------------------------


def test_langfuse_gets_texts_and_keys_and_a_replayed_request_says_so(tmp_path: Path, slow: Path) -> None:
    with collector() as found:
        environment = {"LANGFUSE_HOST": found.url, "LANGFUSE_PUBLIC_KEY": "pk", "LANGFUSE_SECRET_KEY": "sk-secret"}
        options = ("--model", slow, "--otlp", "env", "--otlp-content")
        with served(tmp_path, *options, environment=environment) as server:
            assert server.port
            worker = server.worker()
            body = question(messages=[{"role": "user", "content": SECRET}], max_tokens=200, ignore_eos=True)
            with ThreadPoolExecutor(1) as pool:
                asking = pool.submit(server.ask, "POST", CHAT, body)
                until(lambda: _running(server), "it does not begin")
                os.kill(worker, signal.SIGKILL)
                answer = asking.result()
            (span,) = found.wait(1)
            assert server.end() == 0
            told = server.said + server.log.read_text()
    assert found.paths == ["/api/public/otel/v1/traces"] and "sk-secret" not in told
    assert found.headers[0]["authorization"] == "Basic cGs6c2stc2VjcmV0"
    assert found.headers[0]["x-langfuse-ingestion-version"] == "4"
    assert re.search(
        r"traces go to http://\S+ \(LANGFUSE_HOST, LANGFUSE_PUBLIC_KEY, LANGFUSE_SECRET_KEY from the", told
    )
    assert "traces: 1 span exported" in told
    attributes = span.attributes
    assert attributes["llmproc.retries"] == 1 and attributes["llmproc.attempts"] == [2]
    assert json.loads(attributes["langfuse.observation.input"])[-1] == {"role": "user", "content": SECRET}
    assert attributes["langfuse.observation.output"] == answer.json["choices"][0]["message"]["content"]
    assert json.loads(attributes["gen_ai.input.messages"])[-1]["parts"] == [{"type": "text", "content": SECRET}]
    assert json.loads(attributes["langfuse.observation.metadata.llmproc"])["retries"] == 1


def _running(server: Served) -> bool:
    return bool(re.search(rb"num_requests_running\{[^}]*\} 1", server.ask("GET", "/metrics").body))


@pytest.mark.parametrize("place", [refusing_port, silent_port])
def test_a_dead_collector_changes_no_answer_and_does_not_hold_up_the_end(
    tmp_path: Path, quick: Path, server: Served, place: Any
) -> None:
    wanted = [server.ask("POST", CHAT, question(seed=seed)).json["choices"][0]["message"] for seed in range(20)]
    with place() as port, served(tmp_path, "--model", quick, "--sequences", 4, "--otlp", f"127.0.0.1:{port}") as dead:
        answers = [dead.ask("POST", CHAT, question(seed=seed)).json["choices"][0]["message"] for seed in range(20)]
        assert dead.end() == 0
        assert "traces: 0 spans exported, 20 dropped: not sent before the end" in dead.said + dead.log.read_text()
        assert "Traceback" not in dead.said + dead.log.read_text() and "opentelemetry" not in dead.log.read_text()
    assert answers == wanted
