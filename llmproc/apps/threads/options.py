"""The command line of `llmproc threads`: flags in, one frozen ThreadsOptions out."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.flags import (
    add_files,
    add_logs,
    add_sampling,
    add_scheduling,
    answer_notices,
    files_of,
    interval_of,
    rules_of,
    sampling_of,
    scheduling_of,
)
from llmproc.apps.parser import OneLineParser
from llmproc.config import EngineOptions, Environment, SamplingParams, Scheduling
from llmproc.errors import UsageError
from llmproc.session.rules import ChatRules

MOST_THREADS = 16
_DESCRIPTION = """\
Answer prompts, the turns of one conversation, with a team of n threads in a worker process, and print the CPU time of
every thread of the worker. The text is the same for every n.

  Thread i        rank i of the team: computes its share of every matrix and of attention
  main thread     the worker's own thread: starts the steps and samples tokens; with n = 0 it does everything
  Whole process   the worker, from its fork to its end (wait4)

A thread's user and system seconds add up to what the kernel counts in nanoseconds (/proc/<pid>/task/<tid>/schedstat);
the system part of it has a resolution of 10 ms, a tick (stat).
"""
_EXAMPLES = """examples:
  python -m llmproc threads 2 42 "What is a thread?"
  python -m llmproc threads 0 42 "What is a thread?" "And a process?" 2>log.txt
  for n in 0 1 2 4 8; do python -m llmproc threads $n 42 "What is a thread?" | tail -n 1; done
  python -m llmproc threads 4 42 --policy batch --nice 10 "What is a mutex?"
"""


@dataclass(frozen=True, slots=True)
class ThreadsOptions:
    """Everything a run needs to know, checked."""

    prompts: tuple[str, ...]
    model: Path
    model_named: bool  # by a flag or the environment
    tokenizer: Path | None  # None: the model's own
    engine: EngineOptions
    sampling: SamplingParams
    seed_drawn: bool
    scheduling: Scheduling
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
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "n", type=int, help=f"threads of the team, 0 to {MOST_THREADS}; may be more than there are CPUs"
    )
    parser.add_argument("seed", type=int, help="seed of the random stream; 0 or less: chosen at random and printed")
    parser.add_argument("prompts", nargs="+", metavar="prompt", help="one turn of the conversation each")
    add_files(parser)
    add_sampling(parser, without=("n", "logprobs"))
    add_engine_options(parser, threads=False)
    add_scheduling(parser)
    add_logs(parser)
    parser.add_argument(
        "--course",
        action="store_true",
        help="the course's template, lengths and order of arithmetic, and ./model.bin and ./tokenizer.bin if "
        "they are there",
    )
    return parser


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> ThreadsOptions:
    """Return the options from the command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_intermixed_args(arguments)
    if not 0 <= given.n <= MOST_THREADS:
        raise UsageError(f"n is {given.n}: must be from 0 to {MOST_THREADS}")
    if given.course and given.system is not None:
        raise UsageError("--system cannot be used with --course: the exercise has no system message")
    rules = rules_of(given)
    model, tokenizer = files_of(given, environment, rules.local_files, answer_notices())
    sampling, drawn = sampling_of(given, given.seed)
    return ThreadsOptions(
        prompts=tuple(given.prompts),
        model=model,
        model_named=bool(given.model or environment.model),
        tokenizer=tokenizer,
        engine=replace(engine_options(given, rules.c_order), threads=given.n, leads=False, adapt=False),
        sampling=sampling,
        seed_drawn=drawn,
        scheduling=scheduling_of(given),
        course=given.course,
        rules=rules,
        system=given.system,
        interval_s=interval_of(given),
        log=given.log,
        run_dir=given.run_dir or environment.run_dir,
    )
