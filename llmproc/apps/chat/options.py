"""The prompt loop's command line: flags in, one frozen ChatOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.startup import OneLineParser
from llmproc.config import (
    POLICIES,
    EngineOptions,
    Environment,
    SamplingParams,
    Scheduling,
    parse_cpus,
    shipped_file,
)
from llmproc.errors import UsageError

COURSE_PROMPTS = 4
_EXAMPLES = """examples:
  python -m llmproc.main 42                      chat with the shipped model, seed 42
  python -m llmproc.main 42 2>log.txt            the same; /proc samples of the worker go to log.txt
  echo 'What is a pipe?' | python -m llmproc.main --temperature 0
  python -m llmproc.main --policy batch --nice 10 --cpus 0
  python -m llmproc.main --course --model model.bin --tokenizer tokenizer.bin 42
"""


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Everything a prompt loop needs to know, checked."""

    model: Path
    tokenizer: Path
    sampling: SamplingParams
    seed_drawn: bool
    scheduling: Scheduling
    engine: EngineOptions
    course: bool
    system: str | None
    interval_s: float
    log: str | None
    run_dir: str | None

    @property
    def prompt_limit(self) -> int | None:
        """Prompts before the program ends by itself."""
        return COURSE_PROMPTS if self.course else None


def build_parser(prog: str) -> argparse.ArgumentParser:
    """The parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Chat with a language model that runs in a forked worker process on the CPU. Answers go to stdout; "
        "samples of the worker's /proc entry go to stderr when that is redirected, and always to the run folder.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "seed",
        nargs="?",
        type=int,
        default=42,
        help="seed of the random stream (42); 0 or less draws one and prints it",
    )
    files = parser.add_argument_group("files")
    files.add_argument(
        "--model", type=Path, metavar="FILE", help="checkpoint: llama2.c version 2, 1 or legacy (shipped)"
    )
    files.add_argument("--tokenizer", type=Path, metavar="FILE", help="tokenizer.bin (beside the model, else shipped)")
    choice = parser.add_argument_group("token sampling")
    choice.add_argument("--temperature", type=float, default=0.6, help="0 takes the likeliest token (0.6)")
    choice.add_argument("--top-p", type=float, default=0.9, help="keep the likeliest tokens up to this share (0.9)")
    choice.add_argument("--max-tokens", type=int, default=512, help="tokens of one answer at most (512)")
    choice.add_argument("--system", metavar="TEXT", help="system message at the start of the conversation")
    add_engine_options(parser)
    cpu = parser.add_argument_group("scheduling of the worker")
    cpu.add_argument("--policy", choices=POLICIES, help="scheduling policy (unchanged)")
    cpu.add_argument("--nice", type=int, metavar="N", help="nice value, -20 to 19 (unchanged)")
    cpu.add_argument("--rt-priority", type=int, default=1, metavar="N", help="priority for fifo and rr, 1 to 99 (1)")
    cpu.add_argument("--cpus", metavar="LIST", help="cores the worker may use, such as 0,2-3 (all allowed)")
    logs = parser.add_argument_group("logs")
    logs.add_argument("--interval", type=float, default=0.3, metavar="SECONDS", help="between two samples (0.3)")
    logs.add_argument("--log", metavar="FILE", help="write samples to FILE instead of stderr; - is stderr in any case")
    logs.add_argument("--run-dir", metavar="DIR", help="keep run folders in DIR (logs/ of a checkout); none: keep none")
    parser.add_argument(
        "--course",
        action="store_true",
        help="the course's exercise exactly: its template, 4 prompts, 256 coins a turn, ./model.bin and "
        "./tokenizer.bin when present",
    )
    return parser


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> ChatOptions:
    """Options from the command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    if not 0.01 <= given.interval <= 3600:
        raise UsageError(f"--interval is {given.interval}: must be from 0.01 to 3600 seconds")
    if given.course and given.system is not None:
        raise UsageError("--system cannot be used with --course: the exercise has no system message")
    if given.rt_priority != 1 and given.policy not in ("fifo", "rr"):
        raise UsageError("--rt-priority needs --policy fifo or rr")
    drawn = given.seed <= 0
    seed = int.from_bytes(os.urandom(4), "little") + 1 if drawn else given.seed
    model = given.model or environment.model or _local("model.bin", given.course) or shipped_file("model", "model.bin")
    tokenizer = (
        given.tokenizer or environment.tokenizer or _local("tokenizer.bin", given.course) or _tokenizer_for(model)
    )
    cpus = None if given.cpus is None else parse_cpus(given.cpus)
    return ChatOptions(
        model=model,
        tokenizer=tokenizer,
        sampling=SamplingParams(given.temperature, given.top_p, given.max_tokens, seed),
        seed_drawn=drawn,
        scheduling=Scheduling(given.policy, given.nice, given.rt_priority, cpus),
        engine=engine_options(given, c_order=given.course),
        course=given.course,
        system=given.system,
        interval_s=given.interval,
        log=given.log,
        run_dir=given.run_dir or environment.run_dir,
    )


def _local(name: str, course: bool) -> Path | None:
    path = Path(name)
    return path if course and path.exists() else None


def _tokenizer_for(model: Path) -> Path:
    beside = model.with_name("tokenizer.bin")
    return beside if beside.exists() else shipped_file("tokenizer", "tokenizer.bin")
