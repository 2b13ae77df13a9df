"""The command line that the plotting tools share: source, -o, --csv, --help. Used by tools/ only.

No table and no picture is made here; errors leave as one line with their exit code.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from llmproc.errors import LlmprocError
from llmproc.files.streams import (
    OutputLostError,
    forget_stdout,
    need_stdout,
    open_standard_streams,
    print_result,
    put,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from llmproc.report.rundata import RunData


def run_tool(
    arguments: Sequence[str] | None,
    *,
    name: str,
    description: str,
    default_picture: str,
    tables: Mapping[str, Callable[[RunData], pd.DataFrame]],
    plot: Callable[[RunData], Figure],
) -> int:
    """Parse, load, print or draw; return the exit code.

    `tables` by flag name ("csv" first); they and `plot` import pandas and matplotlib only when called.
    """
    open_standard_streams()
    options = _parser(name, description, default_picture, list(tables)).parse_args(arguments)
    try:
        _show(options, Path(default_picture), tables, plot)
    except LlmprocError as error:
        if isinstance(error, OutputLostError):
            forget_stdout()
        with contextlib.suppress(OSError, OutputLostError):
            put(sys.stderr, f"{error}\n")
        return error.exit_code
    except ImportError as error:
        cause = error.__cause__ if isinstance(error.__cause__, ImportError) else error  # pandas words what it misses
        print(f"{cause.name or cause} is missing: python3 -m pip install -e . in the checkout", file=sys.stderr)
        return 2
    except BrokenPipeError:  # `| head`
        forget_stdout()
        return 141
    return 0


def _show(
    options: argparse.Namespace,
    default_picture: Path,
    tables: Mapping[str, Callable[[RunData], pd.DataFrame]],
    plot: Callable[[RunData], Figure],
) -> None:
    """Print the table, draw the picture, or both. Raises LlmprocError, ImportError, BrokenPipeError."""
    from llmproc.report.source import load

    run = load(options.source)
    for note in run.notes:
        put(sys.stderr, f"[INFO] {note}\n")
    if options.table is not None:
        need_stdout()
        print_result(tables[options.table](run).to_csv(index=False))
    if options.output is not None or options.table is None:
        from llmproc.report.figure import save

        output = options.output or default_picture
        save(plot(run), output)
        put(sys.stdout if options.table is None else sys.stderr, f"{output}\n")


def _parser(name: str, description: str, picture: str, tables: list[str]) -> argparse.ArgumentParser:
    examples = f"""\
examples:
  tools/{name}                     # the newest run (logs/latest)
  tools/{name} logs/20261121-101500-4711
  tools/{name} log.txt -o {picture}    # a course log (2>log.txt); it holds less than a run folder
  tools/{name} answers.txt         # a saved stdout: its speed lines
  tools/{name} --csv logs/latest   # the table behind the picture

What the source does not hold is said on stderr and under the picture.
exit code: 0 success, 1 the source holds nothing usable, 2 wrong usage
"""
    parser = argparse.ArgumentParser(
        prog=name, description=description, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "source", type=Path, nargs="?", help="a course log, a saved stdout or a run folder (logs/latest)"
    )
    parser.add_argument("-o", "--output", type=Path, metavar="FILE.png", help=f"file to draw into ({picture})")
    for table in tables:
        text = "print the table behind the picture instead; with -o as well"
        text = f"the same for the table of {table[4:]}" if table != "csv" else text
        parser.add_argument(f"--{table}", dest="table", action="store_const", const=table, help=text)
    return parser
