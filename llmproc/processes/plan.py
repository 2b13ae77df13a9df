"""What a supervisor runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from llmproc.processes.spawn import SpawnedTemplate

HealthSampler = Callable[[int], tuple[int, int, str] | None]  # pid -> CPU ns, run-queue ns, state; None: it is gone


def _sample_nothing(pid: int) -> None:
    """Return nothing: without samples of /proc, silence is never judged."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The processes to run: the two names, the payload for `prepare`, how many workers, and where their output goes."""

    prepare: str
    child: str
    payload: bytes = b""
    workers: int = 1
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    output_fd: int | None = None
    stuck_after_s: float = 10.0
    shared: tuple[int, ...] = ()  # descriptors of memory that every worker is handed; their maker closes them
    health_sample: HealthSampler = _sample_nothing  # what the system says about a worker
    early: SpawnedTemplate | None = None  # the first template, if it was started already
