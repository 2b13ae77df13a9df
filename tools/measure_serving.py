#!/usr/bin/env python3
"""What our HTTP server costs beside the engine, for each streamed token and by stage. See --help."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

# What computes is imported when it is called: --help is quick, and a missing package costs one line.

DESCRIPTION = """\
Stream completions from our server to 1, 16 and 64 clients at once, and measure the CPU time that its first process
takes for each token, in total and by stage; beside it that of the prompt loop, which shows the same tokens without
HTTP. Needs the extra `server`.
"""
EXAMPLES = """examples:
  tools/measure_serving.py
  tools/measure_serving.py --streams 16 --repeat 5 --json serving.json

exit code: 0 every bar is kept, 1 one is broken, 2 wrong usage, 3 a program does not start
"""


def totals_table(result: Mapping[str, Any]) -> str:
    """Return what each number of streams and the prompt loop take, as Markdown."""
    from llmproc.report.markdown import table

    rows = []
    for row in result["streams"]:
        over, share = row["over_chat"], row["share"]
        interval = "" if over["low"] is None else f" ({over['low']:.2f} to {over['high']:.2f})"
        rows.append(
            [f"{row['streams']} streams", f"{row['tokens_per_s']['median']:.0f}", f"{row['main_us']['median']:.0f}",
             f"{share['median']:.1%}", f"{over['mean']:.2f}{interval}", f"{row['client_us']['median']:.0f}"]
        )  # fmt: skip
    chat = result["chat"]
    rows.append(
        ["prompt loop", f"{chat['tokens_per_s']['median']:.0f}", f"{chat['main_us']['median']:.0f}", "-", "1", "-"]
    )
    head = ["", "tokens/s", "main, µs a token", "of the tree", "over the prompt loop", "clients, µs a token"]
    return table(head, rows, right={1, 2, 3, 4, 5})


def stages_table(result: Mapping[str, Any]) -> str:
    """Return microseconds a token by stage, of the server with clocks, as Markdown."""
    from llmproc.report.markdown import table

    rows = result["streams"]
    cells = [[stage, *(f"{row['stages_us'][stage]:.1f}" for row in rows)] for stage in rows[0]["stages_us"]]
    cells.append(["all, with clocks", *(f"{row['clocked_us']['median']:.1f}" for row in rows)])
    return table(
        ["µs a token", *(f"{row['streams']} streams" for row in rows)], cells, right={*range(1, len(rows) + 1)}
    )


def text_of(result: Mapping[str, Any]) -> str:
    """Return the tables, what they are of, the bars, and what makes them doubtful."""
    options, machine = result["options"], result["machine"]
    head = (
        f"{machine['cpu']}, {machine['isa']}; {Path(result['model']['file']).name}; "
        f"{options['prompt_tokens']} + {options['new_tokens']} tokens, {options['threads']} threads, "
        f"{options['repeat']} runs of about {options['tokens']} tokens\n\n"
    )
    bars = [
        f"- {'ok' if bar['kept'] else 'BROKEN'}: {bar['what']}: {bar['value']:.3g}, at most {bar['at_most']:.3g}\n"
        for bar in result["bars"]
    ]
    doubts = [f"- {words}\n" for words in result["warnings"]]
    return head + "\n".join((totals_table(result), stages_table(result), "".join(bars), "".join(doubts)))


def parser_of() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from llmproc.apps.parser import OneLineParser

    parser = OneLineParser(
        prog="tools/measure_serving.py", description=DESCRIPTION, epilog=EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--model", type=Path, metavar="FILE", help="a model file (default: random weights)")
    add("--shape", default="smollm-135m", metavar="NAME", help="of the random one (default: smollm-135m)")
    add("--weights", default="q8_0", metavar="TYPE", help="of the random one (default: q8_0)")
    add("--streams", default="1,16,64", metavar="LIST", help="numbers of streams at once (default: 1,16,64)")
    add("--prompt-tokens", type=int, default=64, metavar="N", help="tokens of each prompt (default: 64)")
    add("--new-tokens", type=int, default=128, metavar="N", help="tokens of each answer (default: 128)")
    add("--tokens", type=int, default=2048, metavar="N", help="tokens of a run, of all streams (default: 2048)")
    add("--threads", type=int, default=2, metavar="N", help="threads that compute (default: 2)")
    add("--repeat", type=int, default=3, metavar="N", help="runs of each that count (default: 3)")
    add("--json", type=Path, metavar="FILE", help="write the whole result to FILE, too")
    return parser


def run(arguments: list[str]) -> int:
    """Measure and print; return the exit code. UsageError, StartError."""
    from llmproc.apps.exits import interruptible
    from llmproc.apps.progress import ProgressBar
    from llmproc.errors import UsageError
    from llmproc.files.escaping import to_json
    from llmproc.files.streams import print_result

    interruptible()
    given = parser_of().parse_args(arguments)
    if given.json is not None and (given.json.is_dir() or not given.json.parent.is_dir()):
        raise UsageError(f"--json is {given.json}: must be a file in a folder that exists")
    words = given.streams.split(",")
    if not all(word.isascii() and word.isdecimal() for word in words):
        raise UsageError(f"--streams is {given.streams}: must be numbers with commas between them")
    given.streams = tuple(dict.fromkeys(int(word) for word in words))
    from llmproc.experiments.serving_overhead.options import ServingOptions
    from llmproc.experiments.serving_overhead.overhead import measure_serving

    options = ServingOptions(**{f.name: getattr(given, f.name) for f in fields(ServingOptions)})
    result = measure_serving(options, shlex.join(["tools/measure_serving.py", *arguments]), ProgressBar())
    if given.json is not None:
        given.json.write_text(to_json(result) + "\n", encoding="utf-8")
    print_result(text_of(result))
    return 0 if all(bar["kept"] for bar in result["bars"]) else 1


def main(arguments: list[str] | None = None) -> int:
    """Run the tool; return the exit code."""
    from llmproc.apps.exits import exit_code_of

    return exit_code_of(lambda: run(sys.argv[1:] if arguments is None else arguments))


if __name__ == "__main__":
    from llmproc.files.interpreter import quiet_interrupt

    quiet_interrupt()
    sys.exit(main())
