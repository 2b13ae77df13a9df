"""`experiment list` and `experiment compare`: texts."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from llmproc.apps.experiment.registry import EXPERIMENTS
from llmproc.apps.parser import OneLineParser
from llmproc.experiments.frame.reading import read_experiment
from llmproc.report.experiment_comparison import comparison


def listing(prog: str) -> str:
    """Return the experiments, a line each, and how to call them."""
    lines = [f"usage: {prog} <name> [options]", f"       {prog} compare <result> <result>", "", "experiments:"]
    lines += [f"  {name:<17} {offered.help}" for name, offered in EXPERIMENTS.items()]
    lines += [
        "",
        "examples:",
        f"  {prog} baseline --num-runs 10 -o logs/results/baseline",
        f"  {prog} compare logs/results/baseline other/result.json",
        f"  {prog} <name> --help         the options of one",
        "",
    ]
    return "\n".join(lines)


def compare(arguments: Sequence[str], prog: str) -> str:
    """Return two results beside each other. UsageError, LogError."""
    parser = OneLineParser(
        prog=prog,
        description="Compare two results of one experiment: every arm that both have.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("first", type=Path, metavar="RESULT", help="result.json, or the folder it is in")
    parser.add_argument("second", type=Path, metavar="RESULT", help="another one")
    given = parser.parse_args(arguments)
    return comparison(read_experiment(given.first), read_experiment(given.second), str(given.first), str(given.second))
