"""The command line options that every verb with an engine has, and what becomes of them."""

from __future__ import annotations

import argparse

from llmproc.config import KV_TYPES, WEIGHT_TYPES, EngineOptions, check_fixed_threads
from llmproc.errors import UsageError

_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def add_engine_options(parser: argparse.ArgumentParser, sequences: bool = False, threads: bool = True) -> None:
    """Add the options of the engine.

    `sequences`: whether the verb runs several at once; `threads`: whether it takes their number as an option.
    """
    group = parser.add_argument_group("engine")
    add = group.add_argument
    if threads:
        add_threads(group, "threads of each worker (default: the CPUs available, shared by all workers and instances)")
    add("--weights", choices=WEIGHT_TYPES, help="quantise an fp32 checkpoint when it is loaded (default: keep it)")
    add("--kv-type", choices=KV_TYPES, help="type of keys and values; f32 is slower (default: f16)")
    add("--context", type=int, metavar="N", help="maximum positions of a sequence (default: the checkpoint's)")
    add("--kv-memory", metavar="BYTES", help="memory for keys and values, such as 512M or 2G (default: as needed)")
    add("--batch-tokens", type=int, default=128, metavar="N", help="maximum tokens computed in one step (default: 128)")
    if sequences:
        add(
            "--sequences",
            type=int,
            default=8,
            metavar="N",
            help="maximum sequences side by side in a worker (default: 8)",
        )


def add_threads(group: argparse._ArgumentGroup, about: str) -> None:
    """Add the number of threads, and whether fewer may run while other programs hold the CPUs."""
    group.add_argument("--threads", type=int, metavar="N", help=about)
    group.add_argument(
        "--fixed-threads",
        action="store_true",
        help="always use all threads (default: fewer while other programs hold CPUs)",
    )


def engine_options(given: argparse.Namespace, c_order: bool = False, threads: int | None = None) -> EngineOptions:
    """Build them from parsed arguments; `threads` is used if the user named none. UsageError naming a bad option."""
    if c_order and given.kv_type == "f16":
        raise UsageError("--kv-type is f16: the C engine's order needs f32")
    named = getattr(given, "threads", None)
    threads = threads if named is None else named
    fixed = check_fixed_threads(getattr(given, "fixed_threads", False), threads)
    return EngineOptions(
        threads=threads,
        sequences=getattr(given, "sequences", 1),
        weights=given.weights,
        kv_type="f32" if c_order else given.kv_type or "f16",
        context=given.context,
        kv_memory=None if given.kv_memory is None else parse_bytes("kv-memory", given.kv_memory),
        batch_tokens=given.batch_tokens,
        c_order=c_order,
        adapt=not fixed,
    )


def parse_bytes(option: str, text: str) -> int:
    """Return the bytes that `1073741824`, `512M` or `2G` stands for. UsageError for anything else."""
    number, unit = text, 1
    if text[-1:].lower() in _UNITS:
        number, unit = text[:-1], _UNITS[text[-1].lower()]
    if not (number.isascii() and number.isdecimal()):
        raise UsageError(f"--{option} is {text}: must be bytes, such as 1073741824, 512M or 2G")
    return int(number) * unit
