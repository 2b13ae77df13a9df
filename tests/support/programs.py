"""Programs that use the Python API, run as real processes, and a look at what they leave."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from dataclasses import dataclass
from pathlib import Path

from support.paths import ROOT
from support.processes import remaining
from support.waiting import PATIENCE_S


@dataclass
class Ended:
    code: int
    out: str
    err: str
    left: list[int]  # processes it started that live


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LLMPROC_", "PYTHONPATH"))}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def program(
    code: str | list[str],
    folder: Path,
    interrupt_at: str | None = None,
    place: bool = True,
    patience_s: float = 1.0,
    **more: str,
) -> Ended:
    """Run Python code (or arguments for Python). `interrupt_at`: Ctrl-C when this line has been written.

    Ctrl-C goes to the whole process group, as a terminal's does. `place` False: without PYTHONPATH.
    """
    arguments = ["-c", textwrap.dedent(code)] if isinstance(code, str) else code
    sign = uuid.uuid4().hex
    settings = environment(LLMPROC_TEST_SIGN=sign, **more)
    if not place:
        del settings["PYTHONPATH"]
    process = subprocess.Popen(
        [sys.executable, "-W", "error", *arguments] if isinstance(code, str) else [sys.executable, *arguments],
        cwd=folder, env=settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    out = ""
    try:
        if interrupt_at is not None:
            assert process.stdout is not None
            while interrupt_at not in (line := process.stdout.readline()):
                assert line, f"it ended: {process.stderr.read() if process.stderr else ''}"
                out += line
            os.killpg(process.pid, signal.SIGINT)
        rest, err = process.communicate(timeout=PATIENCE_S)
        return Ended(process.returncode, out + rest, err, remaining(f"LLMPROC_TEST_SIGN={sign}", patience_s))
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
