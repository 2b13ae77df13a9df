"""Clients that are slow, stop reading or say nothing: others are served meanwhile, and it ends."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from server.hostile_client import judge_refusal
from server.http_serving import HttpReply, connection, read_to_end, request_bytes
from server.load_client import open_files
from server.served import Served, served
from server.tree_watching import metric, open_descriptors
from support.waiting import until

from llmproc.server.limits import HttpLimits

CHAT, COMPLETIONS = "/v1/chat/completions", "/v1/completions"
SEQUENCES = 4
IDLE = 300


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, quick: Path) -> Iterator[Served]:
    options = ("--model", quick, "--sequences", SEQUENCES)
    with open_files(1024), served(tmp_path_factory.mktemp("slow"), *options) as found:
        assert found.port
        yield found
        assert found.end() == 0
        assert "Traceback" not in found.log.read_text()
        assert all("Traceback" not in path.read_text() for path in found.folder.rglob("stderr.txt"))


def others_are_served(server: Served) -> None:
    for _ in range(5):
        reply = server.ask("POST", COMPLETIONS, {"prompt": "Hello", "max_tokens": 8, "ignore_eos": True})
        assert reply.status == 200 and reply.json["usage"]["completion_tokens"] == 8


@contextlib.contextmanager
def dribbled(clients: list[socket.socket], data: bytes, every_s: float) -> Iterator[None]:
    """Send the same bytes on all connections, one at a time; what the server has closed is left out."""
    over = threading.Event()

    def send() -> None:
        for place in range(len(data)):
            for client in clients:
                with contextlib.suppress(OSError):
                    client.send(data[place : place + 1])
            if over.wait(every_s):
                return

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_others_are_served_while_bodies_are_dribbled(server: Served) -> None:
    """More of them than there are sequences: a request has a place only when its body is complete."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connection(server.port)) for _ in range(5 * SEQUENCES)]
        for client in clients:
            client.sendall(request_bytes("POST", CHAT, headers={"Content-Length": "1000"}))
        stack.enter_context(dribbled(clients, b"x" * 1000, 1.0))
        others_are_served(server)
        assert metric(server, "admission_open") == 0
    others_are_served(server)


def test_a_body_that_comes_byte_by_byte_is_answered(server: Served) -> None:
    data = request_bytes("POST", CHAT, b'{"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4}')
    with connection(server.port) as client, dribbled([client], data, 0.002):
        assert HttpReply(client).status == 200


def never_read(stack: contextlib.ExitStack, server: Served, count: int, n: int) -> list[socket.socket]:
    """Have `count` streams of `n` long answers each begin that nobody reads; 16 are some megabytes."""
    body = {"prompt": "Hello", "max_tokens": 500, "ignore_eos": True, "stream": True, "n": n, "logprobs": 20}
    clients = []
    for _ in range(count):
        client = stack.enter_context(contextlib.closing(socket.socket()))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(20)
        client.connect(("127.0.0.1", server.port))
        client.sendall(request_bytes("POST", COMPLETIONS, json.dumps(body).encode()))
        clients.append(client)
    return clients


def test_others_are_served_while_some_do_not_read(server: Served) -> None:
    with contextlib.ExitStack() as stack:
        clients = never_read(stack, server, 3, 2)
        until(lambda: metric(server, "num_requests_running") > 0, "they do not begin")
        others_are_served(server)
        assert [client.recv(12) for client in clients] == [b"HTTP/1.1 200"] * 3
    until(lambda: metric(server, "admission_open") == 0, "places are kept for nobody")


@pytest.mark.parametrize(
    "said", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nHost: localh"], ids=["nothing", "half a head"]
)
def test_others_are_served_beside_300_idle_connections(server: Served, said: bytes) -> None:
    before = open_descriptors(server.process.pid)
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            stack.enter_context(connection(server.port)).sendall(said)
        until(lambda: open_descriptors(server.process.pid) >= before + IDLE - 8, "they are not accepted")
        others_are_served(server)
    until(lambda: open_descriptors(server.process.pid) <= before, "connections are left open")


# -- the limits that `serve` has, as long as they take ----------------------------------------------------------------


@pytest.mark.soak
def test_bodies_that_take_a_minute_are_refused(server: Served) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connection(server.port)) for _ in range(20)]
        paths = [CHAT, COMPLETIONS, "/api/chat", "/api/generate", "/tokenize"] * 4
        for client, path in zip(clients, paths, strict=True):
            client.settimeout(2 * HttpLimits().body_s)
            client.sendall(request_bytes("POST", path, headers={"Content-Length": "1000"}))
        with dribbled(clients, b" " * 1000, 1.0):
            for client, path in zip(clients, paths, strict=True):
                reply = HttpReply(client)
                assert reply.status == 408
                judge_refusal(path, reply)


@pytest.mark.soak
def test_heads_that_do_not_come_end_their_connections(server: Served) -> None:
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connection(server.port)) for _ in range(IDLE)]
        with dribbled(clients, request_bytes("GET", "/health", headers={"X": "y" * 1000}), 1.0):
            for client in clients:
                client.settimeout(4 * HttpLimits().head_s)
                assert read_to_end(client) == b""


@pytest.mark.soak
def test_rule_14_readers_that_stop_are_dropped_and_their_sequences_freed(server: Served) -> None:
    cancelled = metric(server, "requests_total", outcome="cancelled")
    with contextlib.ExitStack() as stack:
        never_read(stack, server, 6, 16)
        until(lambda: metric(server, "admission_open") > 0, "they do not begin")
        until(lambda: metric(server, "admission_open") == 0, "they are waited for", 4 * HttpLimits().stalled_s)
        others_are_served(server)
        assert metric(server, "requests_total", outcome="cancelled") > cancelled
    assert server.ask("GET", "/workers").json["workers"][0]["kv"]["pages_held"] == 0
