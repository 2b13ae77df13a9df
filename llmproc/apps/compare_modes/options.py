"""The command line of `llmproc compare-modes`: flags in, one frozen CompareOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
import math
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.flags import add_files, add_run_dir, add_sampling, files_of, sampling_of
from llmproc.apps.parser import OneLineParser
from llmproc.apps.remote_flags import add_remote, remote_of
from llmproc.config import MAX_WORKERS, Environment
from llmproc.dispatch import CLIENT_POLICIES, POLICIES
from llmproc.dispatch.workloads import SYSTEM_B, WORKLOADS
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.remote.options import MAX_CONNECTIONS

_DESCRIPTION = """\
Answer the same prompts in several dispatch modes and with several numbers of workers, in turn, and compare the times:

  seq   one worker, one prompt at a time: the baseline, always measured
  sp    dealt to the workers in turn beforehand, never moved
  ws    dealt as in sp, but idle workers steal from the queues of others
  lpt   longest first: for comparison, as it has to know the costs
  queue one queue for all: with --url only

Prints a table; keeps JSON with every raw sample, the table, and a picture with error bars and the ideal curves.
"""
_EXAMPLES = """examples:
  python -m llmproc compare-modes --workload alternating --workers 2
  python -m llmproc compare-modes prompts.txt --workers 1,2,4 --repeat 5
  python -m llmproc compare-modes --work wait --modes sp,ws,lpt --workers 2,4,6,8,12 --out waits
  python -m llmproc compare-modes prompts.jsonl --threads 2 --sequences 4 --json
  python -m llmproc compare-modes --modes sp,ws,queue --url http://127.0.0.1:8000/v1 --connections 2,4,8
  python -m llmproc compare-modes --from waits/compare-modes.json --chart waits.png

prompts: one per line; or, in a file that ends in .jsonl, one object per line with prompt, and optionally cost (how long
a wait takes, in units, and what lpt sorts by) and tokens (the exact length of the answer).
"""


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("prompts", nargs="?", type=Path, metavar="FILE", help="file of prompts (default: a workload)")
    _add_what(parser)
    add_files(parser)
    add_sampling(parser, without=("n", "logprobs", "stop"))
    add_engine_options(parser, threads=False)
    add_remote(parser, several=True)
    _add_output(parser)
    return parser


def _add_what(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what is compared").add_argument
    add(
        "--workload",
        choices=WORKLOADS,
        help=f"shipped prompts, answers of 1 to 30 sentences (default: {SYSTEM_B.name})",
    )
    add("--modes", default="seq,sp,ws", metavar="LIST", help="seq, sp, ws, lpt; queue with --url (default: seq,sp,ws)")
    add("--workers", default="1,2,4", metavar="LIST", help="numbers of workers (default: 1,2,4)")
    add("--repeat", type=int, default=5, metavar="N", help="counted repetitions, after one warm-up (default: 5)")
    add("--threads", type=int, default=1, metavar="N", help="threads of each worker, seq's too (default: 1)")
    add("--sequences", type=int, default=1, metavar="N", help="maximum sequences side by side in a worker (default: 1)")
    add(
        "--work", choices=("generate", "wait"), default="generate", help="answer the prompts, or only wait as long as "
        "their cost: simulated, for more workers than there are CPUs (default: generate)",
    )  # fmt: skip
    add("--unit", type=float, default=0.02, metavar="SECONDS", help="time to wait per unit of cost (default: 0.02)")
    add("--seed", type=int, default=42, help="seed of token sampling; 0 or less: chosen at random (default: 42)")
    add("--from", dest="source", type=Path, metavar="FILE", help="show an earlier result again; run nothing")


def _add_output(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("output").add_argument
    add("--json", action="store_true", help="print the whole result as JSON instead of the table")
    add("--out", type=Path, metavar="DIR", help="write JSON, table and picture into DIR (default: the run folder)")
    add("--chart", type=Path, metavar="FILE", help="write the picture to FILE, too (PNG)")
    add_run_dir(add)


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> CompareOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    named = [name for name, there in _SOURCES if getattr(given, there) is not None]
    if len(named) > 1:
        raise UsageError(f"{named[0]} cannot be used with {named[1]}: prompts come from one place")
    _within("--repeat", given.repeat, 1, 1000)
    _within("--threads", given.threads, 1, 256)
    if not (math.isfinite(given.unit) and 1e-4 <= given.unit <= 60):
        raise UsageError(f"--unit is {given.unit}: must be from 0.0001 to 60 seconds")
    for option in ("out", "chart"):
        path = getattr(given, option)
        if path is not None and not path.name:
            raise UsageError(f"--{option} is {path}: must have a name")
    sampling, _ = sampling_of(given, given.seed)
    return CompareOptions(
        prompts=given.prompts,
        workload=given.workload or SYSTEM_B.name,
        source=given.source,
        repeat=given.repeat,
        work=given.work,
        unit_s=given.unit,
        engine=engine_options(given),
        sampling=sampling,
        system=given.system,
        json=given.json,
        out=given.out,
        chart=given.chart,
        run_dir=given.run_dir or environment.run_dir,
        **_what_answers(given, arguments, environment),
    )


def _what_answers(given: argparse.Namespace, arguments: Sequence[str], environment: Environment) -> dict[str, Any]:
    """Return the fields of CompareOptions that say what answers: workers and their model, or servers. UsageError."""
    connections = parse_numbers("--connections", given.connections or "1,2,4", MAX_CONNECTIONS)
    remote = remote_of(given, arguments, max(connections))
    modes = parse_modes(given.modes, POLICIES if remote is None else CLIENT_POLICIES)
    if remote is None:
        (model, tokenizer), workers = files_of(given, environment), parse_workers(given.workers)
    else:
        model, tokenizer, workers = Path(), None, tuple(count * len(remote.urls) for count in connections)
    return {"modes": modes, "workers": workers, "model": model, "tokenizer": tokenizer, "remote": remote}


_SOURCES = (("a file of prompts", "prompts"), ("--workload", "workload"), ("--from", "source"))


def parse_modes(text: str, among: Collection[str] = POLICIES) -> tuple[str, ...]:
    """Parse `sp,ws` into (sp, ws), once each and in order. UsageError for an unknown mode."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(found) <= set(among):
        needs = "; queue needs --url" if set(found) <= set(CLIENT_POLICIES) else ""
        raise UsageError(f"--modes is {text}: must be modes of {', '.join(among)}, such as sp,ws{needs}")
    return found


def parse_workers(text: str) -> tuple[int, ...]:
    """Parse `1,2,4` into (1, 2, 4), once each and rising. UsageError for anything else."""
    return parse_numbers("--workers", text, MAX_WORKERS)


def parse_numbers(option: str, text: str, most: int) -> tuple[int, ...]:
    """Parse numbers from 1 to `most`, as `parse_workers`."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() and 1 <= int(part[:9]) <= most for part in parts):
        raise UsageError(f"{option} is {text}: must be numbers from 1 to {most} such as 1,2,4")
    return tuple(sorted({int(part) for part in parts}))


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} is {value}: must be from {low} to {high}")
