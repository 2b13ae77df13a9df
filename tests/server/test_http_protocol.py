"""Connections that would hold the server for nothing, each through a real socket. Limits are short, waits long."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading

import pytest
from server.http_serving import HttpReply, ask, connection, http_server, read_to_end, request_bytes
from starlette.types import Receive, Scope, Send
from support.waiting import until

from llmproc.server.body import ClientGoneError, read_body, write_whole
from llmproc.server.limits import HttpLimits
from llmproc.server.refusals import RefusedError

LONG = HttpLimits()
SHORT = HttpLimits(head_s=0.3, stalled_s=0.3, body_s=0.3, idle_s=1, head_bytes=4096, body_bytes=1000)


class Places:
    """An application with a path for each thing a test needs."""

    def __init__(self, limits: HttpLimits = LONG) -> None:
        self.limits = limits
        self.bodies: list[bytes] = []
        self.clients: list[tuple[str, str]] = []  # address, scheme
        self.gone = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/flood":
            await self._flood(receive, send)
            return
        self.clients.append((scope["client"][0], scope["scheme"]))
        try:
            self.bodies.append(await read_body(scope, receive, self.limits))
            await write_whole(send, 200, b"{}")
        except RefusedError as error:
            await write_whole(send, error.status, json.dumps(str(error)).encode())
        except ClientGoneError:
            self.gone.set()

    async def _flood(self, receive: Receive, send: Send) -> None:
        """Write for ever, as long as somebody reads."""
        await receive()
        gone = asyncio.ensure_future(receive())
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.done():
            await send({"type": "http.response.body", "body": b"x" * 65536, "more_body": True})
            await asyncio.sleep(
                0
            )  # a send that need not wait lets nothing else run, nor the news that the client is gone
        self.gone.set()


def test_one_connection_serves_many_requests() -> None:
    app = Places()
    with http_server(app) as port, connection(port) as client:
        for number in range(3):
            client.sendall(request_bytes("POST", "/", b"%d" % number))
            assert HttpReply(client).status == 200
    assert app.bodies == [b"0", b"1", b"2"]


def test_an_idle_connection_lives_longer_than_clients_keep_one() -> None:
    """Where both sides give up at the same moment, a request meets a closed connection."""
    kept_s = {"Go net/http": 90, "aiohttp, litellm": 15, "httpx": 5, "undici": 4}
    assert LONG.idle_s > max(kept_s.values())


def test_a_client_is_not_believed_to_be_another_one() -> None:
    app = Places()
    with http_server(app) as port, connection(port) as client:
        headers = {"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
        client.sendall(request_bytes("GET", "/", headers=headers))
        assert HttpReply(client).status == 200
    assert app.clients == [("127.0.0.1", "http")]


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: localhost\r\nX: "])
def test_a_head_that_does_not_come_ends_the_connection(begun: bytes) -> None:
    with http_server(Places(SHORT), SHORT) as port, connection(port) as client:
        client.sendall(begun)
        assert read_to_end(client) == b""


def test_a_head_after_an_answer_has_its_time_too() -> None:
    limits = HttpLimits(head_s=0.3, idle_s=60)
    with http_server(Places(), limits) as port, connection(port) as client:
        client.sendall(request_bytes("GET", "/"))
        assert HttpReply(client).status == 200
        client.sendall(b"GET / HTTP/1.1\r\n")
        assert read_to_end(client) == b""


def test_an_idle_connection_is_not_cut_short_by_the_time_for_a_head() -> None:
    limits = HttpLimits(head_s=0.2, idle_s=60)
    with http_server(Places(), limits) as port, connection(port) as client:
        client.sendall(request_bytes("GET", "/"))
        assert HttpReply(client).status == 200
        client.settimeout(0.8)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(20)
        client.sendall(request_bytes("GET", "/"))
        assert HttpReply(client).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",  # without Host
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 1_000_000,  # without an end
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: many\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\nnot",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # TLS
    ],
)
def test_what_is_no_http_gets_the_error_shape(sent: bytes) -> None:
    with http_server(Places(SHORT), SHORT) as port, connection(port) as client:
        with contextlib.suppress(ConnectionError):  # it may be refused before all is sent
            client.sendall(sent)
        if sent.startswith(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3"):
            reply = HttpReply(client)  # Transfer-Encoding wins (RFC 9112, 6.3), and the body is no chunk
            assert 400 <= reply.status < 500
            return
        answer = read_to_end(client)
        if sent.startswith(b"\x16"):
            assert answer == b"" or b" 400 " in answer
            return
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ") and b"connection: close" in head
        assert set(json.loads(body)["error"]) == {"message", "type", "param", "code"}


def test_a_body_that_is_too_large_or_too_slow_is_refused() -> None:
    app = Places(SHORT)
    with http_server(app, HttpLimits()) as port:
        assert ask(port, "POST", "/", b"x" * 1001).status == 413
        chunked = {"Transfer-Encoding": "chunked", "Content-Length": "0"}
        del chunked["Content-Length"]
        with connection(port) as client:
            client.sendall(request_bytes("POST", "/", headers=chunked) + b"400\r\n" + b"x" * 1024 + b"\r\n")
            assert HttpReply(client).status == 413, "though no length was told"
        with connection(port) as client:
            client.sendall(request_bytes("POST", "/", headers={"Content-Length": "10"}) + b"part")
            assert HttpReply(client).status == 408
        assert ask(port, "POST", "/", b"ok", {"Content-Encoding": "gzip"}).status == 415
        assert ask(port, "POST", "/", b"x" * 1000).status == 200
    assert app.bodies == [b"x" * 1000]


def test_a_client_that_goes_before_its_body_is_complete_is_no_request() -> None:
    app = Places()
    with http_server(app) as port:
        with connection(port) as client:
            client.sendall(request_bytes("POST", "/", headers={"Content-Length": "10"}) + b"part")
        assert app.gone.wait(20)
    assert app.bodies == []


def test_rule_14_a_reader_that_stops_is_dropped() -> None:
    app = Places()
    with http_server(app, HttpLimits(stalled_s=0.5)) as port, connection(port) as client:
        client.sendall(request_bytes("POST", "/flood"))
        assert app.gone.wait(20), "it read nothing, and the server went on"


def test_a_reader_that_is_only_slow_is_not_dropped() -> None:
    app = Places()
    with http_server(app, HttpLimits(stalled_s=2)) as port, connection(port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        client.sendall(request_bytes("POST", "/flood"))
        read = 0
        while read < 20_000_000:
            read += len(client.recv(1 << 16))
        assert not app.gone.is_set()
    assert app.gone.wait(20)


def test_connections_beyond_the_limit_are_told_so() -> None:
    with http_server(Places(), HttpLimits(connections=2)) as port, connection(port) as one, connection(port) as two:
        for client in (one, two):
            client.sendall(request_bytes("GET", "/"))
            assert HttpReply(client).status == 200
        with connection(port) as third:
            answer = read_to_end(third)
        assert answer.startswith(b"HTTP/1.1 503 ") and b'"code":"overloaded"' in answer
        assert b"\r\nretry-after: 1\r\n" in answer
        one.close()
        until(lambda: _served(port), "a place is not free again")


def _served(port: int) -> bool:
    with connection(port) as client:
        client.sendall(request_bytes("GET", "/"))
        return client.recv(12) == b"HTTP/1.1 200"
