"""The near end of an arm's pipe: starts `arm_process`, asks, waits, and says in one line why an arm died.

Used by the runner, to which a RemoteArm is what a TimedArm is. Protocol: see `arm_process`.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from llmproc.errors import LlmprocError, StartError, WorkersLostError, rebuild
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.timed import Timing
from llmproc.experiments.bench.work import Work
from llmproc.files.interpreter import child_command, child_environment
from llmproc.monitor.proc import read_schedstat

OWN = "llmproc.experiments.bench.arms.own:open_arm"
TRACED = "llmproc.experiments.bench.arms.traced:open_arm"
LLAMA_CPP = "llmproc.experiments.bench.arms.llama_cpp:open_arm"
MACHINE = "llmproc.experiments.bench.arms.machine:open_arm"
_CLOSE_S = 10.0


class RemoteArm:
    """One arm process; `close()` it. Not for two threads at once."""

    def __init__(self, target: str, options: ArmOptions) -> None:
        """Start the process and open the arm. Raises what the arm raised, StartError when it died."""
        self._output = os.memfd_create("llmproc-bench-arm", os.MFD_CLOEXEC)
        self._process = subprocess.Popen(
            child_command("llmproc.experiments.bench.arm_process"),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._output,
            env=child_environment(),
        )  # fmt: skip
        self.name = target
        self._opened = False
        try:
            found = self._ask(do="open", target=target, options=asdict(options))
        except BaseException:
            self.close()
            raise
        self.name, self._opened = found["name"], True

    @property
    def pid(self) -> int:
        """Return the pid of the process."""
        return self._process.pid

    def about(self) -> dict[str, Any]:
        """Return what the arm says now: also what has happened to it since it was opened."""
        return {**self._ask(do="about"), "pid": self.pid}

    def settings(self, work: Work) -> list[str]:
        found: list[str] = self._ask(do="settings", work=work.as_dict())
        return found

    def run(self, work: Work, setting: str) -> Timing:
        return Timing(**self._ask(do="run", work=work.as_dict(), setting=setting))

    def trace(self, work: Work) -> dict[str, Any]:
        """Return where the time of a work goes, as `arms.traced` answers it."""
        found: dict[str, Any] = self._ask(do="trace", work=work.as_dict())
        return found

    def cpu_seconds(self) -> float:
        """Return the CPU seconds that its living threads have used."""
        found = read_schedstat(self.pid)
        return found.run_ns / 1e9 if found else 0.0

    def close(self) -> None:
        """End the process, gently if it listens; twice is fine."""
        process = self._process
        if process.returncode is None:
            if self._opened:
                with suppress(OSError):
                    self._write(do="close")
            else:
                process.kill()
            with suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]
            try:
                process.wait(_CLOSE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close()  # type: ignore[union-attr]
        if self._output >= 0:
            os.close(self._output)
            self._output = -1

    def kill(self) -> None:
        """End the process at once, in the middle of whatever it does."""
        self._opened = False
        self.close()

    def _write(self, **question: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        self._process.stdin.flush()

    def _ask(self, **question: Any) -> Any:
        assert self._process.stdout is not None
        try:
            self._write(**question)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = b""
        if not line.endswith(b"\n"):
            raise self._death(question)
        answer = json.loads(line)
        if "error" in answer:
            raise rebuild(answer["error"], answer["message"])
        return answer["ok"]

    def _death(self, question: dict[str, Any]) -> LlmprocError:
        status = self._process.wait()
        lines = os.pread(self._output, 1 << 20, 0).decode(errors="replace").strip().splitlines()
        at = question["work"]["name"] if "work" in question else question["do"]
        how = f"signal {-status}" if status < 0 else f"status {status}"
        message = f"bench's arm {self.name} died at {at} ({how}): {lines[-1] if lines else 'it said nothing'}"
        return WorkersLostError(message) if self._opened else StartError(message)
