"""The command line of `llmproc synth`: flags in, one frozen SynthOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.parser import OneLineParser
from llmproc.checkpoints.llama2c.layout import LAYOUTS, Layout
from llmproc.checkpoints.synth import SHAPES
from llmproc.errors import UsageError

_EXAMPLES = """examples:
  python -m llmproc synth --shape smollm-135m -o model.bin
  python -m llmproc synth --shape smollm-135m --layout "version 1" -o float32.bin
  python -m llmproc synth --shape tiny --layout legacy --seed 7 -o tiny.bin --json
"""


@dataclass(frozen=True, slots=True)
class SynthOptions:
    """The file to write, and the shape, layout and seed of what goes into it."""

    output: Path
    shape: str
    layout: Layout
    seed: int
    json: bool


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Write a checkpoint with random weights in the shape of a real model, for benchmarks and tests. "
        "Its answers make no sense, but cost what the real model's cost.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--shape", required=True, choices=sorted(SHAPES), help="the model whose shape to take")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the file to write")
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        default="version 2",
        help="file format: version 2 holds int8, the others float32 (default: version 2)",
    )
    parser.add_argument("--seed", type=int, default=42, help="seed of the random weights (default: 42)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    return parser


def parse_options(prog: str, arguments: Sequence[str]) -> SynthOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    if not given.output.name:
        raise UsageError(f"--output is {given.output}: must name a file")
    if given.seed < 0:
        raise UsageError(f"--seed is {given.seed}: must not be negative")
    return SynthOptions(given.output, given.shape, given.layout, given.seed, given.json)
