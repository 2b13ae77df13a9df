"""The options of `llmproc record`: everything before `--` is ours, everything after it is the command's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.apps.flags import add_logs, interval_of
from llmproc.apps.parser import OneLineParser
from llmproc.config import Environment
from llmproc.errors import UsageError

_EXAMPLES = """\
The course log gets a line for every process that was at work in an interval: it used at least 1 % of a core, and a
tenth of what the busiest process used. The run folder gets every sample of every process and thread. Ctrl-C goes to
the command; with --pid it ends the recording.

exit code: that of the command; 128+n if signal n ended it, 127 if it was not found, 126 if it cannot be started, 0 if
it ended by the SIGTERM that --duration sends. With --pid: 0, or 128+n if signal n ended the recording.

examples:
  python -m llmproc record -- ./my_program 42
  python -m llmproc record --log log.txt --interval 0.1 -- sh -c 'make -j2'
  python -m llmproc record --pid 4711 --duration 10 2>log.txt
  tools/avg_cpu_use.py logs/latest; tools/plot_cpu.py
"""


@dataclass(frozen=True, slots=True)
class RecordOptions:
    """The options of the command line: a pid, or a command."""

    pid: int | None
    command: tuple[str, ...]
    duration_s: float | None
    interval_s: float
    log: str | None
    run_dir: str | None


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> RecordOptions:
    """Parse the command line. Raises UsageError."""
    given_arguments = list(arguments)
    end = given_arguments.index("--") if "--" in given_arguments else len(given_arguments)
    command = given_arguments[end + 1 :]
    parser = OneLineParser(
        prog=prog,
        usage=f"{prog} [options] (--pid N | -- command ...)",
        description="Record CPU use, memory and scheduling of any program and everything it starts.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--pid", type=int, metavar="N", help="record a running process and its children")
    parser.add_argument(
        "--duration", type=float, metavar="SECONDS", help="stop after this time (default: when the program ends)"
    )
    add_logs(parser)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    given = parser.parse_args(given_arguments[:end])
    if given.words:
        raise UsageError(f"{given.words[0]}: a command stands after --, as in `record -- {' '.join(given.words)}`")
    if (given.pid is None) == (not command):
        raise UsageError("record needs one of --pid N and -- command")
    if given.pid is not None and given.pid < 1:
        raise UsageError(f"--pid is {given.pid}: must be a process id")
    if given.duration is not None and not 0 < given.duration <= 1e7:
        raise UsageError(f"--duration is {given.duration}: must be from above 0 to 10000000 seconds")
    return RecordOptions(
        given.pid,
        tuple(command),
        given.duration,
        interval_of(given),
        given.log,
        given.run_dir or environment.run_dir,
    )
