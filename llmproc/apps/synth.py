"""`llmproc synth`: write a checkpoint of a real model's shape with random weights."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from llmproc.apps.exits import exit_code_of, interruptible
from llmproc.apps.parser import OneLineParser
from llmproc.checkpoints.llama2c.layout import LAYOUTS
from llmproc.checkpoints.synth import SHAPES, write_synthetic
from llmproc.errors import LlmprocError, UsageError
from llmproc.files.streams import print_result

_EXAMPLES = """examples:
  python -m llmproc synth --shape smollm-135m -o model.bin
  python -m llmproc synth --shape smollm-135m --layout "version 1" -o float32.bin
  python -m llmproc synth --shape tiny --layout legacy --seed 7 -o tiny.bin --json
"""


def _parser(prog: str) -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog=prog,
        description="Write a checkpoint with random weights in the shape of a real model: it speaks nonsense "
        "at the true cost, for benchmarks and tests.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--shape", required=True, choices=sorted(SHAPES), help="the model whose shape to take")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="where to write it")
    parser.add_argument(
        "--layout", choices=LAYOUTS, default="version 2", help="file format (version 2: int8; the others hold float32)"
    )
    parser.add_argument("--seed", type=int, default=42, help="of the random weights (42)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    return parser


class _Bar:
    """A progress bar on stderr, redrawn ten times a second at most; nothing when that is no terminal."""

    def __init__(self) -> None:
        self._shown, self._due = sys.stderr.isatty(), 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self._shown and (now >= self._due or done >= total):
            self._due = now + 0.1
            filled = 30 * done // max(total, 1)
            end = "\n" if done >= total else ""
            sys.stderr.write(f"\r[{'#' * filled:<30}] {done / 1e6:.0f} of {total / 1e6:.0f} MB{end}")
            sys.stderr.flush()


def main(arguments: Sequence[str], prog: str = "python -m llmproc synth") -> int:
    """Returns the exit code."""

    def write() -> int:
        interruptible()
        given = _parser(prog).parse_args(arguments)
        if not given.output.name:
            raise UsageError(f"--output is {given.output}: must name a file")
        if given.seed < 0:
            raise UsageError(f"--seed is {given.seed}: must not be negative")
        try:
            description = write_synthetic(given.output, given.shape, given.seed, given.layout, _Bar())
        except OSError as error:
            raise LlmprocError(f"{given.output}: cannot be written: {error.strerror}") from None
        _tell(given, description.n_layers)
        return 0

    return exit_code_of(write)


def _tell(given: argparse.Namespace, layers: int) -> None:
    size = given.output.stat().st_size
    if given.json:
        told = {"file": str(given.output), "bytes": size, "shape": given.shape, "layout": given.layout}
        print_result(json.dumps({**told, "seed": given.seed, "weights": "random"}) + "\n")
    else:
        shape = f"{given.shape}, {given.layout}, {layers} layers, random weights"
        print_result(f"{given.output}: {size:,} bytes, {shape}\n")
