"""A stand-in for llama-server as a running process, and what it wrote down."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from llmproc.experiments.http_load.cpu_times import CpuUse, TreeReading, total
from llmproc.experiments.http_load.server_process import ServerPlan, ServerProcess

STUB = Path(__file__).with_name("llama_server_stub.py")


def whole(before: TreeReading, after: TreeReading, pid: int) -> CpuUse:
    return total(before, after)


def stub_plan(folder: Path, fault: str = "", ready: str = "/health") -> ServerPlan:
    environment = {"STUB_FAULT": fault, "STUB_RECORD": str(folder / "record.jsonl")}
    return ServerPlan("stub", [sys.executable, str(STUB)], ready, whole, environment)


def recorded(folder: Path, what: str) -> list[Any]:
    """What it wrote down: bodies or arguments."""
    lines = (folder / "record.jsonl").read_text().splitlines()
    return [found[what] for line in lines if what in (found := json.loads(line))]


@contextlib.contextmanager
def running_stub(folder: Path, fault: str = "") -> Iterator[ServerProcess]:
    with ServerProcess(stub_plan(folder, fault), folder) as server:
        server.wait_ready(60.0)
        yield server
