"""Many requests at once: an asyncio client over plain streams, HTTP/1.1 read as its framing says.

    job --LoadClient.ask--> one connection, one LoadReply
    job --LoadClient.answered--> the same again after Retry-After, as official clients do, until it is let in

Used by the tests of the server under load. It retries nothing else: what breaks is a failed test.
"""

from __future__ import annotations

import asyncio
import json
import resource
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from server.http_serving import request_bytes

PATIENCE_S = 3000.0  # for one answer: the queue may be long, and the machine busy
_LONGEST_LINE = 1 << 22
_Done = TypeVar("_Done")


@dataclass(frozen=True)
class LoadReply:
    """A response. `complete`: it came to the end that its framing tells of; `refused`: 429 and 503 before it."""

    status: int
    headers: dict[str, str]
    body: bytes
    complete: bool
    refused: int = 0

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


class LoadClient:
    """Asks one server."""

    def __init__(self, port: int) -> None:
        self.port = port

    @asynccontextmanager
    async def connection(
        self, connected: socket.socket | None = None
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A connection that is closed behind, whatever happens. `connected`: one that there is already."""
        place: dict[str, Any] = {"host": "127.0.0.1", "port": self.port} if connected is None else {"sock": connected}
        reader, writer = await asyncio.open_connection(**place, limit=_LONGEST_LINE)
        try:
            yield reader, writer
        finally:
            writer.close()
            try:
                await writer.wait_closed()
            except ConnectionError:
                pass

    async def ask(self, path: str, body: dict[str, Any], refused: int = 0) -> LoadReply:
        """POST one request on a connection of its own, and read the response."""
        async with self.connection() as (reader, writer):
            writer.write(request_bytes("POST", path, json.dumps(body).encode()))
            reply = await asyncio.wait_for(read_reply(reader), PATIENCE_S)
        return LoadReply(reply.status, reply.headers, reply.body, reply.complete, refused)

    async def answered(self, path: str, body: dict[str, Any]) -> LoadReply:
        """Ask until the request is let in, coming again when Retry-After says."""
        refused = 0
        while True:
            reply = await self.ask(path, body, refused)
            if reply.status not in (429, 503):
                return reply
            refused += 1
            await asyncio.sleep(float(retry_after(reply.headers)))


def retry_after(headers: dict[str, str]) -> int:
    """The seconds of Retry-After, as rule 1 wants them: whole, from 1 to 120."""
    value = headers.get("retry-after", "")
    assert value.isdecimal() and 1 <= int(value) <= 120, f"Retry-After is {value!r}"
    return int(value)


async def read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Read status and headers, names in small letters."""
    status, headers = int((await reader.readline()).split()[1]), dict[str, str]()
    while line := (await reader.readline()).strip():
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.lower()] = value.strip()
    return status, headers


async def read_reply(reader: asyncio.StreamReader) -> LoadReply:
    """Read one response. A connection that ends before its framing says so makes it incomplete."""
    status, headers = await read_head(reader)
    if headers.get("transfer-encoding") == "chunked":
        body, complete = await _chunks(reader)
    else:
        body, complete = await reader.readexactly(int(headers["content-length"])), True
    return LoadReply(status, headers, body, complete)


async def _chunks(reader: asyncio.StreamReader) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    while line := await reader.readline():
        size = int(line, 16)
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
        if not size:
            return b"".join(parts), True
    return b"".join(parts), False


async def side_by_side(jobs: Sequence[Callable[[], Coroutine[Any, Any, _Done]]], at_once: int) -> list[_Done]:
    """Run jobs, `at_once` of them at a time, each begun as soon as another ends; return what they gave, in order."""
    found: dict[int, _Done] = {}
    waiting = iter(enumerate(jobs))

    async def lane() -> None:
        for number, job in waiting:
            found[number] = await job()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(jobs))):
            group.create_task(lane())
    return [found[number] for number in range(len(jobs))]


@contextmanager
def open_files(wanted: int) -> Iterator[None]:
    """Let this process have so many descriptors for a while; what it starts meanwhile inherits it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        import pytest

        pytest.skip(f"ulimit -Hn is {hard}: {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
