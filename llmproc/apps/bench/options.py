"""bench's command line: flags in, one frozen BenchOptions out. No I/O but argparse's own."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from llmproc.apps.engine_options import add_threads
from llmproc.apps.flags import MODEL_NAMES, add_run_dir, model_path
from llmproc.apps.parser import OneLineParser
from llmproc.checkpoints.synth import SHAPES
from llmproc.config import KV_TYPES, WEIGHT_TYPES, EngineOptions, Environment, check_fixed_threads
from llmproc.errors import UsageError
from llmproc.experiments.bench.model import COURSE
from llmproc.experiments.bench.options import BenchOptions
from llmproc.hardware.sharing import default_threads

FORMATS = ("md", "csv", "json")
PEERS = ("llama-cpp",)
PEER_SEQUENCES = 256  # llama.cpp's LLAMA_MAX_SEQ
DEFAULT_SHAPE = "smollm-135m"
_EXAMPLES = """examples:
  python -m llmproc bench                                       SmolLM-135M's shape, int8, all CPUs
  python -m llmproc bench --weights q4 --threads 1 --batched 1,16
  python -m llmproc bench --weights course --no-limits          version 2, groups of 64, as in the course
  python -m llmproc bench --phases -n 64 --batched 16           where the time of a step goes, who waits for whom
  python -m llmproc bench --peer llama-cpp --format json -o result.json
  python -m llmproc bench --model model.bin -p 0 -n 64 --batched none
  python -m llmproc bench serve --help                          load on a server: latencies, rates, failures
"""


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description="Measure speed: a table as llama-bench prints it, and one over numbers of sequences, beside the "
        "limits of this machine; with --peer beside llama.cpp, too, on the same weights in the same run.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_model(parser)
    _add_work(parser)
    add = parser.add_argument_group("output").add_argument
    add("--format", choices=FORMATS, default="md", help="md: tables; csv, json: all data (default: md)")
    add("-o", "--output", metavar="FILE", help="write to FILE instead of stdout")
    add_run_dir(add)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
    model = parser.add_argument_group("model")
    names = f"checkpoint; {MODEL_NAMES} (default: a synthetic one)"
    model.add_argument("--model", type=Path, metavar="FILE", help=names)
    model.add_argument(
        "--shape", choices=sorted(SHAPES), help=f"use random weights in this shape (default: {DEFAULT_SHAPE})"
    )
    model.add_argument(
        "--weights", choices=(*WEIGHT_TYPES, COURSE), help="type to compute with: of an fp32 or synthetic checkpoint "
        "(int8), else the file's own; course: synthetic, version 2 in groups of 64",
    )  # fmt: skip
    model.add_argument("--kv-type", choices=KV_TYPES, default="f16", help="type of keys and values (default: f16)")
    how = parser.add_argument_group("how")
    add_threads(how, "threads per engine (default: the CPUs available)")
    how.add_argument(
        "--repeat", type=int, default=5, metavar="N", help="counted repetitions, after one warm-up (default: 5)"
    )
    how.add_argument(
        "--batch-tokens", type=int, metavar="N", help="maximum tokens that llmproc computes in one step (default: 128)"
    )
    how.add_argument("--peer", choices=PEERS, help="measure this engine too, in turn, on the same weights")


def _add_work(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("what to measure (0 or none leaves it out)").add_argument
    add("-p", "--prompt", default="512", metavar="LIST", help="lengths of the prompts to read (default: 512)")
    add("-n", "--generate", default="128", metavar="LIST", help="numbers of tokens to generate (default: 128)")
    add("--batched", default="1,2,4,8,16,32", metavar="LIST", help="sequences in a step (default: 1,2,4,8,16,32)")
    add("--batched-steps", type=int, default=32, metavar="N", help="steps of each of those (default: 32)")
    add("--kernels", action="store_true", help="also measure the matrix products of llmproc alone")
    add(
        "--phases",
        action="store_true",
        help="run each prompt and generation once more, traced, and print where its "
        "time goes: phase by phase beside the limits, and what each thread waited for; in tables and json",
    )
    add("--no-limits", action="store_true", help="do not measure the machine's limits")


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> BenchOptions:
    """Return the options from the command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    batched = parse_batched(given.batched)
    _refuse(given, batched)
    threads = default_threads(1) if given.threads is None else given.threads
    _within("--threads", threads, 1, 256)
    _within("--repeat", given.repeat, 1, 1000)
    prompt, generate = parse_sizes("--prompt", given.prompt), parse_sizes("--generate", given.generate)
    _within("--batched-steps", given.batched_steps, 1, 1 << 20)
    batch_tokens = EngineOptions().batch_tokens if given.batch_tokens is None else given.batch_tokens
    _within("--batch-tokens", batch_tokens, 1, 4096)
    if not (prompt or generate or batched or given.kernels):
        raise UsageError("nothing to measure: --prompt and --generate are 0, --batched is none")
    output = parse_output(given.output)
    return BenchOptions(
        model=model_path(given.model or (None if given.shape or given.weights == COURSE else environment.model)),
        shape=given.shape or DEFAULT_SHAPE,
        weights=given.weights,
        threads=threads,
        kv_type=given.kv_type,
        batch_tokens=batch_tokens,
        prompt=prompt,
        generate=generate,
        batched=batched,
        batched_steps=given.batched_steps,
        repeat=given.repeat,
        format=given.format,
        output=output,
        peer=given.peer,
        kernels=given.kernels,
        limits=not given.no_limits,
        run_dir=given.run_dir or environment.run_dir,
        phases=given.phases,
        fixed_threads=check_fixed_threads(given.fixed_threads, given.threads),
    )


def _refuse(given: argparse.Namespace, batched: Sequence[int]) -> None:
    """Raise UsageError for flags that do not go together."""
    if given.model is not None and given.shape is not None:
        raise UsageError("--shape cannot be used with --model: a file has its own")
    if given.model is not None and given.weights == COURSE:
        raise UsageError("--weights course cannot be used with --model: a file has its own groups")
    if given.peer is not None and given.weights == COURSE:
        raise UsageError(f"--peer {given.peer} cannot be used with --weights course: no GGUF type has groups of 64")
    if given.peer is not None and max((0, *batched)) > PEER_SEQUENCES:
        raise UsageError(f"--batched is {given.batched}: --peer {given.peer} takes {PEER_SEQUENCES} sequences at most")


def parse_sizes(option: str, text: str) -> tuple[int, ...]:
    """Return (512, 1024) for `512,1024`, once each and as given; () for `0` or `none`. UsageError for anything else."""
    if text in ("0", "none"):
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() and 1 <= int(part[:9]) <= 1 << 20 for part in parts):
        raise UsageError(f"{option} is {text}: must be 0, or numbers from 1 to {1 << 20} such as 512,1024")
    return tuple(dict.fromkeys(map(int, parts)))


def parse_output(text: str | None) -> Path | None:
    """Return the file to write. UsageError for what names no file, and for a format's name, as llama-bench takes it."""
    if text is None:
        return None
    if text in (*FORMATS, "jsonl", "sql"):
        raise UsageError(f"--output is {text}: it names a file; --format chooses md, csv or json (./{text} is a file)")
    if not Path(text).name:
        raise UsageError(f"--output is {text}: must name a file")
    return Path(text)


def parse_batched(text: str) -> tuple[int, ...]:
    """Return (1, 4, 16) for `1,4,16`, in order and once each; () for `none`. UsageError for anything else."""
    if text == "none":
        return ()
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() and 1 <= int(part) <= 1024 for part in parts):
        raise UsageError(f"--batched is {text}: must be none, or numbers from 1 to 1024 such as 1,4,16")
    return tuple(sorted({int(part) for part in parts}))


def _within(option: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise UsageError(f"{option} is {value}: must be from {low} to {high}")
