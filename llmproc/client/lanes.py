"""A transport for httpx that keeps one connection pool of size one for each request under way.

Why: httpcore's pool looks at all its connections for every request and every end of one, and inside that at all of them
again. Measured with httpcore 1.0.9, 16 chunks an answer: 2.7 ms of CPU a request with one connection, 97 ms with 256.
A load generator that is slower than its server measures itself.
"""

from __future__ import annotations

import urllib.request
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

import httpx

_ONE = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=60.0)


class ConnectionLanes(httpx.AsyncBaseTransport):
    """As many connections as there are requests at once; the one that was free last is used first."""

    def __init__(self, make_lane: Callable[[], httpx.AsyncBaseTransport]) -> None:
        """Keep how a lane is made."""
        self._make_lane = make_lane
        self._idle: list[httpx.AsyncBaseTransport] = []
        self._all: list[httpx.AsyncBaseTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request on a lane, which is free again when the response is closed. Called by httpx."""
        lane = self._idle.pop() if self._idle else self._added()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._idle.append(lane)  # its own pool has dropped the connection
            raise
        assert isinstance(response.stream, httpx.AsyncByteStream)
        stream = _LaneStream(response.stream, lambda: self._idle.append(lane))
        return httpx.Response(
            response.status_code, headers=response.headers, stream=stream, extensions=response.extensions
        )

    async def aclose(self) -> None:
        """Close all connections."""
        lanes, self._all, self._idle = self._all, [], []
        for lane in lanes:
            await lane.aclose()

    def _added(self) -> httpx.AsyncBaseTransport:
        lane = self._make_lane()
        self._all.append(lane)
        return lane


class _LaneStream(httpx.AsyncByteStream):
    """The body of a response, and what is to be done when it is closed."""

    def __init__(self, body: httpx.AsyncByteStream, leave: Callable[[], None]) -> None:
        self._body, self._leave, self._left = body, leave, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._body:
            yield part

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            if not self._left:
                self._left = True
                self._leave()


def lanes_to(url: str, loopback: bool) -> ConnectionLanes:
    """Return lanes to one server: through the environment's proxy for it, if there is one and it is not this machine.

    ValueError or ImportError for a proxy that httpx cannot use.
    """
    context = httpx.create_ssl_context() if url.startswith("https:") else False  # once: it takes 10 ms and more
    proxy = None if loopback else _proxy_for(url)

    def lane() -> httpx.AsyncBaseTransport:
        return httpx.AsyncHTTPTransport(verify=context, limits=_ONE, proxy=proxy, trust_env=False)

    found = ConnectionLanes(lane)
    found._idle.append(found._added())  # the first one shows whether the proxy can be used
    return found


def _proxy_for(url: str) -> str | None:
    parts = urlsplit(url)
    proxies: dict[str, str] = urllib.request.getproxies()
    if urllib.request.proxy_bypass(parts.netloc):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")
