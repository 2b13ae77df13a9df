"""`llmproc bench`: options in, table or data out. The measuring is `experiments.bench`'s."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from llmproc.apps.bench import rows, table
from llmproc.apps.bench.options import parse_options
from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.progress import ProgressBar
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.bench.benchmark import benchmark
from llmproc.experiments.bench.options import BenchOptions
from llmproc.files.escaping import escape_bytes, to_json
from llmproc.files.streams import print_result
from llmproc.monitor.runfolder import NO_FOLDER, RunFolder

SERVE = "serve"


def main(arguments: Sequence[str], prog: str = "python -m llmproc bench") -> int:
    """Run the verb and return the exit code."""
    if arguments and arguments[0] == SERVE:
        return exit_code_of(lambda: _serve(arguments[1:], f"{prog} {SERVE}"))

    def measure() -> int:
        interruptible()
        options = parse_options(prog, arguments, Environment.read())
        _refuse_output(options.output)
        bar = ProgressBar()
        _write(benchmark(options, shlex.join([*prog.split(), *arguments]), bar, bar.megabytes), options)
        return 0

    return exit_code_of(measure)


def _serve(arguments: Sequence[str], prog: str) -> int:
    from llmproc.apps.bench.serve_app import bench_serve  # here: the other one needs nothing of it

    return bench_serve(arguments, prog)


def _refuse_output(output: Path | None) -> None:
    """Raise UsageError for an output file that cannot be written, before any work."""
    if output is not None and (output.is_dir() or not output.parent.is_dir()):
        raise UsageError(f"--output is {output}: must be a file in a folder that exists")


def _write(found: Mapping[str, Any], options: BenchOptions) -> None:
    """Write the result to stdout or the file, and into a run folder."""
    data = to_json(found, indent=1) + "\n"
    text = {"md": table.render, "csv": rows.render, "json": lambda _: data}[options.format](found)
    if options.output is None:
        print_result(text)
    else:
        try:
            options.output.write_text(escape_bytes(text), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"--output is {options.output}: cannot be written: {error.strerror}") from None
    if options.run_dir != NO_FOLDER:
        folder = RunFolder.create(Path(options.run_dir) if options.run_dir else None)
        try:
            (folder.path / "bench.json").write_text(data, encoding="utf-8")
            folder.describe({"verb": "bench", "result": "bench.json"})
        finally:
            folder.close()
        if options.format != "json":
            print(f"run folder: {folder.path}", file=sys.stderr)
