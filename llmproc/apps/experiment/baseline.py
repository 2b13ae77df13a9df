"""`experiment baseline`: its options, and its plan."""

from __future__ import annotations

import argparse

from llmproc.apps.experiment.lists import add_list, numbers_of
from llmproc.experiments.baseline.plan import baseline_plan
from llmproc.experiments.frame.options import FrameOptions
from llmproc.experiments.frame.plan import ExperimentPlan

DESCRIPTION = """\
Latency and its percentiles, time to first token (TTFT), time between tokens (ITL, TPOT), tokens/s, CPU seconds, memory
(PSS) and keys and values (KV), over lengths of prompts and answers. Requests are made one after another.
"""
EXAMPLES = """examples:
  python -m llmproc experiment baseline
  python -m llmproc experiment baseline --num-runs 10 --prompt-lengths 16,64,256 --output-lengths 16 64
"""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the lengths."""
    group = parser.add_argument_group("lengths")
    add_list(
        group, "--prompt-lengths", metavar="N", help="tokens of made prompts, in place of --prompt; 16,64,256 or 16 64"
    )
    add_list(
        group,
        "--output-lengths",
        metavar="N",
        help="tokens of each answer, no fewer and no more (default: up to --max-tokens)",
    )


def plan_of(given: argparse.Namespace, common: FrameOptions) -> ExperimentPlan:
    """Return the plan. UsageError."""
    prompt = None if given.prompt_lengths is None else numbers_of("--prompt-lengths", given.prompt_lengths, 1, 1 << 20)
    output = None if given.output_lengths is None else numbers_of("--output-lengths", given.output_lengths, 1, 1 << 20)
    return baseline_plan(common, prompt, output)
