"""What real clients need of a server over time (the rules they were seen to follow), through its port."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.http_serving import HttpReply, connection, request_bytes
from server.load_client import retry_after
from server.load_questions import CHAT, COMPLETIONS, of_events
from server.served import Served, served
from server.tree_watching import metric
from support.processes import children
from support.waiting import until

from llmproc.server.refusals import RefusedError


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shipped model: all of its tokens have text."""
    with served(tmp_path_factory.mktemp("rules"), "--sequences", 4) as found:
        assert found.port
        yield found
        assert found.end() == 0


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, slow: Path) -> Iterator[Served]:
    """A slow model, one sequence, and room for one that waits."""
    options = ("--model", slow, "--sequences", 1, "--queue", 1)
    with served(tmp_path_factory.mktemp("narrow"), *options) as found:
        assert found.port
        yield found
        assert found.end() == 0


def question(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "What is a pipe?"}], "max_tokens": 20, "seed": 5, **fields}


def chunks_of(reply: HttpReply) -> list[Any]:
    """The events of a complete stream, [DONE] apart."""
    of_events(reply.body)
    return [json.loads(chunk.removeprefix(b"data: ")) for chunk in reply.chunks[:-1]]


# -- when to come again -----------------------------------------------------------------------------------------------


@given(st.sampled_from([429, 503]), st.one_of(st.none(), st.floats(allow_nan=False)))
def test_rule_01_every_429_and_503_says_when_to_come_again(status: int, after_s: float | None) -> None:
    told = RefusedError("full", status, retry_after_s=after_s).retry_after
    assert told is not None and told.isdecimal() and 1 <= int(told) <= 120
    if after_s is not None and 1 <= after_s <= 120:
        assert after_s <= int(told) < after_s + 1


def test_rule_01_a_full_queue_says_when_to_come_again(narrow: Served) -> None:
    long = {"prompt": "Hello", "max_tokens": 1000, "ignore_eos": True}
    with connection(narrow.port) as running, connection(narrow.port) as waiting:
        for client in (running, waiting):
            client.sendall(request_bytes("POST", COMPLETIONS, json.dumps(long).encode()))
        until(lambda: metric(narrow, "admission_open") == 2, "they are not let in")
        refused = [narrow.ask("POST", COMPLETIONS, {"prompt": "x", "max_tokens": 4000}) for _ in range(5)]
        assert {reply.status for reply in refused} == {429}
        assert all(reply.json["error"]["code"] == "queue_full" for reply in refused)
        ollama = narrow.ask("POST", "/api/generate", {"prompt": "x"})
        assert ollama.status == 503 and isinstance(ollama.json["error"], str)
        assert all(retry_after(reply.headers) for reply in (*refused, ollama))
    until(lambda: metric(narrow, "admission_open") == 0, "places are kept for nobody")


def test_rule_01_a_server_without_a_worker_says_when_to_come_again(narrow: Served) -> None:
    (template,) = set(children(narrow.process.pid)) - {narrow.worker()}
    os.kill(template, signal.SIGSTOP)  # it cannot fork another one
    try:
        os.kill(narrow.worker(), signal.SIGKILL)
        until(lambda: narrow.ask("GET", "/health").status == 503, "it says that it is ready without a worker")
        assert retry_after(narrow.ask("GET", "/health").headers) == 1
    finally:
        os.kill(template, signal.SIGCONT)
    until(lambda: narrow.ask("GET", "/health").status == 200, "there is no other worker")


# -- streams ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_rule_06_no_chunk_comes_before_the_first_text(server: Served, seed: int) -> None:
    """Role and first text are one chunk, so there is no time between them."""
    chunks = chunks_of(server.ask("POST", CHAT, question(stream=True, seed=seed)))
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0]["role"] == "assistant" and deltas[0]["content"]
    assert all("role" not in delta for delta in deltas[1:])


@pytest.mark.parametrize("path", [CHAT, COMPLETIONS])
def test_rule_08_one_token_is_one_chunk(server: Served, path: str) -> None:
    asked = question() if path == CHAT else {"prompt": "A pipe is"}
    reply = server.ask("POST", path, {**asked, "stream": True, "max_tokens": 12, "temperature": 0})
    choices = [chunk["choices"][0] for chunk in chunks_of(reply)]
    texts = [choice["text"] if path == COMPLETIONS else choice["delta"].get("content", "") for choice in choices]
    assert len([text for text in texts if text]) == 12 and choices[-1]["finish_reason"] == "length"


@pytest.mark.parametrize("stream", [True, False])
def test_rule_11_ignore_eos_gives_exactly_max_tokens(server: Served, stream: bool) -> None:
    for seed in range(5):
        more = {"stream_options": {"include_usage": True}} if stream else {}
        asked = question(max_tokens=150, ignore_eos=True, seed=seed, temperature=1, stream=stream, **more)
        reply = server.ask("POST", CHAT, asked)
        last = json.loads(reply.chunks[-2].removeprefix(b"data: ")) if stream else reply.json
        assert last["usage"]["completion_tokens"] == 150
        assert b'"finish_reason":"length"' in reply.body and b'"finish_reason":"stop"' not in reply.body


@pytest.mark.parametrize(
    "accept", ["application/json", "text/event-stream", "application/x-ndjson", "*/*", "text/html"]
)
def test_rule_12_the_body_alone_chooses_a_stream(server: Served, accept: str) -> None:
    headers = {"Accept": accept}
    messages = {"messages": question()["messages"], "options": {"num_predict": 2}}
    for path, body, kind in (
        (CHAT, question(stream=True, max_tokens=2), "text/event-stream"),
        (CHAT, question(max_tokens=2), "application/json"),
        ("/api/chat", messages, "application/x-ndjson"),
        ("/api/chat", {**messages, "stream": False}, "application/json"),
    ):
        assert server.ask("POST", path, body, headers=headers).headers["content-type"] == kind


@pytest.mark.parametrize("end", [b"[DONE]", b'"finish_reason":"'])
def test_rule_13_who_leaves_behind_the_end_has_not_cancelled(server: Served, end: bytes) -> None:
    """OpenAI's synchronous client closes as soon as it has read [DONE]; others do at the finish reason."""
    before = {word: metric(server, "requests_total", outcome=word) for word in ("answered", "cancelled")}
    for _ in range(100):
        with connection(server.port) as client:
            client.sendall(request_bytes("POST", CHAT, json.dumps(question(stream=True, max_tokens=2)).encode()))
            seen = b""
            while end not in seen:
                seen += client.recv(65536)
    until(lambda: metric(server, "requests_total", outcome="answered") == before["answered"] + 100, "not all count")
    assert metric(server, "requests_total", outcome="cancelled") == before["cancelled"]


# -- probes -----------------------------------------------------------------------------------------------------------


def test_rule_19_a_load_generator_finds_its_model_unasked(server: Served) -> None:
    assert server.ask("GET", "/health").status == 200
    name = server.ask("GET", "/v1/models").json["data"][0]["id"]
    reply = server.ask("POST", CHAT, question(model=name))
    assert reply.status == 200 and reply.json["model"] == name
    assert "a client asked for the model" not in server.said, "its own name is no foreign one"
    for path in ("/metrics", "/health", "/v1/models", "/", "/api/tags", "/api/version"):
        head = server.ask("HEAD", path)
        assert head.status == 200 and head.body == b""


# -- what repeats cost ------------------------------------------------------------------------------------------------


def test_rule_21_a_refused_request_costs_no_prefill(narrow: Served) -> None:
    with connection(narrow.port) as running, connection(narrow.port) as waiting:
        long = b'{"prompt": "Hello", "max_tokens": 1000, "ignore_eos": true}'
        for client in (running, waiting):
            client.sendall(request_bytes("POST", COMPLETIONS, long))
        until(lambda: metric(narrow, "num_requests_running") == 1, "it does not begin")
        until(lambda: metric(narrow, "admission_open") == 2, "they are not let in")
        known = [metric(narrow, name) for name in ("prompt_tokens_total", "request_prompt_tokens_count")]
        for _ in range(20):
            assert narrow.ask("POST", COMPLETIONS, {"prompt": "word " * 50, "max_tokens": 4}).status == 429
        assert narrow.ask("POST", COMPLETIONS, {"prompt": "word " * 3000}).status == 400
        assert [metric(narrow, name) for name in ("prompt_tokens_total", "request_prompt_tokens_count")] == known
        assert metric(narrow, "num_requests_waiting") == 1
    until(lambda: metric(narrow, "admission_open") == 0, "places are kept for nobody")


def test_rule_21_no_connection_ends_without_an_answer_to_its_request(tmp_path: Path, slow: Path) -> None:
    """At the end of the drain, too: clients repeat what was not answered."""
    found: list[HttpReply] = []
    with served(tmp_path, "--model", slow, "--sequences", 2, "--drain", "0.2") as server:
        long = {"prompt": "Hello", "max_tokens": 1000, "ignore_eos": True}
        assert server.port
        clients = [
            threading.Thread(target=lambda: found.append(server.ask("POST", COMPLETIONS, long))) for _ in range(8)
        ]
        for client in clients:
            client.start()
        until(lambda: metric(server, "admission_open") == 8, "they are not let in")
        server.process.send_signal(signal.SIGTERM)
        for client in clients:
            client.join()
        assert server.process.wait(60) == 128 + signal.SIGTERM
    assert [reply.status for reply in found] == [503] * 8
    assert all(reply.json["error"]["code"] == "shutting_down" and retry_after(reply.headers) for reply in found)
