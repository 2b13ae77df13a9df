"""A process of this package that answers JSON lines on stdin with JSON lines on stdout, seen from here.

Used for what must not share an interpreter with a measurement: the clients, and the engine alone.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from typing import Any

from llmproc.errors import StartError
from llmproc.files.interpreter import child_command, child_environment

_CLOSE_S = 10.0


class LineProcess:
    """One such process; `close()` it, or use it in a `with`. Not for two threads at once."""

    def __init__(self, module: str) -> None:
        """Start it."""
        self._name = module.rpartition(".")[2]
        self._errors = os.memfd_create(f"llmproc-{self._name}", os.MFD_CLOEXEC)
        self._process = subprocess.Popen(
            child_command(module),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors,
            env=child_environment(),
        )  # fmt: skip

    def __enter__(self) -> LineProcess:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Return its pid."""
        return self._process.pid

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Send an order and wait for what it says. StartError with its last line when it died."""
        assert self._process.stdin is not None and self._process.stdout is not None
        line = b""
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            status = self._process.wait()
            said = os.pread(self._errors, 1 << 20, 0).decode(errors="replace").strip().splitlines()
            raise StartError(f"{self._name} ended with status {status}: {said[-1] if said else 'it said nothing'}")
        found: dict[str, Any] = json.loads(line)
        return found

    def close(self) -> None:
        """End it, gently if it listens; twice is fine."""
        process = self._process
        with suppress(OSError):
            process.stdin.close()  # type: ignore[union-attr]
        try:
            process.wait(_CLOSE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(OSError):
            process.stdout.close()  # type: ignore[union-attr]
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1
