"""`llmproc experiment`: `list`, `compare`, or an experiment's name; result, report and pictures out."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from llmproc.apps.exits import call_verb, exit_code, exit_code_of, interruptible
from llmproc.apps.experiment.listing import compare, listing
from llmproc.apps.experiment.options import add_common, common_of
from llmproc.apps.experiment.registry import EXPERIMENTS, Offered, named
from llmproc.apps.experiment.writing import keep
from llmproc.apps.parser import OneLineParser
from llmproc.apps.progress import ProgressBar
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.frame.measuring import measure
from llmproc.files.command_line import shown_command
from llmproc.files.escaping import to_json
from llmproc.files.streams import print_result

SIGINT = 2
_HELP = ("-h", "--help", "help")


def main(arguments: Sequence[str], prog: str = "python -m llmproc experiment") -> int:
    """Run the command and return the exit code."""
    given = list(arguments)
    if given and (name := named(given[0])) is not None:
        offered = EXPERIMENTS[name]
        if offered.verb:
            return call_verb(offered.verb, given[1:], f"{prog} {name}")
        return exit_code_of(lambda: _run(name, offered, given[1:], f"{prog} {name}"))
    return exit_code_of(lambda: _without_name(given, prog))


def _without_name(given: Sequence[str], prog: str) -> int:
    if not given or given[0] in _HELP or given[0] == "list":
        print_result(listing(prog))
        return 0 if given else UsageError.exit_code
    if given[0] == "compare":
        print_result(compare(given[1:], f"{prog} compare"))
        return 0
    raise UsageError(f"unknown experiment '{given[0]}'; there are {', '.join(EXPERIMENTS)}, and list and compare")


def _run(name: str, offered: Offered, arguments: Sequence[str], prog: str) -> int:
    """Parse, plan, measure, keep, show: the whole of an experiment."""
    interruptible()
    module = importlib.import_module(offered.module)
    given = _parser(name, offered, module, prog).parse_args(arguments)
    common = common_of(given, name, Environment.read())
    plan = module.plan_of(given, common)
    command = shown_command([*prog.split(), *arguments])
    document = measure(plan, common, command, ProgressBar())
    shown = keep(document, plan.pictures, common.output)
    print_result(to_json(document) + "\n" if given.json else shown)
    return exit_code(ended_by=0 if document["complete"] else SIGINT, failed=any_failed(document))


def _parser(name: str, offered: Offered, module: Any, prog: str) -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=prog,
        description=module.DESCRIPTION,
        epilog=module.EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_options(parser)
    add_common(parser, name)
    return parser


def any_failed(document: Mapping[str, Any]) -> bool:
    """Return whether a request failed."""
    return any(each["failed"] for each in document["rounds"])
