"""A stand-in for a server with OpenAI's interface: real sockets, faults on demand, a log of what it did itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from support.waiting import until

PATIENCE_S = 120.0
WORDS = ("one ", "two ", "three ", "four ", "five ", "six ", "seven ", "eight ")


@dataclass(frozen=True)
class Behaviour:
    """How one request is answered. Seconds; `cut_after`, `stall_after`, `error_after`: chunks with text before it."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    first_s: float = 0.0
    token_s: float = 0.0
    tokens: int | None = None  # None: as many as are asked for
    finish: str | None = "length"
    usage: bool = True
    done: bool = True
    cut_after: int | None = None
    stall_after: int | None = None
    error_after: int | None = None
    error_form: str = "event"  # "event": `event: error` and a broken end; "data": a data line, and a good end
    framing: str = "chunked"  # "close": ends with the connection
    garbage: bytes | None = None  # in place of a response's bytes
    role_first: bool = False  # a chunk with a role and without text comes at once
    reasoning: int = 0  # so many of the tokens are reasoning
    ignores_stream: bool = False
    line_end: bytes = b"\n"
    comments: bool = False
    hold: bool = False  # until the server's `release` is called


@dataclass
class Logged:
    """One request, as the server saw it. Moments of time.perf_counter."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    arrived: float
    behaviour: Behaviour
    outcome: str = ""  # "complete", "status", "cut", "error", "stalled", "gone"
    ended: float = 0.0
    connection: int = 0


@dataclass
class RecordingServer:
    """A running stand-in. `behave`: (number of the request, its body) -> how it is answered."""

    behave: Callable[[int, dict[str, Any]], Behaviour]
    port: int = 0
    log: list[Logged] = field(default_factory=list)
    changes: list[tuple[float, int]] = field(default_factory=list)  # requests under way after each change
    connections: int = 0
    model: str = "stub-model"
    pages: dict[str, bytes] = field(default_factory=dict)  # GET paths and their JSON or text
    _under_way: int = 0
    _released: asyncio.Event = field(default_factory=asyncio.Event)
    _loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def peak(self) -> int:
        """The most requests that were under way at once."""
        return max((count for _, count in self.changes), default=0)

    def outcomes(self) -> Counter[str]:
        """How many requests had which outcome."""
        return Counter(request.outcome for request in self.log)

    def wait_for(self, count: int) -> None:
        """Wait until so many are under way."""
        until(lambda: self._under_way >= count, f"{self._under_way} requests under way, not {count}", PATIENCE_S)

    def release(self) -> None:
        """Let all held requests go on."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._released.set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        try:
            while (head := await reader.readuntil(b"\r\n\r\n")) and await self._answer(head, reader, writer, number):
                pass
        except asyncio.CancelledError:
            writer.transport.abort()  # what is still to be sent is not waited for
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: int
    ) -> bool:
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if method == "GET":
            self._page(path, writer)
            return True
        arrived = time.perf_counter()
        request = Logged(path, headers, json.loads(body), arrived, Behaviour(), connection=connection)
        self.log.append(request)
        request.behaviour = self.behave(len(self.log) - 1, request.body)
        self._change(+1)
        try:
            request.outcome = await self._respond(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            request.outcome = "gone"
            raise
        finally:
            self._change(-1)
            request.ended = time.perf_counter()
        return request.outcome in ("complete", "status") and request.behaviour.framing == "chunked"

    def _change(self, by: int) -> None:
        self._under_way += by
        self.changes.append((time.perf_counter(), self._under_way))

    def _page(self, path: str, writer: asyncio.StreamWriter) -> None:
        pages = {"/v1/models": json.dumps({"object": "list", "data": [{"id": self.model}]}).encode(), **self.pages}
        status, body = ("200 OK", pages[path]) if path in pages else ("404 Not Found", b'{"detail": "Not Found"}')
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)

    async def _respond(self, request: Logged, writer: asyncio.StreamWriter) -> str:
        how = request.behaviour
        if how.hold:
            await self._released.wait()
        if how.first_s and not how.role_first:
            await asyncio.sleep(how.first_s)
        if how.garbage is not None:
            writer.write(how.garbage)
            return "cut"
        if how.status != 200:
            self._refuse(how, writer)
            return "status"
        if how.stall_after == 0:
            await asyncio.sleep(3600)
        if request.body.get("stream") and not how.ignores_stream:
            return await _Stream(request, writer).run()
        return self._whole(request, writer)

    def _refuse(self, how: Behaviour, writer: asyncio.StreamWriter) -> None:
        body = b'{"error": {"message": "as it was told to", "type": "stub", "param": null, "code": null}}'
        head = "".join(f"{name}: {value}\r\n" for name, value in how.headers)
        writer.write(f"HTTP/1.1 {how.status} Told\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body)

    def _whole(self, request: Logged, writer: asyncio.StreamWriter) -> str:
        how, count = request.behaviour, tokens_of(request)
        text = "".join(WORDS[i % len(WORDS)] for i in range(count))
        chat = request.path.endswith("/chat/completions")
        choice = {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        found: dict[str, Any] = {"model": self.model, "choices": [{"index": 0, "finish_reason": how.finish, **choice}]}
        if how.usage:
            found["usage"] = {"prompt_tokens": 7, "completion_tokens": count, "total_tokens": 7 + count}
        body = json.dumps(found).encode()
        writer.write(
            f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
        )
        return "complete"


def tokens_of(request: Logged) -> int:
    """How many tokens a request is answered with. As two real servers do, the newer name of the limit is ignored."""
    wanted = request.body.get("max_tokens") or 4
    return int(wanted) if request.behaviour.tokens is None else request.behaviour.tokens


class _Stream:
    """One streamed answer."""

    def __init__(self, request: Logged, writer: asyncio.StreamWriter) -> None:
        self._how, self._writer = request.behaviour, writer
        self._count = tokens_of(request)
        self._chat = request.path.endswith("/chat/completions")
        self._usage = self._how.usage and bool((request.body.get("stream_options") or {}).get("include_usage"))

    async def run(self) -> str:
        how = self._how
        framing = "Transfer-Encoding: chunked\r\n" if how.framing == "chunked" else "Connection: close\r\n"
        self._writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n{framing}\r\n".encode())
        if how.role_first:
            self._choice({"role": "assistant", "content": ""} if self._chat else None, text="")
            await asyncio.sleep(how.first_s)
        for number in range(self._count):
            if ended := await self._fault(number):
                return ended
            word = WORDS[number % len(WORDS)]
            part = {"reasoning_content": word} if number < how.reasoning else {"content": word}
            self._choice(part if self._chat else None, text=word)
            if how.token_s:
                await self._writer.drain()
                await asyncio.sleep(how.token_s)
        if ended := await self._fault(self._count):
            return ended
        if how.finish is not None:
            self._choice({} if self._chat else None, text="", finish=how.finish)
        if self._usage:
            self._event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": self._count}})
        if how.done:
            self._data(b"data: [DONE]")
        self._end()
        return "complete"

    async def _fault(self, number: int) -> str:
        how = self._how
        if how.stall_after == number:
            await self._writer.drain()
            await asyncio.sleep(3600)
        if how.cut_after == number:
            return "cut"
        if how.error_after == number:
            error = {"error": {"message": "the worker died", "type": "server_error", "param": None, "code": None}}
            if how.error_form == "event":
                self._data(b"event: error" + how.line_end + b"data: " + json.dumps(error).encode())
            else:
                self._event(error)
                self._data(b"data: [DONE]")
                self._end()
            return "error"
        return ""

    def _choice(self, delta: dict[str, Any] | None, text: str = "", finish: str | None = None) -> None:
        part: dict[str, Any] = {"text": text} if delta is None else {"delta": delta}
        self._event({"model": "stub-model", "choices": [{"index": 0, "finish_reason": finish, **part}]})

    def _event(self, found: dict[str, Any]) -> None:
        if self._how.comments:
            self._data(b": keep-alive")
        self._data(b"data: " + json.dumps(found).encode())

    def _data(self, data: bytes) -> None:
        data += 2 * self._how.line_end
        self._writer.write(b"%x\r\n%s\r\n" % (len(data), data) if self._how.framing == "chunked" else data)

    def _end(self) -> None:
        if self._how.framing == "chunked":
            self._writer.write(b"0\r\n\r\n")


@contextlib.contextmanager
def recording_server(
    behave: Callable[[int, dict[str, Any]], Behaviour] | Behaviour = Behaviour(), port: int = 0
) -> Iterator[RecordingServer]:
    """Serve in a thread until the block ends; what is under way then is broken off."""
    found = behave if callable(behave) else lambda number, body: behave
    server = RecordingServer(found)
    begun, stop = threading.Event(), asyncio.Event()

    async def run() -> None:
        server._loop = asyncio.get_running_loop()
        tasks: set[asyncio.Task[None]] = set()

        def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(server.serve(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        listening = await asyncio.start_server(client, "127.0.0.1", port, backlog=4096)
        server.port = listening.sockets[0].getsockname()[1]
        begun.set()
        await stop.wait()
        listening.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        assert begun.wait(PATIENCE_S)
        yield server
    finally:
        assert server._loop is not None
        server._loop.call_soon_threadsafe(stop.set)
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
