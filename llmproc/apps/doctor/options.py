"""The command line of `llmproc doctor`: flags in, one frozen DoctorOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.flags import add_files, files_of
from llmproc.apps.parser import OneLineParser
from llmproc.config import KV_TYPES, WEIGHT_TYPES, EngineOptions, Environment
from llmproc.errors import UsageError

_EXAMPLES = """examples:
  python -m llmproc doctor                          what works here, and what does not
  python -m llmproc doctor --json | python3 -m json.tool
  python -m llmproc doctor --exact                  are the answers equal in every mode
  python -m llmproc doctor --exact --threads 1,2,3,4 --kv-type f32
"""


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """The options of doctor: the files to check, or the modes to compare."""

    model: Path
    tokenizer: Path | None  # None: the model's own
    json: bool
    exact: bool
    threads: tuple[int, ...]
    tokens: int
    engine: EngineOptions


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Check this machine: one line for everything that matters to llmproc, ok, warn or fail, with a "
        "hint. Exit code 1 when llmproc cannot run here. With --exact instead: run a set of prompts in every mode of "
        "the engine and compare the token ids; exit code 1 when any differ.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    add_files(parser)
    group = parser.add_argument_group("exactness")
    group.add_argument("--exact", action="store_true", help="compare the engine's modes with each other")
    group.add_argument("--threads", metavar="LIST", help="numbers of threads to compare (default: 1,2)")
    group.add_argument("--tokens", type=int, metavar="N", help="length of each answer (default: 32)")
    group.add_argument(
        "--weights", choices=WEIGHT_TYPES, help="quantise an fp32 checkpoint to this type (default: the file's own)"
    )
    group.add_argument("--kv-type", choices=KV_TYPES, help="type of keys and values (default: f16)")
    return parser


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> DoctorOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    for name in ("threads", "tokens", "weights", "kv_type"):
        if not given.exact and getattr(given, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')} needs --exact")
    tokens = 32 if given.tokens is None else given.tokens
    if not 1 <= tokens <= 4096:
        raise UsageError(f"--tokens is {tokens}: must be from 1 to 4096")
    model, tokenizer = files_of(given, environment)
    engine = EngineOptions(weights=given.weights, kv_type=given.kv_type or "f16")
    threads = _threads("1,2" if given.threads is None else given.threads)
    return DoctorOptions(model, tokenizer, given.json, given.exact, threads, tokens, engine)


def _threads(text: str) -> tuple[int, ...]:
    found = []
    for word in text.split(","):
        if not (word.isascii() and word.isdecimal() and len(word) < 4 and 0 <= int(word) <= 256):
            raise UsageError(f"--threads is {text}: must look like 1,2, each from 0 to 256")
        found.append(int(word))
    return tuple(dict.fromkeys(found))
