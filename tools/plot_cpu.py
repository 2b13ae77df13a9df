#!/usr/bin/env python3
"""CPU use of the workers as a picture: user and system, run-queue wait, memory. See --help."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

# What draws is imported when it is called: --help is quick, and a missing package costs one line.


def table(run: Any) -> Any:
    """Return the pandas table behind the picture."""
    from llmproc.report.cpu import cpu_table

    return cpu_table(run)


def plot(run: Any) -> Any:
    """Return the matplotlib figure."""
    from llmproc.report.cpu import plot_cpu

    return plot_cpu(run)


def main(arguments: list[str] | None = None) -> int:
    """Draw or print; return the exit code."""
    from llmproc.report.command import run_tool

    return run_tool(
        arguments,
        name="plot_cpu.py",
        description="Draw CPU use per worker: user and system time, waiting for a core, memory. 100 % is one core.",
        default_picture="cpu.png",
        tables={"csv": table},
        plot=plot,
    )


if __name__ == "__main__":
    from llmproc.files.interpreter import quiet_interrupt

    quiet_interrupt()
    sys.exit(main())
