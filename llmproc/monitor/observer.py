"""Watching a service: an observer gets every event before the caller of the request gets the result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from llmproc.monitor.events import Event

OnEvent = Callable[[Event], None]


class Observer(Protocol):
    """The interface of an observer. It is called on the service's I/O thread: it must be quick and must not raise."""

    def on_event(self, event: Event) -> None:
        """Handle an event, or a moment for reading /proc."""


def ignore(event: Event) -> None:
    """Do nothing with the event."""
