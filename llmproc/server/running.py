"""From bound sockets to the end of the drain: uvicorn, in the main thread's event loop.

    bind            before anything is loaded: a port in use is one line, at once
    HttpServer.run  serves while the model loads (/live answers, requests wait), until a signal or a failure
       SIGTERM, SIGINT   --> gate closed: new requests get 503, answers under way go on for `drain_s` --> exit
       again             --> exit at once
       failure           --> exit at once: nothing more will be answered

Used by `apps/serve`. Never in it: paths, schemas, or how a service is made.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import uvicorn
from starlette.types import ASGIApp

from llmproc.errors import StartError, UsageError
from llmproc.server.http_protocol import bounded
from llmproc.server.limits import HttpLimits

_BACKLOG = 4096
_TICK_S = 0.05
_RESERVED_FDS = 256  # for workers' pipes, logs and files


class OpenWork(Protocol):
    """The requests that have to end before the server may."""

    def close(self) -> None:
        """Let nothing more in."""

    @property
    def under_way(self) -> int:
        """Return how many requests were let in and have not ended."""


def bind(host: str, port: int) -> socket.socket:
    """Return a listening place; port 0: any. UsageError for a host or port that cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise UsageError(f"--host is {host}: {error.args[-1]}") from None
    family, kind, protocol, _, address = found[0]
    place = socket.socket(family, kind, protocol)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            place.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        place.bind(address)
    except OSError as error:
        place.close()
        raise UsageError(f"--port is {port}: {host} cannot be bound ({error.strerror})") from None
    return place


def url_of(place: socket.socket) -> str:
    """Return `http://host:port` by which this machine reaches a bound socket."""
    host, port = place.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def raise_fd_limit(wanted: int) -> int:
    """Raise the soft limit on descriptors for `wanted` connections, as far as the hard one allows; return how many."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    target = wanted + _RESERVED_FDS
    if soft != resource.RLIM_INFINITY and soft < target:
        soft = target if hard == resource.RLIM_INFINITY else min(hard, target)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return wanted if soft == resource.RLIM_INFINITY else max(1, min(wanted, soft - _RESERVED_FDS))


class HttpServer(uvicorn.Server):
    """uvicorn with our own signals: the drain is decided here."""

    def __init__(
        self, app: ASGIApp, limits: HttpLimits, work: OpenWork, cut: Callable[[], None] = lambda: None
    ) -> None:
        """Prepare; nothing is opened. `cut`: ends what is under way when the drain is over."""
        for name in ("uvicorn.error", "uvicorn.access", "uvicorn.asgi"):
            logging.getLogger(name).disabled = True  # what matters is in the run folder and in /metrics
        config = uvicorn.Config(
            app, http=bounded(limits), ws="none", lifespan="off", loop="asyncio", interface="asgi3", log_config=None,
            access_log=False, proxy_headers=False,  # X-Forwarded-For would be believed, from any local program
            server_header=False, timeout_keep_alive=int(limits.idle_s), backlog=_BACKLOG,
            h11_max_incomplete_event_size=limits.head_bytes, timeout_graceful_shutdown=1,
        )  # fmt: skip
        super().__init__(config)
        self._limits, self._work, self._cut = limits, work, cut
        self.ended_by = 0  # the signal that ended it, 0 for none
        self.cut = 0  # answers that the end of the drain cut off
        self._leaving: asyncio.Event | None = None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Install nothing: `run` has its own handlers."""
        yield

    async def run_on(self, places: Sequence[socket.socket], started: Callable[[], None]) -> None:
        """Serve on bound sockets until the end. `started`: called in the loop once connections are taken."""
        loop, self._leaving = asyncio.get_running_loop(), asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._signalled, number)
        try:
            serving = asyncio.create_task(self.serve(sockets=list(places)))
            while not (self.started or serving.done()):
                await asyncio.sleep(_TICK_S)
            started()
            ending = asyncio.create_task(self._leaving.wait())
            await asyncio.wait((serving, ending), return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            await self._drained()
            self.should_exit = True
            await serving
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)
                signal.signal(number, signal.SIG_IGN)  # what is left to do is to end

    def leave(self) -> None:
        """End without a drain: nothing will be answered any more. To be called in the loop."""
        self.force_exit = True
        if self._leaving is not None:
            self._leaving.set()

    def _signalled(self, number: int) -> None:
        self.force_exit = self.force_exit or bool(self.ended_by)  # the second one: at once
        self.ended_by = self.ended_by or number
        self._work.close()
        if self._leaving is not None:
            self._leaving.set()

    async def _drained(self) -> None:
        """Wait for the answers under way, as long as they may take."""
        end = asyncio.get_running_loop().time() + self._limits.drain_s
        while self._work.under_way and not self.force_exit and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(_TICK_S)
        self.cut = self._work.under_way
        self._cut()


def need_connections(limits: HttpLimits) -> int:
    """Return how many connections there may be. StartError when the system allows next to none."""
    found = raise_fd_limit(limits.connections)
    if found < 16:
        raise StartError(f"the limit on open files leaves {found} connections: raise it (ulimit -n)")
    return found
