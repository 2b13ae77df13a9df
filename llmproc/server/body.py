"""A request's body, read whole and bounded; and small answers, written whole.

Used by every endpoint. A client that sends more, or more slowly, than it may is refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from llmproc.server.dialect import Errors
from llmproc.server.limits import HttpLimits
from llmproc.server.refusals import RefusedError

JSON = "application/json"


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete: no answer is awaited."""


async def read_body(scope: Scope, receive: Receive, limits: HttpLimits) -> bytes:
    """Return the body. RefusedError 413, 408 or 415; ClientGoneError."""
    headers = Headers(scope=scope)
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RefusedError("a compressed body cannot be read: send it as it is", 415)
    _check_size(int(headers.get("content-length", 0)), limits)  # h11 has seen that it is a number
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(limits.body_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGoneError
                parts.append(message.get("body", b""))
                size += len(parts[-1])
                _check_size(size, limits)
                if not message.get("more_body", False):
                    return b"".join(parts)
    except TimeoutError:
        raise RefusedError(f"the body did not arrive within {limits.body_s:g} seconds", 408) from None


def _check_size(size: int, limits: HttpLimits) -> None:
    if size > limits.body_bytes:
        raise RefusedError(f"the body has more than {limits.body_bytes} bytes", 413, code="body_too_large")


async def write_whole(
    send: Send, status: int, body: bytes, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> None:
    """Send one complete response."""
    await send(
        {"type": "http.response.start", "status": status, "headers": raw_headers(media_type, len(body), headers)}
    )
    await send({"type": "http.response.body", "body": body})


async def write_refusal(send: Send, error: RefusedError, errors: Errors) -> None:
    """Send the response to a request that is refused, in an interface's words."""
    await write_whole(send, errors.status(error), errors.refusal(error), headers=refusal_headers(error))


def raw_headers(
    media_type: str, length: int | None = None, headers: Mapping[str, str] | None = None
) -> list[tuple[bytes, bytes]]:
    """Return headers as ASGI has them; without `length` the body is chunked."""
    pairs: Iterable[tuple[str, str]] = [("content-type", media_type), *(headers or {}).items()]
    found = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    return found if length is None else [*found, (b"content-length", b"%d" % length)]


def refusal_headers(error: RefusedError) -> dict[str, str]:
    """Return the headers that a refusal brings beside its body."""
    found = {} if error.retry_after is None else {"retry-after": error.retry_after}
    if error.status == 401:
        found["www-authenticate"] = "Bearer"
    return found
