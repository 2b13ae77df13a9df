"""`llmproc perplexity`: options in, table or data out. The measuring is `experiments.perplexity`'s."""

from __future__ import annotations

import shlex
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llmproc.apps.exits import exit_code, exit_code_of, interruptible
from llmproc.apps.perplexity import table
from llmproc.apps.perplexity.options import STDOUT, PerplexityOptions, parse_options
from llmproc.apps.progress import ProgressBar
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.files.streams import need_stdout, print_result
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder

JSON_FILE = "perplexity.json"


def main(arguments: Sequence[str], prog: str = "python -m llmproc perplexity") -> int:
    """Run the verb and return the exit code."""

    def measured() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        refuse_output(options.json)
        from llmproc.experiments.perplexity.measurement import measure  # NumPy: --help does without

        with one_interrupt() as stopped:
            found = measure(options, shlex.join([*prog.split(), *arguments]), ProgressBar(), stopped)
        _write(found, options)
        return exit_code(ended_by=0 if found["complete"] else signal.SIGINT)

    return exit_code_of(measured)


def refuse_output(json: Path | None) -> None:
    """Check the output before any work. UsageError, OutputLostError."""
    if json is None or json == STDOUT:
        need_stdout()
    elif json.is_dir() or not json.parent.is_dir():
        raise UsageError(f"--json is {json}: must be a file in a folder that exists")


@contextmanager
def one_interrupt() -> Iterator[Callable[[], bool]]:
    """Give a function that says whether Ctrl-C was pressed since it was first called; a second one ends the program.

    Before the first call, Ctrl-C ends the program at once: nothing has been measured yet.
    """
    asked, pressed = [False], [False]

    def note(number: int, frame: object) -> None:
        if not asked[0] or pressed[0]:
            raise KeyboardInterrupt
        pressed[0] = True

    def stopped() -> bool:
        asked[0] = True
        return pressed[0]

    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # nohup, or a script's job in the background
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield stopped
    finally:
        signal.signal(signal.SIGINT, before)


def _write(found: Mapping[str, Any], options: PerplexityOptions) -> None:
    """Write the result to stdout and the file, and into a run folder."""
    data = to_json(found, indent=1) + "\n"
    if options.json is not None and options.json != STDOUT:
        try:
            options.json.write_text(data, encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--json is {options.json}: cannot be written: {error.strerror}") from None
    if options.run_dir != NO_FOLDER:
        folder = RunFolder.create(Path(options.run_dir) if options.run_dir else None)
        try:
            (folder.path / JSON_FILE).write_text(data, encoding="utf-8")
            folder.describe({"verb": "perplexity", "result": JSON_FILE})
        finally:
            folder.close()
        if options.json != STDOUT:
            print(f"run folder: {folder.path}", file=sys.stderr)
    print_result(data if options.json == STDOUT else escape_bytes(table.render(found)))
