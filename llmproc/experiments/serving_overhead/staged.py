"""The server with clocks, from here: how it is started, and where its time went between two moments.

Used by `overhead`. Everything else of it is `http_load.server_process`'s.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from llmproc.errors import StartError
from llmproc.experiments.http_load.server_process import ServerPlan, ServerProcess
from llmproc.experiments.serving_overhead.staged_server import VARIABLE
from llmproc.experiments.serving_overhead.stages import FRAMES, FRAMES_THREAD, LOOP, REST, STAGES
from llmproc.files.interpreter import child_command

NAME = "with clocks"
_LOOP_THREAD = "MainThread"
_PATIENCE_S = 60.0
_LOOK_S = 0.002


@dataclass(frozen=True, slots=True)
class StageReading:
    """Nanoseconds since the server's start: of stages, of threads by name."""

    stages: Mapping[str, int]
    threads: Mapping[str, int]


def staged_plan(plan: ServerPlan, told: Path) -> ServerPlan:
    """Return the plan for our server with clocks, from the one without; it tells in the file `told`."""
    options = plan.words[plan.words.index("serve") + 1 :]
    words = child_command("llmproc.experiments.serving_overhead.staged_server", *options)
    return replace(plan, name=NAME, words=words, environment={**plan.environment, VARIABLE: str(told)})


def read_stages(server: ServerProcess) -> StageReading:
    """Ask where the time has gone so far. StartError when it does not tell."""
    told = Path(server.plan.environment[VARIABLE])
    told.unlink(missing_ok=True)
    os.kill(server.pid, signal.SIGUSR1)
    end = time.monotonic() + _PATIENCE_S
    while not told.exists():
        if time.monotonic() > end:
            raise StartError(f"the server {NAME} does not tell where its time went")
        time.sleep(_LOOK_S)
    found: dict[str, Any] = json.loads(told.read_text())
    return StageReading(found["stages"], found["threads"])


def seconds_between(before: StageReading, after: StageReading) -> dict[str, float]:
    """Return the CPU seconds of each of `stages.ALL`. Threads that ended meanwhile are left out."""
    stages = {stage: (after.stages.get(stage, 0) - before.stages.get(stage, 0)) / 1e9 for stage in STAGES}
    threads = {name: (ns - before.threads.get(name, 0)) / 1e9 for name, ns in after.threads.items()}
    loop, frames = threads.pop(_LOOP_THREAD, 0.0), threads.pop(FRAMES_THREAD, 0.0)
    rest = sum(max(0.0, seconds) for seconds in threads.values())
    return {FRAMES: frames, **stages, LOOP: max(0.0, loop - sum(stages.values())), REST: rest}
