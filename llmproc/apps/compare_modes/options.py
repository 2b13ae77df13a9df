"""The command line of `llmproc compare-modes`: flags in, one frozen CompareOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.flags import add_files, add_sampling, files_of, sampling_of
from llmproc.apps.parser import OneLineParser
from llmproc.config import MAX_WORKERS, Environment
from llmproc.dispatch import POLICIES
from llmproc.dispatch.workloads import SYSTEM_B, WORKLOADS
from llmproc.errors import UsageError
from llmproc.experiments.compare_modes.options import CompareOptions

_DESCRIPTION = """\
Answer the same prompts in several dispatch modes and with several numbers of workers, in turn, and compare the times:

  seq   one worker, one prompt at a time: the baseline, always measured
  sp    dealt round-robin beforehand, never moved
  ws    dealt as sp, but idle workers steal from the others' rings
  lpt   longest first: the yardstick, which has to know the costs

Prints a table; keeps JSON with every raw sample, the table, and a picture with error bars and the ideal curves.
"""
_EXAMPLES = """examples:
  python -m llmproc compare-modes --workload alternating --workers 2
  python -m llmproc compare-modes prompts.txt --workers 1,2,4 --repeat 5
  python -m llmproc compare-modes --work wait --modes sp,ws,lpt --workers 2,4,6,8,12 --out waits
  python -m llmproc compare-modes prompts.jsonl --threads 2 --sequences 4 --json
  python -m llmproc compare-modes --from waits/compare-modes.json --chart waits.png

prompts: one a line; or, in a file that ends in .jsonl, one object a line with prompt, and perhaps cost (what a wait
takes, in units, and what lpt sorts by) and tokens (the answer's exact length).
"""


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("prompts", nargs="?", type=Path, metavar="FILE", help="prompts to answer (else a workload)")
    what = parser.add_argument_group("what is compared")
    what.add_argument("--workload", choices=WORKLOADS, help=f"prompts that ship, 1 to 30 sentences ({SYSTEM_B.name})")
    what.add_argument("--modes", default="seq,sp,ws", metavar="LIST", help="of seq, sp, ws, lpt (seq,sp,ws)")
    what.add_argument("--workers", default="1,2,4", metavar="LIST", help="numbers of workers (1,2,4)")
    what.add_argument("--repeat", type=int, default=5, metavar="N", help="counted repetitions, after one warm-up (5)")
    what.add_argument("--threads", type=int, default=1, metavar="N", help="threads of each worker, seq's too (1)")
    what.add_argument("--sequences", type=int, default=1, metavar="N", help="side by side in a worker, at most (1)")
    what.add_argument(
        "--work", choices=("generate", "wait"), default="generate", help="answer the prompts, or only wait as long as "
        "their cost: simulated, for more workers than there are CPUs (generate)",
    )  # fmt: skip
    what.add_argument("--unit", type=float, default=0.02, metavar="SECONDS", help="to wait per unit of cost (0.02)")
    what.add_argument("--seed", type=int, default=42, help="of token sampling; 0 or less draws one (42)")
    what.add_argument("--from", dest="source", type=Path, metavar="FILE", help="show this result again; run nothing")
    add_files(parser)
    add_sampling(parser)
    add_engine_options(parser, threads=False)
    out = parser.add_argument_group("output")
    out.add_argument("--json", action="store_true", help="print the whole result as JSON instead of the table")
    out.add_argument("--out", type=Path, metavar="DIR", help="write JSON, table and picture into DIR (the run folder)")
    out.add_argument("--chart", type=Path, metavar="FILE", help="write the picture to FILE too (PNG)")
    out.add_argument("--run-dir", metavar="DIR", help="keep run folders in DIR (logs/ of a checkout); none: keep none")
    return parser


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
    model, tokenizer = files_of(given, environment)
    sampling, _ = sampling_of(given, given.seed)
    return CompareOptions(
        prompts=given.prompts,
        workload=given.workload or SYSTEM_B.name,
        source=given.source,
        modes=parse_modes(given.modes),
        workers=parse_workers(given.workers),
        repeat=given.repeat,
        work=given.work,
        unit_s=given.unit,
        model=model,
        tokenizer=tokenizer,
        engine=engine_options(given),
        sampling=sampling,
        system=given.system,
        json=given.json,
        out=given.out,
        chart=given.chart,
        run_dir=given.run_dir or environment.run_dir,
    )


_SOURCES = (("a file of prompts", "prompts"), ("--workload", "workload"), ("--from", "source"))


def parse_modes(text: str) -> tuple[str, ...]:
    """Parse `sp,ws` into (sp, ws), once each and in order. UsageError for an unknown mode."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(found) <= set(POLICIES):
        raise UsageError(f"--modes is {text}: must be modes of {', '.join(POLICIES)}, such as sp,ws")
    return found


def parse_workers(text: str) -> tuple[int, ...]:
    """Parse `1,2,4` into (1, 2, 4), once each and rising. UsageError for anything else."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() and 1 <= int(part[:9]) <= MAX_WORKERS for part in parts):
        raise UsageError(f"--workers is {text}: must be numbers from 1 to {MAX_WORKERS} such as 1,2,4")
    return tuple(sorted({int(part) for part in parts}))


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} is {value}: must be from {low} to {high}")
