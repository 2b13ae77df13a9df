"""The command line of `llmproc synth`: flags in, one frozen SynthOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from llmproc.apps.parser import OneLineParser
from llmproc.checkpoints.architectures import ARCHITECTURES
from llmproc.checkpoints.gguf.mixes import MIXES
from llmproc.checkpoints.llama2c.layout import LAYOUTS, Layout
from llmproc.checkpoints.synth import SHAPES
from llmproc.checkpoints.synth_shapes import MODEL_SHAPES
from llmproc.errors import UsageError

Format = Literal["llama2c", "gguf"]
FORMATS: tuple[Format, ...] = get_args(Format)
_WEIGHTS = {"gguf": "q4_k_m"}  # unless --weights is given
_EXAMPLES = """examples:
  python -m llmproc synth --shape smollm-135m -o model.bin
  python -m llmproc synth --shape smollm-135m --layout "version 1" -o float32.bin
  python -m llmproc synth --shape tiny --layout legacy --seed 7 -o tiny.bin --json
  python -m llmproc synth --shape llama-3.2-1b --format gguf --weights q4_k_m -o llama.gguf
  python -m llmproc synth --shape tiny --format gguf --architecture qwen3 --weights q6_k -o qwen3.gguf
"""


@dataclass(frozen=True, slots=True)
class SynthOptions:
    """The file to write, and what goes into it. `layout`: of llama2c; `weights`: "" there."""

    output: Path
    shape: str
    format: Format
    layout: Layout
    architecture: str | None
    weights: str
    seed: int
    json: bool


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Write a model with random weights in the shape of a real one, for benchmarks and tests. "
        "Its answers make no sense, but cost what the real model's cost. A GGUF file has a tokenizer and a chat "
        "template of its own.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    shapes = sorted({*SHAPES, *MODEL_SHAPES})
    parser.add_argument("--shape", required=True, choices=shapes, help="the model whose shape to take")
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help="the file to write")
    parser.add_argument("--format", choices=FORMATS, default="llama2c", help="file format (default: llama2c)")
    parser.add_argument(
        "--layout",
        choices=LAYOUTS,
        help="of llama2c: version 2 holds int8, the others float32 (default: version 2)",
    )
    parser.add_argument(
        "--architecture", choices=tuple(ARCHITECTURES), help="take its features instead of the model's own"
    )
    parser.add_argument(
        "--weights",
        metavar="TYPE",
        help=f"type or mixture of types in a GGUF file: {', '.join(MIXES)} (default: q4_k_m)",
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
    _check_format(given)
    return SynthOptions(
        output=given.output,
        shape=given.shape,
        format=given.format,
        layout=given.layout or "version 2",
        architecture=given.architecture,
        weights=given.weights or _WEIGHTS.get(given.format, ""),
        seed=given.seed,
        json=given.json,
    )


def _check_format(given: argparse.Namespace) -> None:
    """Raise UsageError for options that the format does not have."""
    plain = given.format == "llama2c"
    for name in ("architecture", "weights") if plain else ("layout",):
        if getattr(given, name) is not None:
            raise UsageError(f"--{name} needs --format {'gguf' if plain else 'llama2c'}")
    shapes = SHAPES if plain else MODEL_SHAPES
    if given.shape not in shapes:
        rule = f"must be one of {', '.join(shapes)} with --format {given.format}"
        raise UsageError(f"--shape is {given.shape}: {rule}")
    if not plain and given.weights not in (None, *MIXES):
        raise UsageError(f"--weights is {given.weights}: must be one of {', '.join(MIXES)}")
