"""What to serve, checked; and the plan and the board that follow from it.

Used by `service.service` and by those who make one. Nothing is started here.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from llmproc.checkpoints.model_file import open_model
from llmproc.config import EngineOptions, Scheduling
from llmproc.errors import StartError
from llmproc.grammars.library import MAX_GRAMMAR
from llmproc.grammars.token_table import TokenFile
from llmproc.monitor import proc
from llmproc.processes.frames import HEADER_SIZE, MAX_PAYLOAD
from llmproc.processes.plan import Plan
from llmproc.processes.requestboard import RequestBoard
from llmproc.processes.spawn import SpawnedTemplate
from llmproc.service.early import WORK
from llmproc.service.messages import PrepareOrder

Work = Literal["generate", "wait"]
_CELLS = 4  # of a ring, at least: what comes back after a death waits behind them
_ID_BYTES, _ORDER_BYTES = 5, 1024  # of an id in msgpack at most; of everything else, end tokens for instance
_WAIT_POSITIONS = 4096


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """The model to serve, and with how many processes."""

    checkpoint: Path  # with work "wait" it is never opened
    workers: int = 1
    engine: EngineOptions = field(default_factory=EngineOptions)
    mode: str = "ws"  # dispatch policy, a key of dispatch.POLICIES
    work: Work = "generate"
    scheduling: Scheduling = field(default_factory=Scheduling)
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    output_fd: int | None = None
    stuck_after_s: float = 10.0
    early: SpawnedTemplate | None = None  # a template that was started before (service.early)


def open_board(config: ServiceConfig) -> RequestBoard:
    """Make a board: rings that keep every worker in work while main is busy, and slots for the longest orders.

    Memory is taken for what is written into a slot, not for what fits.

    StartError when the system has no room for it.
    """
    workers, sequences = config.workers, config.engine.sequences
    cells = max(_CELLS, sequences)
    positions = _WAIT_POSITIONS
    if config.work == "generate":
        positions = config.engine.positions(open_model(config.checkpoint).description.seq_len)
    size = HEADER_SIZE + min(MAX_PAYLOAD, _ORDER_BYTES + MAX_GRAMMAR + _ID_BYTES * positions)
    try:
        return RequestBoard.create(workers, cells, workers * (cells + sequences + 1), -(-size // 8) * 8)
    except OSError as error:  # a limit on the size of files, or no memory
        raise StartError(f"the request board cannot be made: {error.strerror}") from None


def make_plan(config: ServiceConfig, board: RequestBoard, tokens: TokenFile, steals: bool) -> Plan:
    """Return what the supervisor is to run; `steals`: whether workers take from each other's rings."""
    prepare, child = WORK[config.work]
    order = PrepareOrder(os.fsencode(config.checkpoint), config.engine, config.workers, steals)
    return Plan(
        prepare=prepare,
        child=child,
        payload=msgspec.json.encode(order),
        workers=config.workers,
        environment=config.environment,
        output_fd=config.output_fd,
        stuck_after_s=config.stuck_after_s,
        shared=(board.fd, tokens.fd),
        health_sample=_health_sample,
        early=config.early,
    )


def _health_sample(pid: int) -> tuple[int, int, str] | None:
    """Return CPU nanoseconds, run-queue nanoseconds and state, or None when it is gone."""
    stat, times = proc.read_stat(pid), proc.read_schedstat(pid)
    return None if stat is None or times is None else (times.run_ns, times.wait_ns, stat.state)
