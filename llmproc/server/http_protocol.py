"""uvicorn's HTTP/1.1 connection, bounded in time as a server for strangers must be.

    connected --head_s--> request --body (responding)--> answer --stalled_s--> idle --idle_s--> closed

A connection ends when its request line and headers take longer than `head_s`; when `stalled_s` pass without the client
reading while bytes wait for it; when it goes on sending a body whose request was refused long ago. What is not HTTP
is answered in OpenAI's error shape, as its path is not known; a body that breaks the rules of chunks, in its path's.

It relies on methods of uvicorn.protocols.http.h11_impl.H11Protocol that uvicorn does not call public; the tests of this
file say what it needs of them.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from llmproc.server.body import JSON, refusal_headers
from llmproc.server.interfaces import errors_of
from llmproc.server.limits import HttpLimits
from llmproc.server.refusals import RefusedError

_LINGER_S = 5.0  # for the rest of a body that is not wanted: closing at once would reset the answer on its way


class BoundedProtocol(H11Protocol):
    """One connection. Made by `bounded(limits)`, which uvicorn calls for each."""

    def __init__(self, limits: HttpLimits, **settings: Any) -> None:
        super().__init__(**settings)
        self._limits = limits
        self._head: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None

    # -- asyncio.Protocol ---------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, and refuse a connection more than there may be."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            patience_ms = int(1000 * self._limits.stalled_s)  # the kernel's own, for bytes it holds
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience_ms)
        if len(self.connections) > self._limits.connections:
            transport.write(_response(503, "too many connections", "overloaded"))
            transport.close()
            return
        self._head = self.loop.call_later(self._limits.head_s, self._abort)

    def data_received(self, data: bytes) -> None:
        """Read, and expect the rest of a head soon once it has begun."""
        before = self.cycle
        if self._head is None and (before is None or before.response_complete):
            self._head = self.loop.call_later(self._limits.head_s, self._abort)
        super().data_received(data)
        if self.cycle is not before:
            _cancel(self._head)
            self._head = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers."""
        _cancel(self._head, self._stalled)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Give a client that does not read some time."""
        super().pause_writing()
        _cancel(self._stalled)
        self._stalled = self.loop.call_later(self._limits.stalled_s, self._abort)

    def resume_writing(self) -> None:
        """Go on: it reads."""
        _cancel(self._stalled)
        super().resume_writing()

    # -- uvicorn ------------------------------------------------------------------------------------------------------

    def on_response_complete(self) -> None:
        """Wait for the next request; not for long while the client still sends the last one's body."""
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            _cancel(self._head)
            self._head = self.loop.call_later(_LINGER_S, self._abort)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or has too long a head or a broken body, and end the connection."""
        _cancel(self._head)
        cycle, path, what = self.cycle, "", "the request is not valid HTTP/1.1, or its headers are too long"
        if cycle is not None and not cycle.response_complete:
            path, what = cycle.scope["path"], "the body is not as its headers say: its chunks are not valid HTTP/1.1"
            cycle.disconnected = True  # the application learns it, and says nothing more
            cycle.message_event.set()
        if cycle is None or cycle.response_complete or not cycle.response_started:
            self.transport.write(_response(400, what, path=path))
        self.transport.close()

    def _abort(self) -> None:
        self.transport.abort()


def bounded(limits: HttpLimits) -> Any:
    """Return what uvicorn takes as its `http` setting."""

    class Bounded(BoundedProtocol):
        """The connection with these limits: uvicorn wants a class."""

        def __init__(self, **settings: Any) -> None:
            super().__init__(limits, **settings)

    return Bounded


def _cancel(*timers: asyncio.TimerHandle | None) -> None:
    for timer in timers:
        if timer is not None:
            timer.cancel()


def _response(status: int, message: str, code: str | None = None, path: str = "") -> bytes:
    error = RefusedError(message, status, code=code)
    body = errors_of(path).refusal(error)
    headers = {
        "content-type": JSON, "content-length": len(body), "connection": "close", **refusal_headers(error)
    }  # fmt: skip
    lines = [f"HTTP/1.1 {status} Refused", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
