"""The command line of `llmproc fetch`: flags in, one frozen FetchOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.parser import OneLineParser
from llmproc.errors import UsageError
from llmproc.hub.catalogue import look_up, near_names
from llmproc.hub.spelling import HubModel, OllamaModel, parse_hub, parse_spelling

COURSE = "course"
_EXAMPLES = """examples:
  python -m llmproc fetch --list
  python -m llmproc fetch smollm2-135m-instruct             then: chat --model HF://HuggingFaceTB/SmolLM2-135M-Instruct
  python -m llmproc fetch Qwen/Qwen3-0.6B-GGUF/Qwen3-0.6B-Q8_0.gguf --to models
  python -m llmproc fetch course                            ./model.bin and ./tokenizer.bin, for --course
"""
_FORM = "a short name of --list, course, owner/name or owner/name/FILE.gguf"


@dataclass(frozen=True, slots=True)
class FetchOptions:
    """The model to fetch (None: the course's files) and where to (None: the cache, or here), or only to list."""

    model: HubModel | None
    to: Path | None
    list: bool


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Fetch a model from Hugging Face's hub, each file checked by its hash. What an interrupted run has "
        "fetched is kept, and the next run goes on from there. Files go into the cache that all Hugging Face programs "
        "share (HF_HOME), or into the folder of --to. course: the files of the course's C project, into the current "
        "folder.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help=_FORM)
    parser.add_argument("--list", action="store_true", help="list the models that have short names")
    parser.add_argument("--to", type=Path, metavar="DIR", help="put the files into DIR (default: the cache)")
    return parser


def parse_options(prog: str, arguments: Sequence[str]) -> FetchOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    if given.list:
        if given.name is not None or given.to is not None:
            raise UsageError("--list goes alone")
        return FetchOptions(None, None, True)
    if given.name is None:
        raise UsageError(f"a name is missing: {_FORM}")
    return FetchOptions(_model_of(given.name), given.to, False)


def _model_of(name: str) -> HubModel | None:
    if name == COURSE:
        return None
    if entry := look_up(name):
        return entry.model
    found = parse_spelling(name)
    if isinstance(found, OllamaModel):
        raise UsageError(f"{name}: is in Ollama's own store after `ollama pull`; use it with --model {name}")
    if found is None and "/" not in name:
        near = near_names(name)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise UsageError(f"unknown model '{name}'{hint} (--list shows all; owner/name takes any repository)")
    return found or parse_hub(name, name, _FORM)
