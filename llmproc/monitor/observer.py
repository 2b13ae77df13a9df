"""What a service tells those who watch it. Called on the I/O thread: implementations are quick and never raise."""

from __future__ import annotations

from resource import struct_rusage
from typing import Any, Protocol


class Observer(Protocol):
    """Events for the run folder, and the moments at which /proc has to be read."""

    def event(self, kind: str, **fields: Any) -> None:
        """Something happened; the names and fields are in logs/README.md."""

    def worker_started(self, pid: int) -> None:
        """A worker is main's child now."""

    def worker_dying(self, pid: int) -> None:
        """It is dead but not yet reaped: the last moment its /proc entry can be read."""

    def worker_reaped(self, pid: int, usage: struct_rusage) -> None:
        """It has been reaped; what it used in all."""

    def turn_began(self, pid: int) -> None:
        """This worker starts to generate."""

    def turn_ended(self, pid: int) -> None:
        """It has no more work: time for the closing sample."""


class NoObserver:
    """Watches nothing."""

    def event(self, kind: str, **fields: Any) -> None:
        """Ignored."""

    def worker_started(self, pid: int) -> None:
        """Ignored."""

    def worker_dying(self, pid: int) -> None:
        """Ignored."""

    def worker_reaped(self, pid: int, usage: struct_rusage) -> None:
        """Ignored."""

    def turn_began(self, pid: int) -> None:
        """Ignored."""

    def turn_ended(self, pid: int) -> None:
        """Ignored."""
