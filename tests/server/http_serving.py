"""A real HTTP server in a thread of the test, over any ASGI application; and a client that knows sockets only."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from io import BufferedReader
from typing import Any

from starlette.types import ASGIApp
from support.waiting import until

from llmproc.server.limits import HttpLimits
from llmproc.server.running import HttpServer, bind

PATIENCE_S = 20.0


class NoWork:
    """Nothing to wait for at the end."""

    under_way = 0

    def close(self) -> None:
        """There is no gate."""


@contextlib.contextmanager
def http_server(app: ASGIApp, limits: HttpLimits = HttpLimits()) -> Iterator[int]:  # noqa: B008  # frozen
    """Serve `app`; yields the port."""
    place = bind("127.0.0.1", 0)
    server = HttpServer(app, limits, NoWork())
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[place])))
    thread.start()
    try:
        until(lambda: server.started, "the server does not start")
        yield place.getsockname()[1]
    finally:
        server.should_exit = server.force_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@contextlib.contextmanager
def connection(port: int) -> Iterator[socket.socket]:
    """A TCP connection whose waits end."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE_S) as client:
        client.settimeout(PATIENCE_S)
        yield client


def request_bytes(
    method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, host: str = "localhost"
) -> bytes:
    """One HTTP/1.1 request."""
    pairs = {"Host": host, **({"Content-Length": str(len(body))} if body else {}), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in pairs.items())
    return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1") + body


def read_to_end(client: socket.socket) -> bytes:
    """All bytes until the other side closes; a reset counts as the end."""
    found = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(65536):
            found += part
    return bytes(found)


class HttpReply:
    """A response, read as far as its framing says. `stream`: of the connection, where several responses come."""

    def __init__(self, client: socket.socket, method: str = "GET", stream: BufferedReader | None = None) -> None:
        stream = stream or client.makefile("rb")
        self.status = int(stream.readline().split()[1])
        self.headers: dict[str, str] = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            self.headers[name.lower()] = value.strip()
        self.chunks: list[bytes] = []
        self.complete = True
        if self.headers.get("transfer-encoding") == "chunked":
            self._read_chunks(stream)
        elif method != "HEAD":
            self.chunks.append(stream.read(int(self.headers.get("content-length", 0))))

    def _read_chunks(self, stream: Any) -> None:
        while True:
            line = stream.readline()
            if not line:  # the connection was broken off
                self.complete = False
                return
            data = stream.read(int(line, 16))
            stream.readline()
            if not data:
                return
            self.chunks.append(data)

    @property
    def body(self) -> bytes:
        """All of it."""
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def ask(
    port: int, method: str, path: str, body: bytes | dict[str, Any] = b"", headers: dict[str, str] | None = None,
    host: str = "localhost",
) -> HttpReply:  # fmt: skip
    """Send one request on a connection of its own, and read the response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    with connection(port) as client:
        client.sendall(request_bytes(method, path, data, headers, host))
        return HttpReply(client, method)
