"""Asks an endpoint of this process, as a client would, without a socket: the same bytes in, the same bytes out.

Used by `course`. An endpoint is an ASGI application; cancelling the call is the client's hanging up.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Message


@dataclass(slots=True)
class InProcessReply:
    """A response."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


async def ask_in_process(app: ASGIApp, path: str, body: bytes) -> InProcessReply:
    """Send one POST and return the whole response."""
    reply, parts = InProcessReply(), list[bytes]()
    requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Message:
        if requests:
            return requests.pop()
        await asyncio.Event().wait()  # this client never hangs up by itself
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        else:
            parts.append(message.get("body", b""))

    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await app({"type": "http", "method": "POST", "path": path, "headers": headers}, receive, send)
    reply.body = b"".join(parts)
    return reply
