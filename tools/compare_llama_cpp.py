#!/usr/bin/env python3
"""How exact our logits are beside llama.cpp's, on the same GGUF files, in every type of tensor. See --help."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

# What computes is imported when it is called: --help is quick, and a missing package costs one line.

DESCRIPTION = """\
Write random models in every type of GGUF tensor, and compare the logits of this engine and of llama.cpp
(package llama-cpp-python) with those of float64 on the dequantised weights, at 64 positions of each model.
"""
EXAMPLES = """examples:
  tools/compare_llama_cpp.py
  tools/compare_llama_cpp.py --types q4_k,q6_k --json result.json
  tools/compare_llama_cpp.py --kv-type f32 --types f32,f16

exit code: 0 every bar is kept, 1 one is broken, 2 wrong usage
"""
HEAD = [
    "type", "divergence", "llama.cpp", "ratio", "rms error", "llama.cpp", "ratio", "largest", "llama.cpp", "changed",
    "llama.cpp", "",
]  # fmt: skip


def table_of(result: Mapping[str, Any]) -> str:
    """Return the figures as Markdown."""
    from llmproc.report.markdown import table

    rows = []
    for row in result["results"]:
        own, peer, ratios = row["own"], row["peer"], row["ratios"]
        cells = [row["stored"]]
        for figure in ("mean_divergence", "root_mean_square"):
            cells += [f"{own[figure]:.2e}", f"{peer[figure]:.2e}", f"{ratios[figure]:.3f}"]
        cells += [f"{side['largest_over_mean']:.1f}" for side in (own, peer)]
        cells += [str(side["changed"]) for side in (own, peer)]
        rows.append([*cells, "BROKEN" if row["broken"] else "ok"])
    return table(HEAD, rows, right=set(range(1, len(HEAD) - 1)))


def text_of(result: Mapping[str, Any]) -> str:
    """Return the table, what it is of, and which bars are broken."""
    options, bars = result["options"], result["bars"]
    positions = result["results"][0]["own"]["positions"] if result["results"] else 0
    lines = [
        f"{result['peer']}; {options['models']} models a type, {positions} positions, KV {options['kv_type']}; "
        "divergence: mean of each position's from float64, in nats; largest: error of a logit over the rms error; "
        "changed: positions with another likeliest token than float64.",
        f"Bars: ratios at most {bars['ratio']}, largest at most {bars['largest_over_mean']:g}, changed at most "
        f"llama.cpp's + {bars['more_changed']}.",
    ]
    lines += [f"{row['stored']}: {words}." for row in result["results"] for words in row["broken"]]
    return table_of(result) + "\n" + "".join(f"- {line}\n" for line in lines)


def parser_of() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from llmproc.apps.parser import OneLineParser

    parser = OneLineParser(
        prog="tools/compare_llama_cpp.py", description=DESCRIPTION, epilog=EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--types", metavar="LIST", help="types of tensors, such as q8_0,q4_k_m (default: all)")
    add("--models", type=int, default=5, metavar="N", help="models of each type (default: 5); more say more of counts")
    add("--kv-type", choices=("f16", "f32"), default="f16", help="type of keys and values, of both (default: f16)")
    add("--threads", type=int, default=1, metavar="N", help="threads of both (default: 1)")
    add("--json", type=Path, metavar="FILE", help="write the whole result to FILE, too")
    return parser


def run(arguments: list[str]) -> int:
    """Compare and print; return the exit code. UsageError."""
    from llmproc.apps.exits import interruptible
    from llmproc.apps.progress import ProgressBar
    from llmproc.errors import UsageError
    from llmproc.files.escaping import to_json
    from llmproc.files.streams import print_result

    interruptible()
    given = parser_of().parse_args(arguments)
    if given.json is not None and (given.json.is_dir() or not given.json.parent.is_dir()):
        raise UsageError(f"--json is {given.json}: must be a file in a folder that exists")
    from llmproc.experiments.against_llama_cpp.comparison import CompareLogitsOptions, compare_logits
    from llmproc.experiments.against_llama_cpp.models import TYPES

    types = tuple(TYPES) if given.types is None else tuple(dict.fromkeys(given.types.split(",")))
    if not set(types) <= set(TYPES):
        raise UsageError(f"--types is {given.types}: must be types of {', '.join(TYPES)}")
    if not 1 <= given.threads <= 256:
        raise UsageError(f"--threads is {given.threads}: must be from 1 to 256")
    if not 1 <= given.models <= 1000:
        raise UsageError(f"--models is {given.models}: must be from 1 to 1000")
    options = CompareLogitsOptions(types=types, models=given.models, kv_type=given.kv_type, threads=given.threads)
    command = shlex.join(["tools/compare_llama_cpp.py", *arguments])
    result = compare_logits(options, command, ProgressBar())
    if given.json is not None:
        given.json.write_text(to_json(result, indent=1) + "\n", encoding="utf-8")
    print_result(text_of(result))
    return 1 if any(row["broken"] for row in result["results"]) else 0


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; return the exit code."""
    from llmproc.apps.exits import exit_code_of

    return exit_code_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    from llmproc.files.interpreter import quiet_interrupt

    quiet_interrupt()
    sys.exit(main())
