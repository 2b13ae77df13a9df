"""HTTP/1.1 as it goes over the wire: a recorded request is sent as it is, and an answer keeps its chunks apart."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import IO

from clients.goldens import Golden

ANSWER_S = 60.0  # until the next byte of an answer, on a machine with other work


@dataclass(frozen=True)
class Answer:
    """One response. `chunks`: those of a chunked body, else the body as one; `ended`: the body came whole."""

    status: int
    headers: dict[str, str]  # names in lower case
    chunks: tuple[bytes, ...]
    ended: bool

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks)

    @property
    def chunked(self) -> bool:
        return self.headers.get("transfer-encoding") == "chunked"


def request_of(golden: Golden, host: str) -> bytes:
    """A recorded request as bytes, with what was left out of the recording. `host`: HOST:PORT."""
    body = golden.body.encode()
    head = [f"{golden.method} {golden.path} HTTP/1.1", f"Host: {host}"]
    head += [f"{name}: {value}" for name, value in golden.headers]
    if body or golden.method == "POST":
        head.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*head, "", ""]).encode() + body


def exchange(url: str, golden: Golden) -> Answer:
    """Send a recorded request to the server at `url` (http://HOST:PORT), on a connection of its own."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=ANSWER_S) as connection:
        connection.sendall(request_of(golden, f"{host}:{port}"))
        with connection.makefile("rb") as stream:
            return answer_of(stream, golden.method)


def answer_of(stream: IO[bytes], method: str) -> Answer:
    """Read one response. ValueError if what comes is not HTTP."""
    _, _, rest = stream.readline().partition(b" ")
    status = int(rest[:3])
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    if status == 100:
        return answer_of(stream, method)
    if method == "HEAD" or status in (204, 304):
        return Answer(status, headers, (), True)
    if headers.get("transfer-encoding") != "chunked":
        size = int(headers["content-length"])
        body = stream.read(size)
        return Answer(status, headers, (body,), len(body) == size)
    chunks: list[bytes] = []
    while size_line := stream.readline().strip():
        if (size := int(size_line, 16)) == 0:
            return Answer(status, headers, tuple(chunks), stream.readline() == b"\r\n")
        chunks.append(stream.read(size))
        stream.readline()
    return Answer(status, headers, tuple(chunks), False)
