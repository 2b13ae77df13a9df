"""The whole server in a process of its own: what clients see, what is left, how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server.http_serving import HttpReply, connection, request_bytes
from server.served import Served, served
from support.waiting import until

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Iterator[Served]:
    """A server on a quick random model; every test of this file asks it."""
    with served(tmp_path_factory.mktemp("served"), "--model", quick, "--sequences", 4) as found:
        assert found.port
        yield found
        assert found.end() == 0, "it ends by SIGTERM, and everything was answered"


def question(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 8, "seed": 7, **fields}


def events_of(reply: HttpReply) -> list[Any]:
    """The data of a stream's events; each is one chunk of the transfer."""
    found = []
    for chunk in reply.chunks:
        assert chunk.startswith(b"data: ") and chunk.endswith(b"\n\n") and chunk.count(b"\n") == 2
        data = chunk[6:-2]
        found.append(data.decode() if data == b"[DONE]" else json.loads(data))
    return found


def metric(server: Served, name: str) -> float:
    """The value of a metric; labels are part of the name."""
    lines = server.ask("GET", "/metrics").body.decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


# -- answers --------------------------------------------------------------------------------------------------------


def test_whole_and_streamed_answers_are_the_same(server: Served) -> None:
    whole = server.ask("POST", CHAT, question()).json
    assert whole["object"] == "chat.completion" and whole["seed"] == 7
    assert whole["usage"]["completion_tokens"] == 8 and whole["choices"][0]["finish_reason"] == "length"
    reply = server.ask("POST", CHAT, question(stream=True))
    assert reply.status == 200 and reply.complete and reply.headers["content-type"] == "text/event-stream"
    *chunks, done = events_of(reply)
    assert done == "[DONE]"
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"] != ""
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks].count("length") == 1


def test_choice_i_is_the_answer_to_seed_plus_i(server: Served) -> None:
    many = server.ask("POST", CHAT, question(n=3, temperature=1)).json["choices"]
    alone = [server.ask("POST", CHAT, question(seed=7 + i, temperature=1)).json["choices"][0] for i in range(3)]
    texts = [one["message"]["content"] for one in alone]
    assert [one["message"]["content"] for one in many] == texts and len(set(texts)) > 1
    assert [one["index"] for one in many] == [0, 1, 2]


def test_prompts_of_every_kind(server: Served) -> None:
    text = server.ask("POST", COMPLETIONS, {"prompt": "Hello", "max_tokens": 4, "seed": 1}).json
    ids = server.ask("POST", "/tokenize", {"prompt": "Hello"}).json["tokens"]
    same = server.ask("POST", COMPLETIONS, {"prompt": ids, "max_tokens": 4, "seed": 1}).json
    both = server.ask("POST", COMPLETIONS, {"prompt": ["Hello", ids], "max_tokens": 4, "seed": 1}).json
    assert text["choices"][0]["text"] == same["choices"][0]["text"] != ""
    assert [one["text"] for one in both["choices"]] == [text["choices"][0]["text"]] * 2
    echo = server.ask("POST", COMPLETIONS, {"prompt": "Hello", "max_tokens": 4, "seed": 1, "echo": True}).json
    assert echo["choices"][0]["text"] == "Hello" + text["choices"][0]["text"]
    back = server.ask("POST", "/detokenize", {"tokens": ids}).json["prompt"]
    assert "Hello" in back


def test_both_interfaces_give_the_same_answer(server: Served) -> None:
    options = {"seed": 7, "num_predict": 8, "temperature": 0}
    body = {"model": "llama3.2", "messages": question()["messages"], "options": options, "stream": False}
    ollama = server.ask("POST", "/api/chat", body).json
    openai = server.ask("POST", CHAT, question(temperature=0)).json
    assert ollama["message"]["content"] == openai["choices"][0]["message"]["content"]
    assert ollama["done"] is True and ollama["eval_count"] == 8 and ollama["done_reason"] == "length"
    lines = server.ask("POST", "/api/chat", {**body, "stream": True}).body.splitlines()
    assert "".join(json.loads(line)["message"]["content"] for line in lines) == ollama["message"]["content"]
    loaded = server.ask("POST", "/api/generate", {"model": "llama3.2"}).json
    assert (loaded["response"], loaded["done_reason"]) == ("", "load")


def test_every_answer_says_what_it_cost(server: Served) -> None:
    choice = server.ask("POST", CHAT, question(max_tokens=200, ignore_eos=True)).json["choices"][0]
    assert choice["resources"]["kv_bytes"] > 0 and choice["timings"]["total_s"] > 0
    assert choice["resources"]["cpu_user_s"] + choice["resources"]["cpu_system_s"] > 0


def test_foreign_names_are_answered_by_the_one_model(server: Served) -> None:
    own = server.ask("GET", "/v1/models").json["data"][0]["id"]
    assert server.ask("POST", CHAT, question(model="Qwen/QwQ-32B-Preview")).json["model"] == own
    until(lambda: "a client asked for the model 'Qwen/QwQ-32B-Preview'" in server.said, "no notice")
    assert server.ask("GET", f"/v1/models/{own}").json["id"] == own
    assert server.ask("GET", "/v1/models/other").status == 404


# -- refusals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", CHAT, b"", 400), ("POST", CHAT, b"{", 400), ("POST", CHAT, b"[]", 400), ("POST", CHAT, b"{}", 400),
        ("POST", CHAT, b'{"messages": []}', 400), ("GET", CHAT, b"", 405), ("POST", "/v1/nothing", b"{}", 404),
        ("POST", "/v1/embeddings", b"{}", 404), ("DELETE", "/v1/models", b"", 405), ("POST", "/health", b"", 405),
        ("POST", COMPLETIONS, b'{"prompt": [999999]}', 400), ("POST", "/detokenize", b'{"tokens": [999999]}', 400),
        ("POST", CHAT, b'{"messages": [{"role": "user", "content": "x"}], "temperature": NaN}', 400),
        ("POST", CHAT, b'{"messages": [{"role": "user", "content": "x"}], "surprise": 1}', 400),
        ("POST", CHAT, b'{"messages": [{"role": "assistant", "content": "x"}]}', 400),
        ("POST", COMPLETIONS, b'{"prompt": "' + b"word " * 3000 + b'"}', 400),
    ],
)  # fmt: skip
def test_refusals_have_openais_shape(server: Served, method: str, path: str, body: bytes, status: int) -> None:
    reply = server.ask(method, path, body)
    assert reply.status == status
    assert (
        set(reply.json["error"]) == {"message", "type", "param", "code"} and "\n" not in reply.json["error"]["message"]
    )
    if status == 405:
        assert reply.headers["allow"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/chat", b"{", 400), ("GET", "/api/chat", b"", 405), ("POST", "/api/nothing", b"", 404),
        ("POST", "/api/embed", b"{}", 501), ("POST", "/api/pull", b"{}", 501), ("DELETE", "/api/delete", b"{}", 501),
        ("POST", "/api/generate", b'{"prompt": "x", "context": [1]}', 400),
        ("POST", "/api/chat", b'{"messages": [{"role": "user", "content": "x"}], "options": {"num_ctx": 99999}}', 400),
    ],
)  # fmt: skip
def test_refusals_have_ollamas_shape(server: Served, method: str, path: str, body: bytes, status: int) -> None:
    reply = server.ask(method, path, body)
    assert reply.status == status and isinstance(reply.json["error"], str)


def test_a_context_that_is_too_long_is_named(server: Served) -> None:
    error = server.ask("POST", COMPLETIONS, {"prompt": "word " * 3000}).json["error"]
    assert error["code"] == "context_length_exceeded"


# -- clients that go ------------------------------------------------------------------------------------------------


def endless(**fields: Any) -> dict[str, Any]:
    """A request that goes on until the context is full."""
    return {"prompt": "Hello", "max_tokens": 500, "ignore_eos": True, "stream": True, **fields}


@pytest.mark.parametrize("stream", [True, False])
def test_rule_15_a_client_that_goes_cancels_its_request(tmp_path: Path, slow: Path, stream: bool) -> None:
    with served(tmp_path, "--model", slow, "--sequences", 1) as server:
        body = json.dumps(endless(stream=stream, max_tokens=1000)).encode()
        with connection(server.port) as client:
            client.sendall(request_bytes("POST", COMPLETIONS, body))
            if stream:
                client.recv(10)
            else:
                until(lambda: metric(server, "llmproc:num_requests_running") == 1, "it does not begin")
        until(lambda: metric(server, "llmproc:num_requests_running") == 0, "it goes on for nobody")
        until(lambda: server.ask("GET", "/workers").json["workers"][0]["kv"]["pages_held"] == 0, "its pages are held")
        assert metric(server, 'llmproc:requests_total{model_name="model",outcome="cancelled"}') <= 1
        assert server.ask("POST", COMPLETIONS, {"prompt": "Hello", "max_tokens": 2}).status == 200, (
            "there is room again"
        )
        assert server.end() == 0


def test_a_connection_closed_behind_done_is_no_cancellation(server: Served) -> None:
    """Rule 13: the official client closes as soon as it has read [DONE]."""
    before = metric(server, 'llmproc:requests_total{outcome="cancelled"')
    for _ in range(20):
        with connection(server.port) as client:
            client.sendall(request_bytes("POST", CHAT, json.dumps(question(stream=True, max_tokens=2)).encode()))
            seen = b""
            while b"[DONE]" not in seen:
                seen += client.recv(65536)
    assert metric(server, 'llmproc:requests_total{outcome="cancelled"') == before


# -- the whole life -------------------------------------------------------------------------------------------------


def test_a_killed_worker_costs_no_answer(tmp_path: Path, quick: Path) -> None:
    with served(tmp_path, "--model", quick, "--sequences", 4) as server:
        expected = server.ask("POST", COMPLETIONS, endless(stream=False, seed=3)).json["choices"][0]["text"]
        port, replies, over = server.port, [], threading.Event()

        def kill() -> None:
            while not over.wait(0.3):
                try:
                    os.kill(server.worker(), signal.SIGKILL)
                except (ProcessLookupError, TypeError):
                    continue

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            for _ in range(6):
                replies.append(server.ask("POST", COMPLETIONS, endless(stream=False, seed=3)))
        finally:
            over.set()
            killer.join()
        assert port and [reply.json["choices"][0]["text"] for reply in replies] == [expected] * 6
        assert server.end() == 0


def test_sigterm_lets_answers_end_and_nothing_else_in(tmp_path: Path, slow: Path) -> None:
    with served(tmp_path, "--model", slow, "--sequences", 2) as server, connection(server.port) as late:
        late.sendall(request_bytes("GET", "/health"))
        assert HttpReply(late).status == 200
        with connection(server.port) as client:
            client.sendall(request_bytes("POST", COMPLETIONS, json.dumps(endless(max_tokens=150)).encode()))
            client.recv(5)
            server.process.send_signal(signal.SIGTERM)
            until(lambda: _refused_with_503(late), "requests are let in during the drain")
            seen = b""
            while part := client.recv(65536):
                seen += part
        assert b"[DONE]" in seen, "the answer under way was cut"
        assert server.end() == 0


def _refused_with_503(client: socket.socket) -> bool:
    client.sendall(request_bytes("POST", COMPLETIONS, b'{"prompt": "x", "max_tokens": 1}'))
    reply = HttpReply(client)
    return reply.status == 503 and reply.json["error"]["code"] == "shutting_down" and "retry-after" in reply.headers


def test_a_drain_that_takes_too_long_breaks_streams_off(tmp_path: Path, slow: Path) -> None:
    options = ("--model", slow, "--drain", "0.2")
    with served(tmp_path, *options) as server, connection(server.port) as client:
        client.sendall(request_bytes("POST", COMPLETIONS, json.dumps(endless(max_tokens=1000)).encode()))
        client.recv(5)
        server.process.send_signal(signal.SIGTERM)
        seen = b""
        while part := client.recv(65536):
            seen += part
        assert b"[DONE]" not in seen and not seen.endswith(b"0\r\n\r\n"), "it looks complete"
        assert b"event: error" in seen and b"shutting down" in seen, "it says nothing of why"
        assert server.process.wait(60) == 128 + signal.SIGTERM


def test_health_says_no_until_a_worker_is_there(tmp_path: Path, quick: Path) -> None:
    with served(tmp_path, "--model", quick, environment={"LLMPROC_ISA": "portable"}) as server:
        assert server.port and server.ask("GET", "/health").json == {"status": "ready"}
        assert server.ask("GET", "/live").json == {"status": "alive"}
        assert server.ask("GET", "/").body == b"Ollama is running"
        reply = server.ask("HEAD", "/")
        assert reply.status == 200
        assert server.end(signal.SIGINT) == 0


def test_a_port_in_use_is_one_line(tmp_path: Path, quick: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = Served(tmp_path, "--model", quick, "--port", taken.getsockname()[1])
        assert server.process.wait(60) == 2
    log = server.log.read_text()
    assert log.count("\n") == 1 and "cannot be bound (Address already in use)" in log


def test_the_document_is_published(server: Served) -> None:
    document = server.ask("GET", "/openapi.json").json
    assert document["openapi"].startswith("3.1") and {CHAT, "/api/chat", "/workers"} <= set(document["paths"])
