"""A small hub on this machine: the routes of huggingface.co that huggingface_hub uses to list and to fetch, and faults.

GET  /api/models/OWNER/NAME?blobs=True           the files, with sizes and hashes
HEAD /OWNER/NAME/resolve/REVISION/FILE           metadata of a file; a big one is redirected, as on the hub
GET  /OWNER/NAME/resolve/REVISION/FILE           its bytes, or a redirection to /cdn/...
GET  /cdn/SHA256                                 the bytes of a big one; Range is honoured
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


@dataclass
class Repository:
    """A repository; `gated`: its files want a token that is `good`."""

    files: dict[str, bytes]
    gated: bool = False
    commit: str = COMMIT
    large: int = 1000  # from this size on a file is kept with Git LFS

    def siblings(self) -> list[dict[str, Any]]:
        found = []
        for name, data in self.files.items():
            entry: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": git_sha1(data)}
            if len(data) >= self.large:
                entry["blobId"] = git_sha1(sha256(data).encode())
                entry["lfs"] = {"sha256": sha256(data), "size": len(data), "pointerSize": 134}
            found.append(entry)
        return found


@dataclass
class Faults:
    """What goes wrong, as long as it stands here."""

    break_after: list[int] = field(default_factory=list)  # the next answers with bytes stop after so many
    sent: dict[str, bytes] = field(default_factory=dict)  # other bytes, by sha256 of the right ones
    ignore_range: bool = False
    hold: threading.Event | None = None  # the second half of an answer with bytes waits for it
    status: dict[str, int] = field(default_factory=dict)  # paths that begin so are answered with this


class Hub:
    """The server's state, and what it was asked."""

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults = Faults()
        self.asked: list[str] = []  # "GET /path Range"
        self.url = self.cdn = ""

    def add(self, name: str, files: dict[str, bytes], **settings: Any) -> Repository:
        self.repositories[name] = Repository(files, **settings)
        return self.repositories[name]

    def ranges(self) -> list[str]:
        """The Range of each request for bytes, "" for a request without."""
        return [line.split(" ")[2] for line in self.asked if line.startswith("GET /cdn/")]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5  # of a connection that a client left open: the end of the server waits for it
    hub: Hub

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.hub.asked.append(f"{self.command} {path} {self.headers.get('Range', '')}")
        for start, status in self.hub.faults.status.items():
            if path.startswith(start):
                return self._send(status, b"{}")
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/[^/]+)?", path):
            return self._list(found[1])
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            return self._file(found[1], found[3])
        if found := re.fullmatch(r"/cdn/([0-9a-f]{64})", path):
            return self._bytes(found[1])
        return self._send(404, b"{}")

    def _list(self, name: str) -> None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self._send(401, b'{"error":"Invalid username or password."}', {"X-Error-Code": "RepoNotFound"})
        answer = {"id": name, "modelId": name, "sha": repository.commit, "private": False, "tags": [], "downloads": 0}
        answer.update(siblings=repository.siblings(), gated="auto" if repository.gated else False, likes=0)
        return self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _file(self, name: str, file: str) -> None:
        repository = self.hub.repositories.get(name)
        if repository is None:
            return self._send(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        token = self.headers.get("Authorization", "")
        if repository.gated and token != "Bearer good":
            return self._send(403 if token else 401, b"{}", {"X-Error-Code": "GatedRepo"})
        if file not in repository.files:
            return self._send(404, b"{}", {"X-Error-Code": "EntryNotFound"})
        data = repository.files[file]
        headers = {"X-Repo-Commit": repository.commit, "Accept-Ranges": "bytes"}
        if len(data) < repository.large:
            return self._send(200, data, {**headers, "ETag": f'"{git_sha1(data)}"'})
        digest = sha256(data)
        headers |= {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(data))}
        return self._send(302, b"", {**headers, "Location": f"{self.hub.cdn}/cdn/{digest}"})

    def _bytes(self, digest: str) -> None:
        every = [data for repository in self.hub.repositories.values() for data in repository.files.values()]
        data = self.hub.faults.sent.get(digest) or next(data for data in every if sha256(data) == digest)
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if found is None or self.hub.faults.ignore_range:
            return self._send(200, data, {"ETag": f'"{digest}"'})
        start = int(found[1])
        place = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}", "ETag": f'"{digest}"'}
        return self._send(206, data[start:], place)

    def _send(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.path.startswith("/cdn/") and self.hub.faults.break_after:
            data = data[: self.hub.faults.break_after.pop(0)]
            self.close_connection = True  # in the middle of the body
        if self.path.startswith("/cdn/") and (event := self.hub.faults.hold):
            self.wfile.write(data[: len(data) // 2])
            event.wait(20)
            data = data[len(data) // 2 :]
        with contextlib.suppress(ConnectionError):  # the client may have been killed
            self.wfile.write(data)


@contextmanager
def serving() -> Iterator[Hub]:
    """Run a hub, and the host of its big files, on ports of their own; at the end their threads are gone."""
    hub = Hub()
    with _listening(hub, "127.0.0.1") as hub.url, _listening(hub, "127.0.0.2") as hub.cdn:
        yield hub


@contextmanager
def _listening(hub: Hub, host: str) -> Iterator[str]:
    handler = type("_OwnHandler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer((host, 0), handler)
    server.daemon_threads = False  # joined at the end
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
