"""`llmproc lab list | start | check`: the wiring, what is printed, and the exit code."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

from llmproc.apps.exits import exit_code_of
from llmproc.apps.lab.options import LabOptions, parse_options
from llmproc.errors import UsageError
from llmproc.files.streams import print_result, put
from llmproc.labs.checking.descendants import Descendants
from llmproc.labs.checking.report import CheckResult, as_json, as_lines, earned, possible
from llmproc.labs.lab import CheckRequest, Lab
from llmproc.labs.start import start_lab
from llmproc.labs.table import LABS, find_lab

FEWER_POINTS = 1


class CheckStoppedError(BaseException):
    """SIGTERM or SIGHUP came: leave, but not before every checked program has been ended."""


def main(arguments: Sequence[str], prog: str = "python -m llmproc lab") -> int:
    """Run the verb; returns the exit code."""

    def act() -> int:
        options = parse_options(prog, arguments)
        if options.action == "list":
            return _list()
        lab = find_lab(options.lab)
        return _start(lab, options, prog) if options.action == "start" else _check(lab, options)

    return exit_code_of(act)


def _list() -> int:
    print_result("".join(f"{lab.name:<12} {lab.summary}\n" for lab in LABS.values()))
    return 0


def _start(lab: Lab, options: LabOptions, prog: str) -> int:
    names = start_lab(lab, options.folder)
    folder = shlex.quote(str(options.folder))
    print_result(
        f"written to {options.folder}: {', '.join(names)}\n"
        f"task:  {options.folder / 'README.md'}\n"
        f"check: {prog} check {lab.name} {folder}\n"
    )
    return 0


def _check(lab: Lab, options: LabOptions) -> int:
    if not options.folder.is_dir():
        raise UsageError(f"{options.folder}: not a folder (`lab start {lab.name} DIR` makes one)")
    command = options.main or lab.main
    if options.main is None and not (options.folder / lab.main[-1]).is_file():
        raise UsageError(f"{options.folder}: has no {lab.main[-1]}; --main COMMAND says how to start your program")
    _take_signals()
    started = Descendants({})
    try:
        results = _run(lab, CheckRequest(command, options.folder, options.patience))
    except CheckStoppedError as stopped:
        return 128 + int(stopped.args[0])
    finally:
        started.end()  # a signal that came between two statements may have left something
    if options.json:
        print_result(as_json(lab.name, shlex.join(command), results) + "\n")
    else:
        print_result("".join(f"{line}\n" for line in as_lines(results)))
    return 0 if earned(results) == possible(results) else FEWER_POINTS


def _run(lab: Lab, request: CheckRequest) -> list[CheckResult]:
    """Return all results; each run's title is shown on a terminal meanwhile."""
    shown, results = sys.stderr.isatty(), []
    for step in lab.check(request):
        if isinstance(step, list):
            results = step
        elif shown:
            put(sys.stderr, f"\r\x1b[Krunning: {step}")
    if shown:
        put(sys.stderr, "\r\x1b[K")
    return results


def _take_signals() -> None:
    """Make every ending signal an exception, so that what was started is ended too.

    SIGINT must have a handler here even if it was ignored: a program that we start would inherit that.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise CheckStoppedError(number)
