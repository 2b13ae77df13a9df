"""The options of all experiments: flags in, one frozen FrameOptions out."""

from __future__ import annotations

import argparse
from pathlib import Path

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.experiment.lists import GatheredTexts
from llmproc.apps.flags import add_files, add_sampling, files_of, sampling_of
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.frame.options import FrameOptions
from llmproc.monitor.runfolder import default_base

PROMPTS = ("What is a process?", "Write a short story about a lighthouse.", "How much is 6+6?")
MAX_TOKENS = 64


def add_common(parser: argparse.ArgumentParser, name: str) -> None:
    """Add what every experiment has."""
    add = parser.add_argument_group("the experiment").add_argument
    add("--num-runs", type=int, default=5, metavar="N", help="counted repetitions of every arm (default: 5)")
    add("--warmup-runs", type=int, default=1, metavar="N", help="repetitions before them (default: 1)")
    add(
        "--prompt",
        nargs="+",
        action=GatheredTexts,
        metavar="TEXT",
        help="what is asked; several texts, or several times (default: three prompts that ship)",
    )
    add("--seed", type=int, default=42, help="seed of token sampling; 0 or less: chosen at random (default: 42)")
    add(
        "-o",
        "--output",
        type=Path,
        metavar="DIR",
        help=f"folder of result.json, report.md and pictures, which are replaced (default: logs/results/{name})",
    )
    add("--json", action="store_true", help="print the result as JSON instead of the table")
    add_files(parser)
    add_sampling(parser, without=("n", "logprobs", "stop"))
    parser.set_defaults(max_tokens=MAX_TOKENS)
    add_engine_options(parser)


def common_of(given: argparse.Namespace, name: str, environment: Environment) -> FrameOptions:
    """Return the options. UsageError naming the flag; raises as `files_of`."""
    model, tokenizer = files_of(given, environment)
    sampling, _ = sampling_of(given, given.seed)
    output = given.output or default_base() / "results" / name
    if output.exists() and not output.is_dir():
        raise UsageError(f"--output is {output}: must be a folder")
    return FrameOptions(
        experiment=name,
        model=model,
        tokenizer=tokenizer,
        prompts=PROMPTS if given.prompt is None else tuple(given.prompt),
        output=output,
        num_runs=given.num_runs,
        warmup_runs=given.warmup_runs,
        engine=engine_options(given),
        sampling=sampling,
        system=given.system,
    )
