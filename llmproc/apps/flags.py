"""Flags that several verbs share, and what they mean: the files, token sampling, scheduling of the worker, logs.

Serves every verb that answers prompts. Never in it: a flag of one verb alone, or anything that starts a process.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from llmproc.config import POLICIES, Environment, SamplingParams, Scheduling, parse_cpus, shipped_file
from llmproc.errors import UsageError


def add_files(parser: argparse.ArgumentParser) -> None:
    """--model, --tokenizer."""
    files = parser.add_argument_group("files")
    files.add_argument(
        "--model", type=Path, metavar="FILE", help="checkpoint: llama2.c version 2, 1 or legacy (shipped)"
    )
    files.add_argument("--tokenizer", type=Path, metavar="FILE", help="tokenizer.bin (beside the model, else shipped)")


def add_sampling(parser: argparse.ArgumentParser) -> None:
    """--temperature, --top-p, --max-tokens, --system."""
    choice = parser.add_argument_group("token sampling")
    choice.add_argument("--temperature", type=float, default=0.6, help="0 takes the likeliest token (0.6)")
    choice.add_argument("--top-p", type=float, default=0.9, help="keep the likeliest tokens up to this share (0.9)")
    choice.add_argument("--max-tokens", type=int, default=512, help="tokens of one answer at most (512)")
    choice.add_argument("--system", metavar="TEXT", help="system message at the start of the conversation")


def add_scheduling(parser: argparse.ArgumentParser) -> None:
    """--policy, --nice, --rt-priority, --cpus."""
    cpu = parser.add_argument_group("scheduling of the worker")
    cpu.add_argument("--policy", choices=POLICIES, help="scheduling policy (unchanged)")
    cpu.add_argument("--nice", type=int, metavar="N", help="nice value, -20 to 19 (unchanged)")
    cpu.add_argument("--rt-priority", type=int, default=1, metavar="N", help="priority for fifo and rr, 1 to 99 (1)")
    cpu.add_argument("--cpus", metavar="LIST", help="cores the worker may use, such as 0,2-3 (all allowed)")


def add_logs(parser: argparse.ArgumentParser) -> None:
    """--interval, --log, --run-dir."""
    logs = parser.add_argument_group("logs")
    logs.add_argument("--interval", type=float, default=0.3, metavar="SECONDS", help="between two samples (0.3)")
    logs.add_argument("--log", metavar="FILE", help="write samples to FILE instead of stderr; - is stderr in any case")
    logs.add_argument("--run-dir", metavar="DIR", help="keep run folders in DIR (logs/ of a checkout); none: keep none")


def files_of(given: argparse.Namespace, environment: Environment, course: bool = False) -> tuple[Path, Path]:
    """(model, tokenizer): the flag's, else the environment's, else the shipped ones.

    `course`: ./model.bin and ./tokenizer.bin go before the shipped ones when they are present.
    """
    model = given.model or environment.model or _local("model.bin", course) or shipped_file("model", "model.bin")
    tokenizer = given.tokenizer or environment.tokenizer or _local("tokenizer.bin", course) or _tokenizer_for(model)
    return model, tokenizer


def unused_model(model: Path) -> str | None:
    """Return a line about a ./model.bin that is there and is not the model in use; None if there is none."""
    here = Path("model.bin")
    if not here.is_file() or (model.exists() and here.samefile(model)):
        return None
    return "./model.bin is not used: add --model model.bin to use it, or --course for the exercise"


def sampling_of(given: argparse.Namespace, seed: int) -> tuple[SamplingParams, bool]:
    """The options of token sampling, and whether the seed was drawn (0 or less draws one)."""
    drawn = seed <= 0
    if drawn:
        seed = int.from_bytes(os.urandom(4), "little") + 1
    return SamplingParams(given.temperature, given.top_p, given.max_tokens, seed), drawn


def scheduling_of(given: argparse.Namespace) -> Scheduling:
    """What the worker's tasks are set to. UsageError for flags that do not go together."""
    if given.rt_priority != 1 and given.policy not in ("fifo", "rr"):
        raise UsageError("--rt-priority needs --policy fifo or rr")
    cpus = None if given.cpus is None else parse_cpus(given.cpus)
    return Scheduling(given.policy, given.nice, given.rt_priority, cpus)


def interval_of(given: argparse.Namespace) -> float:
    """Seconds between two samples."""
    if not 0.01 <= given.interval <= 3600:
        raise UsageError(f"--interval is {given.interval}: must be from 0.01 to 3600 seconds")
    return float(given.interval)


def _local(name: str, course: bool) -> Path | None:
    path = Path(name)
    return path if course and os.path.lexists(path) else None  # a link to nothing is an error, not another file


def _tokenizer_for(model: Path) -> Path:
    beside = model.parent / "tokenizer.bin"  # with_name would not take a name like `.`
    return beside if beside.exists() else shipped_file("tokenizer", "tokenizer.bin")
