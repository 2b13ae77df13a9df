"""The HTTP server of the stand-in: it keeps every request, byte for byte, under the case that is being recorded."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from clients.recorder import ollama_answers, openai_answers
from clients.recorder.replies import Reply, as_json

METRICS = b"# TYPE requests_total counter\nrequests_total 1.0\n"


@dataclass(frozen=True)
class Received:
    """One request. `target`: path with query; names of headers as the client wrote them."""

    case: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class Recorder:
    """What was received, and how the next requests are to be answered."""

    url: str = ""  # http://127.0.0.1:PORT
    case: str = ""
    received: list[Received] = field(default_factory=list)
    busy: int = 0  # so many of the next POSTs get 429 with Retry-After: 1
    connections: set[socket.socket] = field(default_factory=set)


class _RecordingHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    recorder: Recorder

    def setup(self) -> None:
        super().setup()
        self.recorder.connections.add(self.connection)

    def finish(self) -> None:
        self.recorder.connections.discard(self.connection)
        with contextlib.suppress(ConnectionError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):  # the client may have hung up
            super().handle()

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_DELETE = do_PUT = do_OPTIONS = do_GET

    def _answer(self) -> None:
        body = self._body()
        headers = tuple((name, value) for name, value in self.headers.items())
        self.recorder.received.append(Received(self.recorder.case, self.command, self.path, headers, body))
        if self.command == "POST" and self.recorder.busy > 0:
            self.recorder.busy -= 1
            return self._send(_busy(self.path))
        path = self.path.partition("?")[0]
        reply = openai_answers.answer(self.command, path, body) or ollama_answers.answer(self.command, path, body)
        if reply is None and path == "/metrics":
            reply = Reply(200, METRICS, content_type="text/plain; version=0.0.4; charset=utf-8")
        if reply is None:
            found = path in ("/health", "/live")
            reply = as_json({}) if found else openai_answers.not_found(self.command, path)
        return self._send(reply)

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        pieces = []
        while size := int(self.rfile.readline(), 16):
            pieces.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(pieces)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if not reply.events:
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(reply.body)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for event in reply.events:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(event), event))
        self.wfile.write(b"0\r\n\r\n")


def _busy(path: str) -> Reply:
    if path.startswith("/api/"):
        refused = as_json({"error": "the queue is full"}, 503)
    else:
        refused = openai_answers.refusal(429, "the queue is full", "rate_limit_error", "queue_full")
    return Reply(refused.status, refused.body, headers={"Retry-After": "1"})


@contextmanager
def recording() -> Iterator[Recorder]:
    """Run a stand-in on a port of its own; at the end its threads and connections are gone."""
    recorder = Recorder()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("_OwnRecordingHandler", (_RecordingHandler,), {"recorder": recorder})
    )
    server.daemon_threads = False  # joined at the end
    recorder.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        thread.join()
        for connection in list(recorder.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)  # what a client left open
        server.server_close()
