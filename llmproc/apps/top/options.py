"""The command line of `llmproc top`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.apps.parser import OneLineParser
from llmproc.errors import UsageError

_EXAMPLES = """columns:
  S          state: R runs, S sleeps, D waits for a disk, T stopped, Z ended, X gone
  POLICY     scheduling policy; NICE: nice value
  CORE       the core it last ran on; =1: it may run on core 1 only
  %USER %SYS CPU time in percent of one core; %WAIT: ready to run, but waiting for a core
  PSS MB     memory; shared pages are divided by the number of processes that use them
  SWITCH/S   context switches per second; TOK/S: tokens per second
  SEQ        sequences running; QUEUE: requests waiting; STEALS: requests taken from other workers

Shown are the running instances of the same user. --json prints one object per look; its fields have these names.

examples:
  python -m llmproc top
  python -m llmproc top --once
  python -m llmproc top --json --interval 0.5 >top.jsonl
"""


@dataclass(frozen=True, slots=True)
class TopOptions:
    """The options of the command line."""

    interval_s: float
    once: bool
    json: bool
    plain: bool


def parse_options(prog: str, arguments: Sequence[str]) -> TopOptions:
    """Parse the command line. Raises UsageError."""
    parser = OneLineParser(
        prog=prog,
        description="Show all processes of all running instances, live: CPU, memory, scheduling, tokens.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--once", action="store_true", help="print one table, measured over one interval, and exit")
    parser.add_argument("--json", action="store_true", help="print JSON lines instead of a table")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="time between two looks (1)")
    parser.add_argument("--plain", action="store_true", help="no colours, even where the package rich is installed")
    given = parser.parse_args(arguments)
    if not 0.1 <= given.interval <= 3600:
        raise UsageError(f"--interval is {given.interval}: must be from 0.1 to 3600 seconds")
    return TopOptions(given.interval, given.once, given.json, given.plain)
