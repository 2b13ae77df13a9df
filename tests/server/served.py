"""A real `llmproc serve` in a process of its own, and what a test asks of it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from server.http_serving import HttpReply, ask
from support.paths import ROOT
from support.processes import children
from support.waiting import until

PATIENCE_S = 300.0  # kernels may have to be compiled first, on a busy machine


class Served:
    """A running server. `log`: what it wrote to stderr; `said`: to stdout."""

    def __init__(self, folder: Path, *options: object, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        self.log, self._out = folder / "serve.log", folder / "serve.out"
        command = [sys.executable, "-m", "llmproc", "serve", "--port", "0", *map(str, options)]
        env = {**os.environ, "LLMPROC_RUN_DIR": str(folder / "runs"), "PYTHONPATH": str(ROOT), **(environment or {})}
        with self.log.open("wb") as log, self._out.open("wb") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=log, env=env, cwd=folder, start_new_session=True
            )

    @property
    def said(self) -> str:
        """All that it wrote to stdout."""
        return self._out.read_text()

    @property
    def port(self) -> int:
        """The port it listens on, once it says that it is ready."""
        address = re.compile(r"^LOCAL_API_BASE=http://[^/]+:(\d+)/v1$", re.MULTILINE)

        def found() -> re.Match[str] | None:
            assert self.process.poll() is None, f"it ended: {self.said} {self.log.read_text()}"
            return address.search(self.said)

        return int(until(found, "it does not get ready", PATIENCE_S)[1])

    def ask(self, method: str, path: str, body: bytes | dict[str, Any] = b"", **settings: Any) -> HttpReply:
        """Send one request."""
        return ask(self.port, method, path, body, **settings)

    def worker(self) -> int:
        """The pid of a worker."""
        return int(self.ask("GET", "/workers").json["workers"][0]["pid"])

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, wait, and return the exit code; nothing of it may be left."""
        began = children(self.process.pid) if self.process.poll() is None else []
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE_S)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in began), "processes are left")
        return code


@contextlib.contextmanager
def served(folder: Path, *options: object, **settings: Any) -> Iterator[Served]:
    """Serve, and end it."""
    server = Served(folder, *options, **settings)
    try:
        yield server
    finally:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
