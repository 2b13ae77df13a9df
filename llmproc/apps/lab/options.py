"""The command line of `llmproc lab`: list, start, check."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.parser import OneLineParser
from llmproc.errors import UsageError
from llmproc.labs.checking.program import Patience

_EXAMPLES = """examples:
  python -m llmproc lab start processes mylab       files to begin with, and the task in mylab/README.md
  python -m llmproc lab check processes mylab       check mylab/main.py: what was seen, and points
  python -m llmproc lab check processes mylab --main ./main        the same for a C program
  python -m llmproc lab check processes mylab --json | python3 -m json.tool

exit status: 0 full points, 1 fewer, 2 wrong usage
"""


@dataclass(frozen=True, slots=True)
class LabOptions:
    """The options given; `folder` is empty for list, `main` None for the lab's own command."""

    action: str
    lab: str
    folder: Path
    main: tuple[str, ...] | None
    json: bool
    patience: Patience


def parse_options(prog: str, arguments: Sequence[str]) -> LabOptions:
    """Read the options from the command line. Raises UsageError; --help prints and exits."""
    given = _parser(prog).parse_args(arguments)
    if given.action is None:
        raise UsageError("lab: say list, start or check (--help shows examples)")
    quiet_s = getattr(given, "patience", 20.0)
    if not 1 <= quiet_s <= 3600:
        raise UsageError(f"--patience is {quiet_s:g}: must be from 1 to 3600 seconds")
    return LabOptions(
        action=given.action,
        lab=getattr(given, "lab", ""),
        folder=Path(getattr(given, "folder", "")),
        main=_command(getattr(given, "main", None)),
        json=getattr(given, "json", False),
        patience=Patience(quiet_s=quiet_s),
    )


def _command(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"--main is {text!r}: {error}") from None
    if not words:
        raise UsageError("--main is empty: must be a command")
    return words


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=prog,
        description="Course exercises: start from a skeleton, then check the program from outside, in whatever "
        "language it is written.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    actions = parser.add_subparsers(dest="action", metavar="list | start | check")
    actions.add_parser("list", help="the labs there are", allow_abbrev=False)
    start = actions.add_parser("start", help="copy a lab's files into a new or empty folder", allow_abbrev=False)
    check = actions.add_parser("check", help="run a program and check what it does", allow_abbrev=False)
    for action in (start, check):
        action.add_argument("lab", metavar="LAB", help="name of the lab, as `lab list` shows it")
        action.add_argument("folder", metavar="DIR", help="folder of the lab; programs run in it")
    check.add_argument("--main", metavar="COMMAND", help="command that starts the program (python3 main.py)")
    check.add_argument("--json", action="store_true", help="print one JSON document instead of lines")
    check.add_argument(
        "--patience", type=float, default=20.0, metavar="SECONDS",
        help="a program that neither writes nor uses CPU time for as long as this hangs (20)",
    )  # fmt: skip
    return parser
