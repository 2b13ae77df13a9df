"""Stub servers as running processes, and what they wrote down."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PROGRAM = Path(__file__).with_name("token_server.py")


class RunningStub:
    """One stub server. `settings` as the program takes them."""

    def __init__(self, folder: Path, name: str = "stub", **settings: Any) -> None:
        self.log = folder / f"{name}.jsonl"
        self._settings = {"log": str(self.log), **settings}
        self.process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAM), json.dumps(self._settings)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        self._settings["port"] = self.port = int(process.stdout.readline())
        return process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def start_again(self, **settings: Any) -> None:
        """After a kill, on the same port."""
        self._close()
        self._settings |= settings
        self.process = self._start()

    def requests(self) -> list[dict[str, Any]]:
        """The bodies of all requests that came, in order."""
        return [line["body"] for line in self._lines() if "body" in line]

    def keys(self) -> set[str]:
        return {line["key"] for line in self._lines() if "body" in line}

    def prompts(self) -> list[str]:
        return [body.get("prompt") or body["messages"][-1]["content"] for body in self.requests()]

    def most_at_once(self) -> int:
        """The most requests that it had at the same time."""
        now = most = 0
        for line in self._lines():
            now += 1 if "body" in line else -1
            most = max(most, now)
        return most

    def _lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    def _close(self) -> None:
        if self.process.poll() is None:
            self.kill()
        assert self.process.stdout is not None
        self.process.stdout.close()


@contextlib.contextmanager
def stubs(folder: Path, *settings: dict[str, Any]) -> Iterator[list[RunningStub]]:
    """One server for each of the settings."""
    found: list[RunningStub] = []
    try:
        for number, each in enumerate(settings):
            found.append(RunningStub(folder, f"stub{number}", **each))
        yield found
    finally:
        for stub in found:
            stub._close()
