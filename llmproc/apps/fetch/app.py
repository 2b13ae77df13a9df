"""`llmproc fetch`: fetch what is named, say where it is and what to run next."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.fetch.options import FetchOptions, parse_options
from llmproc.apps.fetch_display import FetchDisplay
from llmproc.files.streams import print_result
from llmproc.hub.catalogue import CATALOGUE
from llmproc.hub.fetching import FetchedModel, fetch_model
from llmproc.hub.spelling import HubModel


def main(arguments: Sequence[str], prog: str = "python -m llmproc fetch") -> int:
    """Run the verb; returns the exit code."""

    def fetch() -> int:
        interruptible()
        options = parse_options(prog, arguments)
        if options.list:
            print_result(catalogue_table())
        elif options.model is None:
            _fetch_course(options, prog)
        else:
            _fetch_model(options.model, options.to, prog)
        return 0

    return exit_code_of(fetch)


def catalogue_table() -> str:
    """Return the catalogue as lines: names, sizes, licences, and where each model is."""
    rows = [("name", "MB", "weights", "licence", "repository")]
    for entry in CATALOGUE:
        place = str(entry.model).removeprefix("HF://")
        rows.append((entry.name, f"{entry.megabytes:,}", entry.weights, entry.licence, place))
    wide = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        f"{name:<{wide[0]}}  {size:>{wide[1]}}  {weights:<{wide[2]}}  {licence:<{wide[3]}}  {place}"
        for name, size, weights, licence, place in rows
    ]
    note = "MB: of the weights, rounded. Licences are the publishers'; they bind who uses a model."
    return "\n".join([*lines, "", note, ""])


def _fetch_model(model: HubModel, target: Path | None, prog: str) -> None:
    with FetchDisplay(each_file=True) as display:
        found = fetch_model(model, target, display)
    named = str(model) if target is None else str(found.path)
    _say_end(found, f"{_front(prog)} chat --model {shlex.quote(named)}")


def _fetch_course(options: FetchOptions, prog: str) -> None:
    from llmproc.labs.course.files import fetch_course  # the course's own facts live with the course

    folder = options.to or Path()
    with FetchDisplay(each_file=True) as display:
        found = fetch_course(folder, display)
    files = [] if folder == Path() else ["--model", found.path, "--tokenizer", found.folder / "tokenizer.bin"]
    _say_end(found, shlex.join([*_front(prog).split(), "chat", "--course", *map(str, files), "42"]))


def _say_end(found: FetchedModel, command: str) -> None:
    what = f"{len(found.files)} files, {found.size:,} bytes" if len(found.files) > 1 else "1 file"
    state = what if found.files else "here already; no network to look for another version"
    print_result(f"{found.path}: {state}\nrun: {command}\n")


def _front(prog: str) -> str:
    """Return how the user calls llmproc: `python -m llmproc`, or `llmproc`."""
    return prog.rpartition(" ")[0]
