"""Real clients as processes: each in its own environment, driven case by case over its standard streams."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).parent
PROGRAMS = HERE / "programs"
ENDING_S = 10.0  # of a program whose input has ended; then it is killed
MAKING_S = 1800.0  # downloads, and a machine with other work


@lru_cache
def pins() -> dict[str, str]:
    """The versions of pins.txt by client, as one text: `openai==2.54.0`."""
    lines = [line.split(maxsplit=2) for line in (HERE / "pins.txt").read_text().splitlines() if line[0] != "#"]
    return {client: packages for client, _, packages in lines}


def environment_of(client: str, folder: Path | None = None) -> Path:
    """The client's environment, made by make.sh if it is not there yet. AssertionError with pip's or npm's words.

    `folder`: where environments stand; without it $CLIENT_ENVIRONMENTS, or make.sh's own default.
    """
    place = folder or (Path(os.environ["CLIENT_ENVIRONMENTS"]) if "CLIENT_ENVIRONMENTS" in os.environ else None)
    command = [str(HERE / "make.sh"), client, *([str(place)] if place else [])]
    made = subprocess.run(command, capture_output=True, text=True, timeout=MAKING_S)
    assert made.returncode == 0, made.stderr
    return Path(made.stdout.splitlines()[-1])


@dataclass(frozen=True)
class ClientProgram:
    """A running program of programs/, which waits for names of cases."""

    version: str
    cases: tuple[str, ...]
    process: subprocess.Popen[str]

    def outcome(self, case: str) -> dict[str, Any]:
        """Run one case: {"result": ...}, or {"raised", "status", "message"} as the client raised it."""
        assert case in self.cases, f"{case}: none of {self.cases}"
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(case + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"{case}: the client's program ended with {self.process.wait()}"
        told: dict[str, Any] = json.loads(line)
        return told

    def result(self, case: str) -> Any:
        """Run one case that must not raise."""
        told = self.outcome(case)
        assert "raised" not in told, f"{case}: {told}"
        return told["result"]


def _command(program: str, environment: Path) -> list[str]:
    """A Python program by its path; a Node one as text, for modules are looked up from where a file lies."""
    if program.endswith(".py"):
        return [str(environment / "bin" / "python"), str(PROGRAMS / program)]
    source = (PROGRAMS / "cases.mjs").read_text() + (PROGRAMS / program).read_text()
    return ["node", "--input-type=module", "-e", source, "--"]


@contextmanager
def client_program(
    program: str, environment: Path, url: str, errors: IO[str] | None = None, **settings: str
) -> Iterator[ClientProgram]:
    """Start programs/`program` for the server at `url`, in a process group that is gone at the end.

    `errors`: a file for its standard error. `settings`: variables of its environment beside those that clients need.
    """
    hidden = ("PYTHON", "OPENAI_", "OLLAMA_", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    process = subprocess.Popen(
        [*_command(program, environment), url], cwd=environment, text=True, start_new_session=True, stderr=errors,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**inherited, **settings},
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, f"{program} ended with {process.wait()} before its first line"
        hello = json.loads(line)
        yield ClientProgram(hello["version"], tuple(hello["cases"]), process)
    finally:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
        try:
            process.wait(ENDING_S)
        except subprocess.TimeoutExpired:
            pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # and what it started
        process.wait()
        process.stdout.close()
