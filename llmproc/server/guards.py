"""What stands in front of every path: which hosts and origins may ask, and with which key.

A server on loopback is reached by every web page that the user opens, unless it looks at two headers: `Origin`, which a
browser adds to what a page asks of another site, and `Host`, which names the attacker's domain where a page's own name
was made to point here (DNS rebinding). Keys are compared in constant time.

Pure but for the ASGI call. Used by `app`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from llmproc.server.body import write_refusal, write_whole
from llmproc.server.dialect import Errors
from llmproc.server.limits import HEAD_BYTES
from llmproc.server.refusals import RefusedError

PUBLIC = ("/", "/health", "/live")  # answered without a key: probes have none
_PUBLIC_FILES = "/page/"  # of the page, which then asks its user for a key
_CORS_METHODS = "GET, POST, DELETE, HEAD, OPTIONS"


@dataclass(frozen=True, slots=True)
class Access:
    """The rules on who may ask. `keys`: none for no key.

    `hosts`: names beside localhost and loopback addresses, "*" for any; `origins`: of web pages that may ask, as a
    browser writes them (https://example.org), "*" for any.
    """

    hosts: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()

    def judge_place(self, headers: Headers) -> None:
        """Let a request pass by where it comes from and what it calls this server. RefusedError 403."""
        host = headers.get("host", "")
        if not self._host_passes(host):
            raise RefusedError(
                f"the host {host[:100]!r} is not served here: start the server with --allow-host to serve it", 403,
                code="host_not_allowed",
            )  # fmt: skip
        origin = headers.get("origin")
        if origin is not None and not self._origin_passes(origin, host):
            raise RefusedError(
                f"pages of {origin[:100]!r} may not ask here: start the server with --allow-origin to let them", 403,
                code="origin_not_allowed",
            )  # fmt: skip

    def judge_key(self, path: str, headers: Headers) -> None:
        """Let a request pass that has a right key, or needs none. RefusedError 401."""
        public = path in PUBLIC or path.startswith(_PUBLIC_FILES)
        if self.keys and not public and not self._key_passes(headers.get("authorization", "")):
            raise RefusedError(
                "a valid API key is needed: send it as Authorization: Bearer KEY", 401, code="invalid_api_key"
            )

    def cors(self, headers: Headers) -> dict[str, str]:
        """Return the headers by which a browser lets an allowed page read the answer."""
        origin = headers.get("origin")
        if origin is None or not ("*" in self.origins or origin in self.origins):
            return {}
        return {"access-control-allow-origin": origin, "vary": "Origin"}

    def _host_passes(self, header: str) -> bool:
        name = host_name(header)
        return "*" in self.hosts or is_loopback(name) or name in self.hosts

    def _origin_passes(self, origin: str, host: str) -> bool:
        if "*" in self.origins or origin in self.origins:
            return True
        return origin in (f"http://{host}", f"https://{host}")  # the server's own page

    def _key_passes(self, header: str) -> bool:
        scheme, _, given = header.partition(" ")
        found = [compare_digest(given.strip().encode("utf-8", "replace"), key.encode()) for key in self.keys]
        return scheme.lower() == "bearer" and any(found)  # every key is compared: the time says nothing


def host_name(header: str) -> str:
    """Return the name or address in a Host header, without its port, in small letters; "" for half an address."""
    if header.startswith("["):
        address, _, rest = header[1:].partition("]")
        return address.lower() if header.endswith("]") or rest.startswith(":") else ""
    return header.rpartition(":")[0].lower() if header.count(":") == 1 else header.lower()


def is_loopback(name: str) -> bool:
    """Return whether a name means this machine alone: localhost or a loopback address."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Guards:
    """ASGI middleware: nothing behind it sees a request that `Access` refuses."""

    def __init__(
        self, app: ASGIApp, access: Access, errors: Callable[[str], Errors],
        refused: Callable[[RefusedError, str], None] = lambda error, path: None, head_bytes: int = HEAD_BYTES,
    ) -> None:  # fmt: skip
        """Stand before `app`. `errors`: returns the words for a path; `refused`: is told of each refusal."""
        self._app, self._access, self._errors, self._refused = app, access, errors, refused
        self._head_bytes = head_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers, path = Headers(scope=scope), scope["path"]
        shared = self._access.cors(headers)
        try:
            self._judge_size(scope)
            self._access.judge_place(headers)
            if scope["method"] == "OPTIONS" and shared and "access-control-request-method" in headers:
                await write_whole(send, 200, b"", "text/plain", {**shared, **_preflight(headers)})
                return
            self._access.judge_key(path, headers)
        except RefusedError as error:
            self._refused(error, path)
            await write_refusal(send, error, self._errors(path))
            return
        await self._app(scope, receive, _with_headers(send, shared) if shared else send)

    def _judge_size(self, scope: Scope) -> None:
        """Refuse a long head that came in one piece: h11 bounds only what it has to keep until the rest comes."""
        size = len(scope["raw_path"]) + len(scope["query_string"])
        size += sum(len(name) + len(value) for name, value in scope["headers"])
        if size > self._head_bytes:
            raise RefusedError(f"the request line and headers have more than {self._head_bytes} bytes", 431)


def _preflight(headers: Headers) -> dict[str, str]:
    asked = headers.get("access-control-request-headers", "authorization, content-type")
    return {
        "access-control-allow-methods": _CORS_METHODS,
        "access-control-allow-headers": asked,
        "access-control-max-age": "600",
    }


def _with_headers(send: Send, extra: dict[str, str]) -> Send:
    pairs: Sequence[tuple[bytes, bytes]] = [(name.encode(), value.encode("latin-1")) for name, value in extra.items()]

    async def send_with(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *pairs]}
        await send(message)

    return send_with
