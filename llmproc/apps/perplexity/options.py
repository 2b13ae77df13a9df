"""The command line of `llmproc perplexity`: flags in, one frozen PerplexityOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from llmproc.apps.flags import add_run_dir, files_of
from llmproc.apps.parser import OneLineParser
from llmproc.config import KV_TYPES, WEIGHT_TYPES, Environment
from llmproc.errors import UsageError
from llmproc.experiments.perplexity.options import DEFAULT_CONTEXT, PerplexityOptions
from llmproc.experiments.perplexity.precisions import AS_STORED
from llmproc.hardware.sharing import default_threads

STDOUT = Path("-")
_DESCRIPTION = """\
Measure how well a model predicts a text, with each type that its weights, keys and values may have, and how far each is from the most exact one: perplexity, Kullback-Leibler divergence, share of tokens with the same first choice.

Perplexity is llama.cpp's: the text in windows of --context tokens, each read alone with BOS as its first token if the model has one; the second half of each window is scored; exp of the mean of -ln p(next token). Ctrl-C ends it with the windows that were read.
"""  # noqa: E501  # the parser breaks paragraphs
_EXAMPLES = """examples:
  python -m llmproc perplexity model.bin text.txt
  python -m llmproc perplexity model.gguf text.txt --weights q4,int8 --against f32 --chunks 8
  python -m llmproc perplexity model-q4_k_m.gguf text.txt --against model-f16.gguf --json result.json
"""


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog, description=_DESCRIPTION, epilog=_EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    add = parser.add_argument
    add("model", type=Path, metavar="MODEL", help="the model: a file, or a folder of Hugging Face's")
    add("text", type=Path, metavar="TEXT", help="the text, a file: two windows at least")
    add("--tokenizer", type=Path, metavar="FILE", help="another tokenizer than the model's own")
    add = parser.add_argument_group("what is compared").add_argument
    add(
        "--against", metavar="TYPE", help=f"reference: weights of this type ({', '.join(WEIGHT_TYPES)}), or another "
        "model with the same vocabulary; its keys and values are f32 (default: the most exact type there is)",
    )  # fmt: skip
    add("--weights", metavar="LIST", help="types of weights, such as q4,int8 (default: all that the model can have)")
    add("--kv-type", metavar="LIST", default=",".join(KV_TYPES), help="types of keys and values (default: f16,f32)")
    add = parser.add_argument_group("how").add_argument
    add("--context", type=int, metavar="N", help=f"tokens of a window (default: {DEFAULT_CONTEXT}, or the model's)")
    add("--chunks", type=int, metavar="N", help="maximum windows of the text to read (default: all)")
    add("--threads", type=int, metavar="N", help="threads of each model (default: the CPUs available)")
    add = parser.add_argument_group("output").add_argument
    add("--json", type=Path, metavar="FILE", help="write the whole result to FILE; -: to stdout instead of the table")
    add_run_dir(add)
    return parser


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> PerplexityOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    model, tokenizer = files_of(given, environment)
    threads = default_threads(1) if given.threads is None else given.threads
    _within("--threads", threads, 1, 256)
    for option, value in (("--context", given.context), ("--chunks", given.chunks)):
        if value is not None:
            _within(option, value, 1, 1 << 20)
    if given.json is not None and not given.json.name:
        raise UsageError(f"--json is {given.json}: must name a file")
    return PerplexityOptions(
        model=model,
        tokenizer=tokenizer,
        text=given.text,
        against=given.against,
        weights=() if given.weights is None else parse_types("--weights", given.weights, (*WEIGHT_TYPES, AS_STORED)),
        kv_types=parse_types("--kv-type", given.kv_type, KV_TYPES),
        context=given.context,
        chunks=given.chunks,
        threads=threads,
        json=given.json,
        run_dir=given.run_dir or environment.run_dir,
    )


def parse_types(option: str, text: str, known: Sequence[str]) -> tuple[str, ...]:
    """Parse `q4,int8` into (q4, int8), once each and in order. UsageError for an unknown type."""
    found = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(found) <= set(known):
        raise UsageError(f"{option} is {text}: must be types of {', '.join(known)}, such as {','.join(known[:2])}")
    return found


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} is {value}: must be from {low} to {high}")
