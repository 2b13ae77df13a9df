"""Watching a service: whoever watches gets every event, before the request's caller gets what the event is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from llmproc.monitor.events import Event

OnEvent = Callable[[Event], None]


class Observer(Protocol):
    """Is told on the service's I/O thread: quick, and never raises."""

    def on_event(self, event: Event) -> None:
        """Take note of an event, or of a moment for reading /proc."""


def ignore(event: Event) -> None:
    """Take no note of it."""
