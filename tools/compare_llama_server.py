#!/usr/bin/env python3
"""How our server does beside llama.cpp's llama-server: same file, same load, same clients. See --help."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # a checkout runs without being installed

# What computes is imported when it is called: --help is quick, and a missing package costs one line.

DESCRIPTION = """\
Start our server and llama.cpp's on the same GGUF file, one with random weights in SmolLM-135M's shape, and have the
same clients stream from both in turn; measure both engines without servers in between. Needs a llama-server that was
built from source (with llama-batched-bench beside it, for its engine alone), and the extra `server`.
"""
EXAMPLES = """examples:
  tools/compare_llama_server.py llama.cpp/build/bin/llama-server
  tools/compare_llama_server.py build/bin/llama-server --python env/bin/python --json result.json

exit code: 0 every bar is kept, 1 one is broken, 2 wrong usage, 3 a server does not start
"""
COLUMNS = (
    ("requests/s", "requests_per_s", 1.0, 2), ("first text, ms", "wait_s", 1e3, 0), ("gap p95, ms", "gap_s", 1e3, 1),
    ("clients, CPU s", "client_s", 1.0, 2), ("serving", "serving_s", 1.0, 2), ("computing", "computing_s", 1.0, 2),
    ("server, all", "total_s", 1.0, 2),
)  # fmt: skip


def servers_table(servers: Sequence[Mapping[str, Any]]) -> str:
    """Return medians and, after ±, half the interquartile range, as Markdown."""
    from llmproc.report.markdown import table

    rows = []
    for server in servers:
        cells = [server["name"]]
        for _, name, unit, digits in COLUMNS:
            found = server[name]
            cells.append(
                "-" if found is None else f"{found['median'] * unit:.{digits}f} ±{found['iqr'] / 2 * unit:.{digits}f}"
            )
        rows.append([*cells, str(server["failed"])])
    return table(["server", *(head for head, *_ in COLUMNS), "failed"], rows, right=set(range(1, len(COLUMNS) + 2)))


def ratios_table(result: Mapping[str, Any]) -> str:
    """Return ours over each peer's, geometric means with their 95 % intervals, as Markdown."""
    from llmproc.report.markdown import table

    rows = [[name, *(_interval(found[what]) for what in found)] for name, found in result["ratios"].items()]
    if result["engine_ratio"] is not None:
        rows.append(["engines alone", _interval(result["engine_ratio"]), "-", "-"])
    return table(["ours over", "requests/s", "first text", "gap p95"], rows, right={1, 2, 3})


def bars_table(bars: Sequence[Mapping[str, Any]]) -> str:
    """Return every bar and whether it is kept, as Markdown."""
    from llmproc.report.markdown import table

    rows = []
    for bar in bars:
        value = "not measured" if bar["value"] is None else f"{bar['value']:.3g}"
        rules = [f"at {end} {bar[f'at_{end}']:.3g}" for end in ("least", "most") if bar[f"at_{end}"] is not None]
        rows.append([bar["what"], value, " ".join(rules), "ok" if bar["kept"] else "BROKEN"])
    return table(["bar", "measured", "rule", ""], rows, right={1})


def text_of(result: Mapping[str, Any]) -> str:
    """Return the tables, what they are of, and what makes them doubtful."""
    options, machine = result["options"], result["machine"]
    file, runs = Path(result["model"]["file"]).name, options["clients"] * options["requests"]
    peers = ", ".join(f"{peer['name']} {peer['version']}" for peer in result["versions"])
    head = (
        f"{machine['cpu']}, {machine['isa']}; {file}, {result['model']['bytes']:,} bytes; "
        f"{options['clients']} clients, {options['prompt_tokens']} + {options['new_tokens']} tokens, "
        f"{options['threads']} threads, {options['repeat']} runs of {runs} requests; {peers}\n\n"
    )
    alone = [f"{row['name']}: {row['requests_per_s']['median']:.2f} requests/s\n" for row in result["engines"]]
    doubts = "".join(f"- {words}\n" for words in result["warnings"])
    parts = [servers_table(result["servers"]), "".join(alone), ratios_table(result), bars_table(result["bars"]), doubts]
    return head + "\n".join(part for part in parts if part)


def _interval(ratio: Mapping[str, Any] | None) -> str:
    if ratio is None:
        return "-"
    return f"{ratio['mean']:.2f}" + ("" if ratio["low"] is None else f" ({ratio['low']:.2f} to {ratio['high']:.2f})")


def parser_of() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    from llmproc.apps.parser import OneLineParser

    parser = OneLineParser(
        prog="tools/compare_llama_server.py", description=DESCRIPTION, epilog=EXAMPLES, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("llama_server", type=Path, metavar="LLAMA_SERVER", help="the program")
    add("--python", type=Path, metavar="FILE", help="an interpreter with llama-cpp-python[server]: one more server")
    add("--model", type=Path, metavar="FILE", help="a GGUF file (default: random weights)")
    add("--shape", default="smollm-135m", metavar="NAME", help="of the random one (default: smollm-135m)")
    add("--weights", default="q8_0", metavar="TYPE", help="of the random one (default: q8_0)")
    add("--clients", type=int, default=16, metavar="N", help="clients, and sequences of each server (default: 16)")
    add("--requests", type=int, default=4, metavar="N", help="requests of each client in a run (default: 4)")
    add("--prompt-tokens", type=int, default=64, metavar="N", help="tokens of each prompt (default: 64)")
    add("--new-tokens", type=int, default=64, metavar="N", help="tokens of each answer (default: 64)")
    add("--threads", type=int, default=2, metavar="N", help="threads that compute, of each server (default: 2)")
    add("--repeat", type=int, default=5, metavar="N", help="runs of each that count (default: 5)")
    add("--fixed-threads", action="store_true", help="ours: all threads, also while other programs hold CPUs")
    add("--json", type=Path, metavar="FILE", help="write the whole result to FILE, too")
    return parser


def run(arguments: list[str]) -> int:
    """Compare and print; return the exit code. UsageError, StartError."""
    from llmproc.apps.exits import interruptible
    from llmproc.apps.progress import ProgressBar
    from llmproc.errors import UsageError
    from llmproc.files.escaping import to_json
    from llmproc.files.streams import print_result

    interruptible()
    given = parser_of().parse_args(arguments)
    if given.json is not None and (given.json.is_dir() or not given.json.parent.is_dir()):
        raise UsageError(f"--json is {given.json}: must be a file in a folder that exists")
    from llmproc.experiments.against_llama_server.comparison import compare_servers
    from llmproc.experiments.against_llama_server.options import CompareServersOptions

    options = CompareServersOptions(**{f.name: getattr(given, f.name) for f in fields(CompareServersOptions)})
    command = shlex.join(["tools/compare_llama_server.py", *arguments])
    result = compare_servers(options, command, ProgressBar())
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
