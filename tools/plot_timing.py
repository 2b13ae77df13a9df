#!/usr/bin/env python3
"""Where the time of each turn went, and tokens per second over position, as a picture. See --help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

# What draws is imported when it is called: --help is quick, and a missing package costs one line.


def table(run: Any) -> Any:
    """Return the pandas table behind the picture."""
    from llmproc.report.timing import timing_table

    return timing_table(run)


def steps(run: Any) -> Any:
    """Return the table behind the lower panel."""
    from llmproc.report.timing import step_table

    return step_table(run)


def plot(run: Any) -> Any:
    """Return the matplotlib figure."""
    from llmproc.report.timing import plot_timing

    return plot_timing(run)


def main(arguments: list[str] | None = None) -> int:
    """Draw or print; return the exit code."""
    from llmproc.report.command import run_tool

    return run_tool(
        arguments,
        name="plot_timing.py",
        description="Draw where the time of each turn went (load, prefill, decode), and tokens/s over position.",
        default_picture="timing.png",
        tables={"csv": table, "csv-steps": steps},
        plot=plot,
    )


if __name__ == "__main__":
    from llmproc.files.interpreter import quiet_interrupt

    quiet_interrupt()
    sys.exit(main())
