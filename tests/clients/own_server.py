"""Our own server as a process, as a user starts it; it ends by SIGTERM and leaves nothing."""

from __future__ import annotations

import os
import re
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
from support.waiting import PATIENCE_S, until


@dataclass(frozen=True)
class OwnServer:
    """A server that is ready. `url`: http://127.0.0.1:PORT, without /v1."""

    url: str
    process: subprocess.Popen[bytes] | None = None  # None: not ours to end
    errors: Path | None = None  # what it has written to standard error


@contextmanager
def own_server(model: Path, folder: Path, *options: object) -> Iterator[OwnServer]:
    """Start `serve` on a free port and wait until it is ready. `folder`: for its logs."""
    sign = uuid.uuid4().hex
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "LLMPROC_RUN_DIR": str(folder / "runs")}
    told, errors = folder / "told.txt", folder / "errors.txt"
    command = [sys.executable, "-m", "llmproc", "serve", "--port", "0", "--model", model, *options]
    with told.open("w") as out, errors.open("w") as err:
        process = subprocess.Popen(
            list(map(str, command)), cwd=folder, stdout=out, stderr=err, start_new_session=True,
            env={**environment, "LLMPROC_TEST_SIGN": sign},
        )  # fmt: skip

    def address() -> str | None:
        assert process.poll() is None, f"exit {process.poll()}: {errors.read_text()}"
        found = re.search(r"^LOCAL_API_BASE=(http://\S+)/v1$", told.read_text(), re.MULTILINE)
        return found and found[1]

    try:
        url = until(address, "the server does not say its address")
        yield OwnServer(url or "", process, errors)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(PATIENCE_S)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            left = remaining(f"LLMPROC_TEST_SIGN={sign}", 1.0)
    assert code == 0 and not left, f"exit {code}, processes left {left}: {errors.read_text()}"
