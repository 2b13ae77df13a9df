"""Clients that go: the pages of their sequences are free one step of the engine later, however many go at once.

The worker is stopped while they go, so that steps can be counted from the moment in which all cancellations lie in its
pipe. The step in which it was stopped goes on to its end; the next one is without them, and behind it the worker shows
which pages are held.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server.http_serving import HttpReply, connection, request_bytes
from server.served import Served, served
from server.tree_watching import metric
from support.processes import state_of
from support.waiting import until

SEQUENCES = 12
UNDER_WAY = WITHOUT_THEM = 1  # steps
PATHS = ("/v1/completions", "/v1/chat/completions", "/api/chat", "/api/generate")


def worker(server: Served) -> Any:
    return server.ask("GET", "/workers").json["workers"][0]


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Let a process do nothing. Not for long: a worker that says nothing for 10 s is ended."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: state_of(pid) == "T", "it does not stop")
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def long_request(path: str, stream: bool) -> bytes:
    """A request whose answer takes a thousand steps."""
    if path.startswith("/api"):
        what: dict[str, Any] = {"options": {"num_predict": 1000, "seed": 3, "temperature": 3, "top_k": 0, "top_p": 1}}
    else:
        what = {"max_tokens": 1000, "ignore_eos": True, "seed": 3}
    asked = {"messages": [{"role": "user", "content": "Hello"}]} if "chat" in path else {"prompt": "Hello"}
    return request_bytes("POST", path, json.dumps({**asked, **what, "stream": stream}).encode())


def begun(clients: contextlib.ExitStack, server: Served, count: int, stream: bool) -> list[socket.socket]:
    """Have `count` answers under way, on the four paths in turn."""
    found = [clients.enter_context(connection(server.port)) for _ in range(count)]
    for number, client in enumerate(found):
        client.sendall(long_request(PATHS[number % len(PATHS)], stream))
    until(lambda: worker(server)["requests"] == count, "they do not all run")
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, slow: Path) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("going"), "--model", slow, "--sequences", SEQUENCES) as found:
        assert found.port
        yield found
        assert found.end() == 0
        assert "Traceback" not in found.log.read_text()


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("count", [1, SEQUENCES])
def test_a_close_frees_pages_within_one_step(server: Served, count: int, stream: bool) -> None:
    before = metric(server, "requests_total", outcome="cancelled")
    with contextlib.ExitStack() as clients:
        begun(clients, server, count, stream)
        until(lambda: worker(server)["kv"]["pages_held"] > 0, "they hold no pages")
        with stopped(worker(server)["pid"]):
            clients.close()
            until(lambda: metric(server, "requests_total", outcome="cancelled") == before + count, "nobody notices")
            time.sleep(0.3)  # for main's other thread, which writes the cancellations into the pipe
            steps = worker(server)["steps"]
    until(lambda: worker(server)["kv"]["pages_held"] == 0, "pages are held for nobody")
    until(lambda: worker(server)["requests"] == 0, "a sequence is kept for nobody")
    assert worker(server)["steps"] - steps <= UNDER_WAY + WITHOUT_THEM


def test_those_who_stay_are_answered(server: Served) -> None:
    with contextlib.ExitStack() as going, connection(server.port) as staying:
        begun(going, server, SEQUENCES - 1, True)
        staying.sendall(request_bytes("POST", PATHS[0], b'{"prompt": "Hello", "max_tokens": 64, "seed": 3}'))
        until(lambda: worker(server)["requests"] == SEQUENCES, "it does not begin")
        going.close()
        reply = HttpReply(staying)
    assert reply.status == 200 and reply.json["usage"]["completion_tokens"] > 0
    again = server.ask("POST", PATHS[0], {"prompt": "Hello", "max_tokens": 64, "seed": 3})
    assert again.json["choices"][0]["text"] == reply.json["choices"][0]["text"]


def test_a_client_that_goes_while_it_waits_takes_no_place(server: Served) -> None:
    with contextlib.ExitStack() as running, contextlib.ExitStack() as waiting:
        begun(running, server, SEQUENCES, True)
        queued = [waiting.enter_context(connection(server.port)) for _ in range(20)]
        for client in queued:
            client.sendall(long_request(PATHS[0], False))
        until(lambda: metric(server, "admission_open") == SEQUENCES + 20, "they are not let in")
        waiting.close()
        until(lambda: metric(server, "admission_open") == SEQUENCES, "places are kept for nobody")
        running.close()
    until(lambda: worker(server)["requests"] == 0, "those who waited are answered, though they have gone")
    assert metric(server, "num_requests_waiting") == 0


def test_a_hundred_clients_come_and_go(server: Served) -> None:
    """Each goes at another moment: before its answer, in the middle of it, in the middle of its own request."""
    for number in range(100):
        data = long_request(PATHS[number % len(PATHS)], number % 3 > 0)
        with connection(server.port) as client:
            client.sendall(data[: len(data) - 5] if number % 5 == 0 else data)
            if number % 5 > 2 and number % 3 > 0:
                client.recv(1)
    until(lambda: metric(server, "admission_open") == 0, "places are kept for nobody")
    until(lambda: worker(server)["kv"]["pages_held"] == 0, "pages are held for nobody")
    assert server.ask("POST", PATHS[0], {"prompt": "Hello", "max_tokens": 2}).status == 200
