"""Our own server as a process, as a user starts it; it ends by SIGTERM and leaves nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.paths import ROOT
from support.processes import remaining
from support.waiting import PATIENCE_S

ADDRESS = "LOCAL_API_BASE="


@dataclass(frozen=True)
class OwnServer:
    """A server that is ready. `url`: http://127.0.0.1:PORT, without /v1."""

    url: str
    process: subprocess.Popen[str] | None = None  # None: not ours to end
    errors: Path | None = None  # what it has written to standard error


@contextmanager
def own_server(model: Path, folder: Path, *options: object) -> Iterator[OwnServer]:
    """Start `serve` on a free port and wait until it is ready. `folder`: for its logs."""
    sign = uuid.uuid4().hex
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LLMPROC_RUN_DIR": str(folder / "runs")}
    errors = folder / "errors.txt"
    command = [sys.executable, "-m", "llmproc", "serve", "--port", "0", "--model", model, *options]
    with errors.open("w") as stream:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, text=True, stdout=subprocess.PIPE, stderr=stream,
            env={**environment, "LLMPROC_TEST_SIGN": sign}, start_new_session=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith(ADDRESS), f"{line!r}, exit {process.poll()}: {errors.read_text()}"
        yield OwnServer(line.removeprefix(ADDRESS).strip().removesuffix("/v1"), process, errors)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(PATIENCE_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            process.stdout.close()
            left = remaining(f"LLMPROC_TEST_SIGN={sign}", 1.0)
    assert code == 0 and not left, f"exit {code}, processes left {left}: {errors.read_text()}"
