"""llama.cpp's engine without a server: llama-batched-bench, from the build that the server came from.

It reads the prompts of all sequences, then makes steps of one id for each, random ids, and tells both times; loading
the model and one warm-up step are in neither. Reading a prompt makes an answer's first id, so an answer of 64 takes 63
steps, here as in any engine. Source of its output: `--output-format jsonl`, one object a line among
lines of its log.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from llmproc.errors import StartError
from llmproc.experiments.against_llama_server.options import CompareServersOptions

NAME = "llama-batched-bench"
_LIMIT_S = 900.0


def beside(llama_server: Path) -> Path | None:
    """Return the program of the same build; None where it was not built."""
    found = llama_server.resolve().with_name(NAME)
    return found if found.is_file() else None


def command_of(program: Path, options: CompareServersOptions, model: Path) -> list[str]:
    """Return the command that measures one load of all sequences."""
    words = [
        program, "-m", model, "-c", options.clients * options.context, "-npp", options.prompt_tokens,
        "-ntg", options.new_tokens - 1, "-npl", options.clients, "-t", options.threads, "-tb", options.threads,
        "--output-format", "jsonl",
    ]  # fmt: skip
    return [str(word) for word in words]


def seconds_in(output: str) -> float:
    """Return the seconds that it tells for prompts and answers together. ValueError when it tells none."""
    for line in output.splitlines():
        if line.startswith("{") and '"t"' in line:
            return float(json.loads(line)["t"])
    raise ValueError("it tells no time")


def run(command: list[str]) -> float:
    """Run it; return the seconds of all sequences. StartError when it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise StartError(f"{NAME} ended with status {done.returncode}: {lines[-1] if lines else 'it said nothing'}")
    try:
        return seconds_in(done.stdout + "\n" + done.stderr)
    except (ValueError, KeyError) as error:
        raise StartError(f"{NAME} answered something else: {error}") from None
