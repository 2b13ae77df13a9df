"""A server as a process: started on a free port, waited for, asked what CPU time it took, ended.

Used by experiments for any server that answers a GET with 200 once it is ready. What it writes goes to a file; the last
line of that says why it died.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from llmproc.errors import StartError
from llmproc.experiments.http_load.cpu_times import CpuUse, TreeReading, read_tree
from llmproc.experiments.http_load.driving import HOST

_LOOK_S = 0.1
_END_S = 20.0


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """The way a server is started. `words`: its command line, without the port, which follows `--port`."""

    name: str
    words: Sequence[str]
    ready: str  # the path that answers 200 once it can be used
    parted: Callable[[TreeReading, TreeReading, int], CpuUse]  # by the readings and the pid
    environment: Mapping[str, str] = field(default_factory=dict)  # beside the current one


def free_port() -> int:
    """Return a port of this machine's own address that was free just now."""
    with contextlib.closing(socket.socket()) as place:
        place.bind((HOST, 0))
        port: int = place.getsockname()[1]
    return port


class ServerProcess:
    """A running server; `close()` it, or use it in a `with`."""

    def __init__(self, plan: ServerPlan, folder: Path) -> None:
        """Start it; its output goes to a file of its name in `folder`. StartError when the program cannot be run."""
        self.plan, self.port = plan, free_port()
        self._output = folder / f"{plan.name}.txt"
        command = [*plan.words, "--port", str(self.port)]
        with self._output.open("wb") as output:
            try:
                self._process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    env={**os.environ, **plan.environment}, cwd=folder,
                )  # fmt: skip
            except OSError as error:
                raise StartError(f"{plan.name}: {plan.words[0]} cannot be started ({error.strerror})") from None

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Return the pid of its first process."""
        return self._process.pid

    def wait_ready(self, patience_s: float) -> None:
        """Wait until it can be used. StartError when it ended, or was not ready in time."""
        end = time.monotonic() + patience_s
        while not self._ready():
            if (status := self._process.poll()) is not None:
                raise StartError(f"{self.plan.name} ended with status {status}: {self._last_line()}")
            if time.monotonic() > end:
                raise StartError(f"{self.plan.name} was not ready after {patience_s:g} seconds")
            time.sleep(_LOOK_S)

    def read_cpu(self) -> TreeReading:
        """Read what its processes have taken so far."""
        return read_tree(self.pid)

    def cpu_between(self, before: TreeReading, after: TreeReading) -> CpuUse:
        """Return what it took between two readings."""
        return self.plan.parted(before, after, self.pid)

    def close(self) -> None:
        """End it, gently if it listens; twice is fine."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(_END_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process.wait()

    def _ready(self) -> bool:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_END_S)
        try:
            connection.request("GET", self.plan.ready)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _last_line(self) -> str:
        lines = self._output.read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"
