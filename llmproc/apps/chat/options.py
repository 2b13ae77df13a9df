"""The prompt loop's command line: flags in, one frozen ChatOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.flags import (
    add_files,
    add_logs,
    add_sampling,
    add_scheduling,
    add_template_options,
    answer_notices,
    files_of,
    interval_of,
    rules_of,
    sampling_of,
    scheduling_of,
    template_options_of,
)
from llmproc.apps.parser import OneLineParser
from llmproc.config import EngineOptions, Environment, SamplingParams, Scheduling
from llmproc.errors import UsageError
from llmproc.session.rules import ChatRules

_EXAMPLES = """examples:
  python -m llmproc.main 42                      chat with the shipped model, seed 42
  python -m llmproc.main 42 2>log.txt            the same; /proc samples of the worker go to log.txt
  echo 'What is a pipe?' | python -m llmproc.main --temperature 0
  python -m llmproc.main --policy batch --nice 10 --cpus 0
  python -m llmproc.main --model qwen3-0.6b.gguf --template-option enable_thinking=false
  python -m llmproc.main --course --model model.bin --tokenizer tokenizer.bin 42
"""


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """Everything a prompt loop needs to know, checked."""

    model: Path
    model_named: bool  # by a flag or the environment
    tokenizer: Path | None  # None: the model's own
    template_options: Mapping[str, Any]
    hide_reasoning: bool
    sampling: SamplingParams
    seed_drawn: bool
    scheduling: Scheduling
    engine: EngineOptions
    course: bool
    rules: ChatRules  # the exercise's, or the ordinary ones
    system: str | None
    interval_s: float
    log: str | None
    run_dir: str | None


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Chat with a language model that runs in a forked worker process on the CPU. Answers go to stdout. "
        "Samples of the worker's /proc entry go to the run folder, and to stderr if it is redirected.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "seed",
        nargs="?",
        type=int,
        default=42,
        help="seed of the random stream (default: 42); 0 or less: chosen at random and printed",
    )
    add_files(parser)
    add_sampling(parser)
    add_template_options(parser)
    add_engine_options(parser)
    add_scheduling(parser)
    add_logs(parser)
    parser.add_argument(
        "--course",
        action="store_true",
        help="the course's exercise exactly: its template, 4 prompts, 256 draws a turn, one thread, and "
        "./model.bin and ./tokenizer.bin if they are there",
    )
    parser.add_argument(
        "--reasoning",
        choices=("show", "hide"),
        default="show",
        help="what a model writes between <think> and </think>: show it (on a terminal dimmed), or hide it "
        "(default: show)",
    )
    return parser


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> ChatOptions:
    """Return the options of a command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    if given.course and given.system is not None:
        raise UsageError("--system cannot be used with --course: the exercise has no system message")
    if given.course and given.template_option:
        raise UsageError("--template-option cannot be used with --course: the exercise has its own template")
    rules = rules_of(given)
    model, tokenizer = files_of(given, environment, rules.local_files, answer_notices())
    sampling, drawn = sampling_of(given, given.seed)
    return ChatOptions(
        model=model,
        model_named=bool(given.model or environment.model),
        tokenizer=tokenizer,
        template_options=template_options_of(given),
        hide_reasoning=given.reasoning == "hide",
        sampling=sampling,
        seed_drawn=drawn,
        scheduling=scheduling_of(given),
        engine=engine_options(given, rules.c_order, rules.threads),
        course=given.course,
        rules=rules,
        system=given.system,
        interval_s=interval_of(given),
        log=given.log,
        run_dir=given.run_dir or environment.run_dir,
    )
