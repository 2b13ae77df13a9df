"""`llmproc compare-modes`: options in; table, JSON and picture out. The comparing is `experiments.compare_modes`'."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from llmproc.apps.compare_modes.options import parse_options
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.config import Environment
from llmproc.errors import LogError, UsageError
from llmproc.experiments.compare_modes.comparison import compare
from llmproc.experiments.compare_modes.options import CompareOptions
from llmproc.files.command_line import shown_command
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.files.streams import need_stdout, print_result, put
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder
from llmproc.report import modes_table
from llmproc.report.modes_file import read_comparison
from llmproc.session.model_files import read_model_files

SOME_FAILED = 1
JSON_FILE, TABLE_FILE, CHART_FILE = "compare-modes.json", "compare-modes.md", "compare-modes.png"


def main(arguments: Sequence[str], prog: str = "python -m llmproc compare-modes") -> int:
    """Run the verb and return the exit code."""

    def compared() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        refuse_early(options)
        if options.source is not None:
            failed = _show_again(read_comparison(options.source), options)
        else:
            options = _with_tokenizer(options)
            found = compare(options, shown_command([*prog.split(), *arguments]), ProgressBar())
            _write(found, options)
            failed = _any_failed(found)
        return SOME_FAILED if failed else 0

    return exit_code_of(compared)


def _with_tokenizer(options: CompareOptions) -> CompareOptions:
    """Return the options with the tokenizer that is used; on stderr, what there is to say about the files.

    CheckpointError, TokenizerError.
    """
    if options.work != "generate" or options.remote is not None:
        return options
    files = read_model_files(options.model, options.tokenizer)
    for note in files.notices(options.engine, options.sampling):
        put(sys.stderr, f"[INFO] {note}\n")
    return replace(options, tokenizer=files.tokenizer_path)


def refuse_early(options: CompareOptions) -> None:
    """Check the output options before any work. Raises UsageError, OutputLostError."""
    if options.json:
        need_stdout()
    for option, path in (("--out", options.out), ("--chart", options.chart)):
        if path is not None and not path.parent.is_dir():
            raise UsageError(f"{option} is {path}: must lie in a folder that exists")
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise UsageError(f"--out is {options.out}: must be a folder")
    if options.chart is not None and options.chart.is_dir():
        raise UsageError(f"--chart is {options.chart}: must be a file")


def _write(found: Mapping[str, Any], options: CompareOptions) -> None:
    """Write the result into the folder or a run folder, and show it."""
    text = to_json(found) + "\n"
    if options.out is not None:
        _keep(found, text, _made(options.out))
    elif options.run_dir != NO_FOLDER:
        folder = RunFolder.create(Path(options.run_dir) if options.run_dir else None)
        try:
            _keep(found, text, folder.path)
            folder.describe({"verb": "compare-modes", "result": JSON_FILE, "simulated": found["simulated"]})
        finally:
            folder.close()
        if not options.json:
            print(f"run folder: {folder.path}", file=sys.stderr)
    _show(found, text, options)


def _keep(found: Mapping[str, Any], text: str, folder: Path) -> None:
    """Write the three files."""
    try:
        # First: whatever goes wrong with the picture, what was measured is kept.
        (folder / JSON_FILE).write_text(text, encoding="utf-8")
        (folder / TABLE_FILE).write_text(escape_bytes(modes_table.render(found)), encoding="utf-8")
    except OSError as error:
        raise LogError(f"{folder}: cannot be written: {error.strerror}") from None
    _draw(found, folder / CHART_FILE)


def _made(folder: Path) -> Path:
    """Make the folder unless it is there. UsageError."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out is {folder}: cannot be made: {error.strerror}") from None
    return folder


def _any_failed(found: Mapping[str, Any]) -> bool:
    return any(row["failed"] for row in found["results"])


def _show_again(found: Mapping[str, Any], options: CompareOptions) -> bool:
    """Show a result from a file; return whether requests failed in it. LogError when it breaks its schema."""
    try:
        failed = _any_failed(found)  # first: a file that breaks its schema shows nothing
        text = to_json(found) + "\n"
        if options.out is not None:
            _keep(found, text, _made(options.out))
        _show(found, text, options)
        return failed
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise LogError(f"{options.source}: breaks its schema: {type(error).__name__}: {error}") from None


def _show(found: Mapping[str, Any], text: str, options: CompareOptions) -> None:
    print_result(text if options.json else modes_table.render(found))
    if options.chart is not None:
        _draw(found, options.chart)


def _draw(found: Mapping[str, Any], path: Path) -> None:
    from llmproc.report.figure import save  # matplotlib: only once there is something to draw
    from llmproc.report.modes_chart import plot_modes

    save(plot_modes(found), path)
