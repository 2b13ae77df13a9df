"""Every request that a real client was recorded to send, sent to our server as it was, byte for byte.

And what official clients do with a stream that has told them its end: they close the connection at once.
"""

from __future__ import annotations

import socket

import pytest
from clients.goldens import Golden, all_goldens
from clients.judging import judge
from clients.own_server import OwnServer
from clients.running import metric
from clients.wire import exchange, request_of
from support.waiting import until

GOLDENS = all_goldens()
LAST_WORDS = {"openai2": b"data: [DONE]\n\n", "ollama": b'"done":true'}
STREAMS = [golden for golden in GOLDENS if golden.case == "chat_stream" and golden.client in LAST_WORDS]
TIMES = 30  # the official client itself does it a hundred times in the soak tests


@pytest.mark.parametrize("golden", GOLDENS, ids=[golden.name for golden in GOLDENS])
def test_rule_10_a_recorded_request_is_answered(golden: Golden, server: OwnServer) -> None:
    judge(golden, exchange(server.url, golden))


def read_to_the_end_and_close(url: str, golden: Golden) -> None:
    """Close as soon as the last words are there: what the server has yet to write meets a closed connection."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(request_of(golden, f"{host}:{port}"))
        read = b""
        while LAST_WORDS[golden.client] not in read:
            piece = connection.recv(4096)
            assert piece, read
            read += piece


@pytest.mark.parametrize("golden", STREAMS, ids=[golden.client for golden in STREAMS])
def test_rule_13_hanging_up_after_the_end_is_no_cancelling(golden: Golden, server: OwnServer) -> None:
    def count(outcome: str) -> float:
        return metric(server.url, "requests_total", outcome=outcome)

    answered, cancelled = count("answered"), count("cancelled")
    for _ in range(TIMES):
        read_to_the_end_and_close(server.url, golden)
    until(lambda: count("answered") + count("cancelled") >= answered + cancelled + TIMES, "they do not end")
    assert (count("answered"), count("cancelled")) == (answered + TIMES, cancelled)


def test_hanging_up_before_the_end_is(server: OwnServer) -> None:
    """So the counter can move."""
    before = metric(server.url, "requests_total", outcome="cancelled")
    host, port = server.url.removeprefix("http://").split(":")
    body = '{"messages": [{"role": "user", "content": "hello"}], "stream": true, "ignore_eos": true, "n": 32}'
    asked = Golden("test", "long", "POST", "/v1/chat/completions", (), body)
    with socket.create_connection((host, int(port)), 20) as connection:
        connection.sendall(request_of(asked, f"{host}:{port}"))
        assert connection.recv(4096)
    until(lambda: metric(server.url, "requests_total", outcome="cancelled") == before + 1, "it is not cancelled")
