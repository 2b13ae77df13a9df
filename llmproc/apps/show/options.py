"""The command line of `llmproc show`: flags in, one frozen ShowOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.flags import model_path
from llmproc.apps.parser import OneLineParser
from llmproc.config import Environment, shipped_file

_EXAMPLES = """examples:
  python -m llmproc show                            the model that is used unless another is named
  python -m llmproc show llama-3.2-1b-q4_k_m.gguf
  python -m llmproc show SmolLM2-135M-Instruct --json | python3 -m json.tool
"""


@dataclass(frozen=True, slots=True)
class ShowOptions:
    """The model to look at; `tokenizer`: a tokenizer.bin, used where the model brings none."""

    model: Path
    tokenizer: Path | None
    json: bool


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Say what is in a model: architecture, sizes, types of its weights and how the engine holds them, "
        "context, tokenizer, chat template, and the memory it needs. No weights are loaded. A model that cannot be run "
        "is shown as far as it can be read, with the reason.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "model",
        nargs="?",
        type=Path,
        metavar="MODEL",
        help="file of llama2.c or GGUF, or Hugging Face folder (default: the shipped model)",
    )
    parser.add_argument(
        "--tokenizer",
        type=Path,
        metavar="FILE",
        help="a tokenizer.bin, for models that bring no tokenizer (default: the one beside the model, else the "
        "shipped one)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    return parser


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> ShowOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    model = model_path(given.model or environment.model) or shipped_file("model", "model.bin")
    tokenizer = given.tokenizer or environment.tokenizer
    return ShowOptions(model, tokenizer, given.json)
