"""The command line of `serve`: a table of options, and what becomes of them."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from llmproc.apps.engine_options import add_engine_options, engine_options
from llmproc.apps.flags import (
    add_files,
    add_logs,
    add_scheduling,
    add_template_options,
    files_of,
    interval_of,
    scheduling_of,
    template_options_of,
)
from llmproc.apps.parser import OneLineParser
from llmproc.apps.telemetry_options import add_telemetry, telemetry_of
from llmproc.config import EngineOptions, Environment, Scheduling, check_workers
from llmproc.dispatch import POLICIES
from llmproc.errors import UsageError
from llmproc.telemetry.settings import ExportSettings

OLLAMA_PORT = 11434
KEY_VARIABLE = "LLMPROC_API_KEY"
_DESCRIPTION = """\
Answer requests of OpenAI's and Ollama's clients over HTTP. Programs that carry another server's address and another
model's name work unchanged: every model name is answered by the one model that is loaded.

It listens on this machine alone unless --host says otherwise, and then an API key is advisable. Ctrl-C or SIGTERM: no
new requests, answers under way are finished, then it ends; again: at once.
"""
_EXAMPLES = f"""examples:
  python -m llmproc serve
  python -m llmproc serve --model HF://HuggingFaceTB/SmolLM2-135M-Instruct --sequences 16
  python -m llmproc serve --ollama                   also on port {OLLAMA_PORT}, where Ollama's clients look
  curl http://127.0.0.1:8000/v1/chat/completions -d '{{"messages": [{{"role": "user", "content": "Hello"}}]}}'

llmproc/server/README.md has the paths, the fields and their limits.
"""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """All that `serve` was told."""

    host: str
    port: int
    ollama: bool
    model: Path
    tokenizer: Path | None
    model_names: tuple[str, ...]
    strict_model: bool
    template_options: dict[str, Any]
    keys: tuple[str, ...]
    allow_hosts: tuple[str, ...]
    allow_origins: tuple[str, ...]
    queue: int
    slo: str | None
    drain_s: float
    batch_dir: Path | None
    mode: str
    workers: int
    engine: EngineOptions
    scheduling: Scheduling
    interval_s: float
    log: str | None
    run_dir: str | None
    traces: ExportSettings | None
    arguments: tuple[str, ...]


def build_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser; `prog` as the user typed it."""
    parser = OneLineParser(
        prog=prog,
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_place(parser)
    _add_access(parser)
    _add_load(parser)
    add_engine_options(parser, sequences=True)
    add_files(parser)
    _add_names(parser)
    add_template_options(parser)
    add_scheduling(parser)
    add_logs(parser)
    add_telemetry(parser)
    return parser


def _add_place(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("where").add_argument
    add(
        "--host", default="127.0.0.1", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1, this machine)"
    )
    add("--port", type=int, default=8000, metavar="N", help="port to listen on; 0: any that is free (default: 8000)")
    add("--ollama", action="store_true", help=f"listen on port {OLLAMA_PORT} too, where Ollama's clients look")


def _add_access(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("who may ask").add_argument
    repeat: dict[str, Any] = {"action": "append", "default": []}
    add(
        "--api-key",
        metavar="KEY",
        help=f"a key that clients must send; may be repeated (default: ${KEY_VARIABLE})",
        **repeat,
    )
    add(
        "--allow-host",
        metavar="NAME",
        help="answer requests to this host name, too; may be repeated; *: to any",
        **repeat,
    )
    add(
        "--allow-origin", metavar="URL", help="let pages of this web site ask (CORS); may be repeated; *: any", **repeat
    )


def _add_load(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("load").add_argument
    add("--workers", type=int, default=1, metavar="N", help="worker processes (default: 1)")
    add(
        "--mode",
        choices=[name for name in POLICIES if name != "seq"],
        default="ws",
        help="how requests get to workers: sp: in turn; ws: in turn, and idle workers steal; lpt: longest first "
        "(default: ws)",
    )
    add(
        "--queue", type=int, default=256, metavar="N", help="requests that may wait; more get status 429 (default: 256)"
    )
    add("--slo", metavar="GOALS", help="refuse what cannot be kept, such as ttft=0.5,tpot=0.05 in seconds")
    add(
        "--batch-dir",
        type=Path,
        metavar="FOLDER",
        help="files and batches of /v1/files and /v1/batches (default: ~/.local/state/llmproc/batches)",
    )
    add("--drain", type=float, default=30.0, metavar="SECONDS", help="at the end, for answers under way (default: 30)")


def _add_names(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("names of the model").add_argument
    add("--model-path", dest="model", type=Path, metavar="FILE", help="the same as --model")
    add("--model-name", action="append", default=[], metavar="NAME", help="list this name, too; may be repeated")
    add("--strict-model", action="store_true", help="answer 404 to names that are not listed (default: answer all)")


def parse_options(prog: str, arguments: Sequence[str], environment: Environment) -> ServeOptions:
    """Return the options from the command line. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    check_workers(given.workers)
    _check(given)
    model, tokenizer = files_of(given, environment)
    keys = given.api_key or [key for key in [os.environ.get(KEY_VARIABLE, "")] if key]
    return ServeOptions(
        host=given.host,
        port=given.port,
        ollama=given.ollama,
        model=model,
        tokenizer=tokenizer,
        model_names=tuple(given.model_name),
        strict_model=given.strict_model,
        template_options=template_options_of(given),
        keys=tuple(keys),
        allow_hosts=tuple(name.lower() for name in given.allow_host),
        allow_origins=tuple(origin.rstrip("/") for origin in given.allow_origin),
        queue=given.queue,
        slo=given.slo,
        drain_s=given.drain,
        batch_dir=given.batch_dir,
        mode=given.mode,
        workers=given.workers,
        engine=engine_options(given),
        scheduling=scheduling_of(given),
        interval_s=interval_of(given),
        log=given.log,
        run_dir=given.run_dir or environment.run_dir,
        traces=telemetry_of(given, os.environ),
        arguments=tuple(arguments),
    )


def _check(given: argparse.Namespace) -> None:
    if not 0 <= given.port <= 65535:
        raise UsageError(f"--port is {given.port}: must be from 0 to 65535")
    if given.ollama and given.port == OLLAMA_PORT:
        raise UsageError(f"--port is {OLLAMA_PORT}: --ollama listens there already; leave one of them out")
    if not 0 <= given.queue <= 100_000:
        raise UsageError(f"--queue is {given.queue}: must be from 0 to 100000")
    if not 0 <= given.drain <= 3600:
        raise UsageError(f"--drain is {given.drain:g}: must be from 0 to 3600 seconds")
    for key in given.api_key:
        if not key or not key.isascii() or any(character.isspace() for character in key):
            raise UsageError(
                "--api-key has a space, another than an ASCII character, or nothing: clients cannot send it"
            )
    for origin in given.allow_origin:
        if origin != "*" and "://" not in origin:
            raise UsageError(f"--allow-origin is {origin}: must look like https://example.org, or be *")
