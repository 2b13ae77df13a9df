"""A running service for tests, and ways to hurt it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import structs
from support.paths import PYTHONPATH

from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import write_synthetic
from llmproc.config import SamplingParams
from llmproc.monitor.events import Event, kind_of
from llmproc.service.config import ServiceConfig
from llmproc.service.messages import Finish
from llmproc.service.service import Service
from llmproc.service.ticket import Ticket, Tokens


class Recorder:
    """An observer that remembers."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def on_event(self, event: Event) -> None:
        self.events.append((kind_of(event), structs.asdict(event)))

    def named(self, *names: str) -> list[str]:
        return [kind for kind, _ in self.events if kind in names]


@contextmanager
def serving(checkpoint: Path, observer: Any = None, **settings: Any) -> Iterator[Service]:
    """A started service; everything it started has ended afterwards."""
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    service = Service(ServiceConfig(checkpoint, environment=environment, **settings), observer)
    service.start()
    try:
        yield service
    finally:
        service.close(20)


def slow_model(folder: Path, vocab_size: int = 512, seq_len: int = 1024) -> Path:
    """A random model of 42 MB, 3 to 10 ms a token: long enough to be killed in the middle of, on a fast machine too."""
    path = folder / "slow.bin"
    if not path.exists():
        write_synthetic(path, ModelDescription(512, 1536, 12, 8, 4, vocab_size, seq_len, 64, True, "int8", 64), seed=1)
    return path


def collect(ticket: Ticket) -> tuple[list[int], Finish]:
    """All ids of a request and its terminal event."""
    tokens: list[int] = []
    for event in ticket:
        if isinstance(event, Tokens):
            tokens += event.ids
        else:
            return tokens, event
    raise AssertionError("no terminal event")


def sampling(**changes: Any) -> SamplingParams:
    return SamplingParams(**changes)


def vocabulary(path: Path) -> int:
    return open_model(path).description.vocab_size
