"""What a supervisor runs, and who hears of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from llmproc.errors import LlmprocError
from llmproc.processes.frames import Frame
from llmproc.processes.slots import WorkerExit


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: the two names, the payload for `prepare`, how many workers, and where their output goes."""

    prepare: str
    child: str
    payload: bytes = b""
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    output_fd: int | None = None
    stuck_after_s: float = 10.0
    shared: tuple[int, ...] = ()  # descriptors of memory that every worker is handed; whoever made them closes them


class Listener(Protocol):
    """What the room above hears, always on the I/O thread."""

    def template_started(self, pid: int) -> None: ...
    def progress(self, payload: bytes) -> None: ...
    def prepared(self, payload: bytes) -> None: ...
    def template_died(self, pid: int, code: int) -> None: ...
    def worker_forked(self, slot: int, pid: int) -> None: ...
    def worker_ready(self, slot: int, pid: int) -> None: ...
    def frame(self, slot: int, frame: Frame) -> None: ...
    def worker_dying(self, slot: int, pid: int) -> None: ...
    def worker_died(self, slot: int, ended: WorkerExit) -> None: ...
    def holds_work(self, slot: int) -> bool: ...
    def on_health_tick(
        self, slot: int
    ) -> None: ...  # its health: a moment that comes twice a second while it holds work
    def round_ended(self) -> bool: ...  # all that was heard just now has been told; was any of it urgent?
    def health_sample(self, pid: int) -> tuple[int, int, str] | None: ...
    def warn(self, text: str) -> None: ...
    def gave_up(self, error: LlmprocError) -> None: ...
    def stopped(self) -> None: ...
