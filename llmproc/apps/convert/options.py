"""The command line of `llmproc convert`: flags in, one frozen ConvertOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from llmproc.apps.flags import model_path
from llmproc.apps.parser import OneLineParser
from llmproc.errors import UsageError

TargetFormat = Literal["llama2c", "gguf"]
TARGETS: tuple[TargetFormat, ...] = get_args(TargetFormat)
TYPES = ("f32", "f16", "bf16", "q8_0", "q4_0")
_EXAMPLES = """examples:
  python -m llmproc convert model/model.bin model.gguf --to gguf
  python -m llmproc convert SmolLM2-135M-Instruct smollm2.gguf --to gguf --weights q8_0
  python -m llmproc convert smollm.gguf model.bin --to llama2c
"""


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """The model to read, the file to write, and how. `weights` None: as the model has them."""

    model: Path
    output: Path
    to: TargetFormat
    weights: str | None
    tokenizer: Path | None
    force: bool
    json: bool


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Write a model in another format: a GGUF file with tokenizer and chat template in it, or a file of "
        "llama2.c with tokenizer.bin beside it. Rows of queries and keys are reordered where the formats differ in "
        "them. What the other format cannot express is refused by name, before anything is written.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="file of llama2.c or GGUF, or Hugging Face folder")
    parser.add_argument("output", type=Path, metavar="OUT", help="the file to write")
    parser.add_argument("--to", required=True, choices=TARGETS, help="the format to write")
    parser.add_argument(
        "--weights",
        choices=TYPES,
        help="type of every matrix; gguf: as the model has them (f32 for int8 of llama2.c), llama2c: q8_0 or f32 "
        "(default: q8_0)",
    )
    parser.add_argument(
        "--tokenizer",
        type=Path,
        metavar="FILE",
        help="a tokenizer.bin (default: the model's own; for llama2.c the one beside it, else the shipped one)",
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a sentence")
    return parser


def parse_options(prog: str, arguments: Sequence[str]) -> ConvertOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    if not given.output.name:
        raise UsageError(f"OUT is {given.output}: must name a file")
    model = model_path(given.model) or given.model
    return ConvertOptions(model, given.output, given.to, given.weights, given.tokenizer, given.force, given.json)
