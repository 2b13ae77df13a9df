"""One turn of the prompt loop behind pipes: what its first process takes for each token that it shows.

Used by `overhead`, beside the server: the same model, one sequence, no HTTP. The first turn is not measured, for what
is loaded when it is first needed is loaded then.
"""

from __future__ import annotations

import os
import select
import subprocess
import time
from pathlib import Path

from llmproc.errors import StartError
from llmproc.experiments.http_load.cpu_times import CpuUse, by_process, read_tree
from llmproc.experiments.http_load.prompts import digits
from llmproc.files.interpreter import child_command, child_environment

_ASKS = b">>> "  # what it writes when it waits for a line
_PATIENCE_S = 900.0


def chat_command(model: Path, threads: int, context: int, new_tokens: int) -> list[str]:
    """Return the command of a prompt loop whose answers have `new_tokens` tokens exactly."""
    options = ["--model", model, "--threads", threads, "--context", context, "--max-tokens", new_tokens]
    return child_command("llmproc", "chat", *map(str, options), "--temperature", "0", "--ignore-eos")


def measured_turn(command: list[str], folder: Path, prompt_tokens: int, seed: int) -> tuple[float, CpuUse]:
    """Return the seconds of a turn, from its line to the next question, and what was taken. StartError if it ends."""
    environment = {**child_environment(), "LLMPROC_RUN_DIR": str(folder / "runs"), "XDG_STATE_HOME": str(folder)}
    with (folder / "chat.txt").open("wb") as log:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, cwd=folder
        )
    try:
        _until_asked(process)
        _say(process, digits(prompt_tokens, 2 * seed))
        _until_asked(process)
        before, began = read_tree(process.pid), time.perf_counter()
        _say(process, digits(prompt_tokens, 2 * seed + 1))
        _until_asked(process)
        seconds = time.perf_counter() - began
        return seconds, by_process(before, read_tree(process.pid), process.pid)
    finally:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.close()  # its end
        try:
            process.wait(20.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _say(process: subprocess.Popen[bytes], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line.encode() + b"\n")
    process.stdin.flush()


def _until_asked(process: subprocess.Popen[bytes]) -> None:
    """Read what it shows until it asks for a line."""
    assert process.stdout is not None
    shown, end, place = b"", time.monotonic() + _PATIENCE_S, process.stdout.fileno()
    while not (b"\n" + shown).endswith(b"\n" + _ASKS):
        ready, _, _ = select.select([place], [], [], max(0.0, end - time.monotonic()))
        part = os.read(place, 1 << 16) if ready else b""
        if not part:
            raise StartError("the prompt loop ended" if ready else "the prompt loop does not answer")
        shown = (shown + part)[-1024:]
