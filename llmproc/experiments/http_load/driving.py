"""Clients of one server in one event loop: each has a connection, on which it sends its requests one after the other.

The next request goes out when the answer before it has ended, so as many are under way as there are clients. A server
may end a connection between two of them, and has then not read the second: it is sent again on a new one. What comes is
kept with its moment and read later: this runs beside the server that is measured, on the same CPUs.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from llmproc.experiments.http_load.http_response import BadResponseError, ResponseReader
from llmproc.experiments.http_load.streamed import Received

HOST = "127.0.0.1"
_CLOSED = "the connection was closed without an answer"


async def drive(
    port: int, path: str, bodies: Sequence[Sequence[str]], limit_s: float
) -> tuple[float, list[list[Received]]]:
    """Return the seconds from the first request to the end of the last answer, and what each client received.

    What has not ended after `limit_s` is broken off.
    """
    requests = [[_request(path, body.encode()) for body in own] for own in bodies]
    began = time.perf_counter()
    found = await asyncio.gather(*(_client(port, own, began + limit_s) for own in requests))
    return time.perf_counter() - began, found


def _request(path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


async def _client(port: int, requests: Sequence[bytes], end: float) -> list[Received]:
    found: list[Received] = []
    connection: _Connection | None = None
    for request in requests:
        try:
            if connection is None or not connection.usable:
                connection = await _connected(port)
            answer = await connection.exchange(request, end)
            if connection.was_closed_unread(answer):
                connection = await _connected(port)
                answer = await connection.exchange(request, end)
        except OSError as error:
            answer = Received(0, time.perf_counter(), (), False, error.strerror or str(error))
        found.append(answer)
    if connection is not None:
        connection.leave()
    return found


async def _connected(port: int) -> _Connection:
    _, connection = await asyncio.get_running_loop().create_connection(_Connection, HOST, port)
    return connection


class _Connection(asyncio.Protocol):
    """One connection; one exchange at a time."""

    def __init__(self) -> None:
        self.usable = False
        self._exchanges = 0
        self._transport: asyncio.Transport | None = None
        self._reader = ResponseReader()
        self._parts: list[tuple[float, bytes]] = []
        self._over: asyncio.Future[str] | None = None  # why it ended early, "" if it did not

    async def exchange(self, request: bytes, end: float) -> Received:
        """Send a request and take the response, until a moment of time.perf_counter."""
        assert self._transport is not None
        self._exchanges += 1
        loop = asyncio.get_running_loop()
        self._reader, self._parts, self._over = ResponseReader(), [], loop.create_future()
        sent = time.perf_counter()
        self._transport.write(request)
        try:
            async with asyncio.timeout(max(0.0, end - sent)):
                error = await self._over
        except TimeoutError:
            error = "not ended in time"
        if error or not self._reader.keeps_open:
            self.leave()
        return Received(self._reader.status, sent, self._parts, self._reader.ended, error)

    def was_closed_unread(self, answer: Received) -> bool:
        """Return whether a connection that had answered before ended without a byte: then its request was not read.

        llama-server (0.3.36's tree) ends its connection after every stream, though `Keep-Alive` in its head says not.
        """
        return self._exchanges > 1 and not answer.status and answer.error == _CLOSED

    def leave(self) -> None:
        """Close it."""
        self.usable = False
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self.usable = transport, True

    def data_received(self, data: bytes) -> None:
        moment = time.perf_counter()
        try:
            body = self._reader.feed(data)
        except BadResponseError as error:
            self._end(str(error))
            return
        if body:
            self._parts.append((moment, body))
        if self._reader.ended:
            self._end("")

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._reader.close()
        self._end("" if self._reader.ended or self._reader.status else _CLOSED)

    def _end(self, error: str) -> None:
        if self._over is not None and not self._over.done():
            self._over.set_result(error)
