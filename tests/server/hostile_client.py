"""A client that sends what it likes, and a judge of what it gets.

    raw bytes --sent--> responses, read as their framing says --judge--> 4xx in the words of its interface, or nothing

Used by the tests of hostile requests.
"""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass
from io import BufferedReader

from server.http_serving import HttpReply, connection


@dataclass(frozen=True)
class HostileConnection:
    """What one client sends, and which statuses it may get, one tuple for each response it is owed.

    `half_closed`: it says that nothing more comes, and reads what the server has to say; `ends`: the server must close.
    """

    name: str
    raw: bytes
    statuses: tuple[tuple[int, ...], ...] = ((400,),)
    half_closed: bool = False
    ends: bool = False

    @property
    def path(self) -> str:
        """The path of its first request; of what is no HTTP, anything."""
        return [*self.raw.split(b" ", 2), b"", b""][1].decode("latin-1")


def send(port: int, hostile: HostileConnection) -> list[HttpReply]:
    """Be that client; return the responses. AssertionError for those that no client may get."""
    method = hostile.raw.split(b" ", 1)[0].decode("latin-1")
    with connection(port) as client:
        with contextlib.suppress(ConnectionError):  # it may be refused before all is sent
            client.sendall(hostile.raw)
        if hostile.half_closed:
            with contextlib.suppress(OSError):
                client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as stream:
            replies = [HttpReply(client, method, stream) for _ in hostile.statuses]
            if hostile.ends or hostile.half_closed:
                assert rest_of(stream) == b"", f"{hostile.name}: more than it is owed"
    for reply, allowed in zip(replies, hostile.statuses, strict=True):
        assert reply.status in allowed, f"{hostile.name}: {reply.status} {reply.body[:300]!r}"
    return replies


def rest_of(stream: BufferedReader) -> bytes:
    """All bytes until the server closes; a reset counts as the end."""
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while part := stream.read1(65536):
            found += part
    return found


def judge_refusal(path: str, reply: HttpReply) -> None:
    """Check that an error is told in the words of the path's interface: a text on /api, OpenAI's object elsewhere."""
    assert reply.headers["content-type"] == "application/json" and reply.complete
    assert "traceback" not in reply.body.decode().lower()
    error = json.loads(reply.body)["error"]
    assert set(reply.json) == {"error"}
    if path.startswith("/api/"):
        message = error
    else:
        assert set(error) == {"message", "type", "param", "code"} and isinstance(error["type"], str)
        message = error["message"]
    assert isinstance(message, str) and message.strip() and len(message) < 600 and message.isprintable(), message
    if reply.status == 405:
        assert reply.headers["allow"]
