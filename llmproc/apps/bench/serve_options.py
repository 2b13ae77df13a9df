"""bench serve's command line: flags in, options and endpoints out. Reads the environment and `.env`, nothing else."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from llmproc.apps.flags import add_run_dir
from llmproc.apps.parser import OneLineParser
from llmproc.client.body import LIMIT_FIELDS
from llmproc.client.endpoint import EndpointVariables, RemoteEndpoint, find_endpoint
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.serve_load.goals import GoodputGoals
from llmproc.experiments.serve_load.options import DEFAULTS, RAMP_REQUESTS, ServeLoadOptions

_MOST_SERVERS = 2
_DESCRIPTION = """\
Send requests to a server with OpenAI's interface, and print what its users would have met: latencies, rates, failures.

A broken, empty or unfinished answer is a failure, and failures are in no average. --url twice compares two servers,
run by run in turn. Ctrl-C prints and keeps what was done.
"""
_EXAMPLES = """examples:
  python -m llmproc bench serve --url http://127.0.0.1:8000                      64 requests, 16 at once
  python -m llmproc bench serve --mode single -n 20                              one after the other; server from .env
  python -m llmproc bench serve --mode stress -n 5000 --concurrency 256 --retries 3
  python -m llmproc bench serve --rate 4 --goodput ttft=0.5,tpot=50ms            arrivals at random, 4 a second
  python -m llmproc bench serve --mode stress --ramp --chart ramp.png            until goodput falls
  python -m llmproc bench serve --url http://127.0.0.1:8000 --url http://127.0.0.1:11434 --repeat 5

exit code: 0, if every request succeeded; 1, if some failed; 130 after Ctrl-C; 3, if the server cannot be asked at all
"""


@dataclass(frozen=True, slots=True)
class BenchServeOptions:
    """All that `bench serve` was told."""

    load: ServeLoadOptions
    endpoints: tuple[RemoteEndpoint, ...]
    json: Path | None
    chart: Path | None
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
    _add_server(parser)
    _add_load(parser)
    _add_requests(parser)
    add = parser.add_argument_group("output").add_argument
    add("--goodput", metavar="GOALS", help="count answers within these limits, such as ttft=0.5,tpot=50ms,e2e=10")
    add("--json", type=Path, metavar="FILE", help="write the whole result with every raw sample to FILE")
    add("--chart", type=Path, metavar="FILE", help="draw it to FILE, a PNG")
    add_run_dir(add)
    return parser


def _add_server(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("server").add_argument
    add(
        "--url",
        action="append",
        metavar="URL",
        help="base URL; twice: compare two servers (default: OPENAI_BASE_URL or LOCAL_API_BASE, from the environment "
        "or .env of this folder)",
    )
    add("--model", metavar="NAME", help="model to name (default: the first that the server lists)")
    add("--api-key", metavar="KEY", help="key to send (default: OPENAI_API_KEY)")
    add("--endpoint", choices=("chat", "completions"), default="chat", help="interface to ask (default: chat)")
    add("--no-stream", action="store_true", help="ask for whole answers: no TTFT, no ITL")
    add("--retries", type=int, default=0, metavar="N", help="times to ask again, with back-off (default: 0)")
    add("--timeout", type=float, default=600.0, metavar="SECONDS", help="for one whole answer (default: 600)")


def _add_load(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("load").add_argument
    defaults = {mode: f"{count}, {at_once} at once" for mode, (count, at_once) in DEFAULTS.items()}
    add(
        "--mode",
        choices=tuple(DEFAULTS),
        default="parallel",
        help="single: one after the other; parallel; stress (default: parallel). Requests: "
        + "; ".join(f"{mode} {text}" for mode, text in defaults.items()),
    )
    add("-n", "--requests", type=int, metavar="N", help="requests of a run")
    add("--concurrency", type=int, metavar="N", help="requests at once; with --rate: at most (default there: no limit)")
    add("--rate", type=float, metavar="R", help="send R a second at random times (Poisson), whatever comes back")
    add(
        "--ramp",
        action="store_true",
        help="with stress: from 1 at once (or from --rate) double until goodput falls or --concurrency is reached; "
        f"-n: requests of each step (default: {RAMP_REQUESTS}), and at least twice as many as at once",
    )
    add("--repeat", type=int, metavar="N", help="runs for each server, in turn (default: 1; with two servers 3)")
    add("--warm-up", type=int, default=0, metavar="N", help="requests before it that are not counted (default: 0)")
    add("--seed", type=int, default=42, metavar="N", help="of arrivals and made prefixes (default: 42)")


def _add_requests(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument_group("requests").add_argument
    add(
        "--prompts", type=Path, metavar="FILE", help="one per line, or .jsonl with prompt, tokens (default: 30 of ours)"
    )
    add("--repeat-prompts", action="store_true", help="ask the same texts again when there are fewer than requests")
    add(
        "--shared-prefix",
        default="",
        metavar="TOKENS|TEXT",
        help="begin every prompt with this text, or this number of words",
    )
    add("--max-tokens", type=int, default=128, metavar="N", help="tokens of an answer at most (default: 128)")
    add(
        "--limit-field",
        choices=("both", *LIMIT_FIELDS),
        default="both",
        help="how chats say that (default: both fields, as some servers read only one; OpenAI's own refuses both)",
    )
    add("--temperature", type=float, metavar="T", help="(default: the server's)")
    add("--ignore-eos", action="store_true", help="go on to --max-tokens, where the server can (vLLM, llama.cpp, ours)")


def parse_serve_options(
    prog: str, arguments: Sequence[str], environment: Environment, folder: Path
) -> BenchServeOptions:
    """Return the options. `folder`: where `.env` is looked for. Raises UsageError; --help prints and exits."""
    given = build_parser(prog).parse_args(arguments)
    urls: list[str | None] = list(given.url or [None])
    if len(urls) > _MOST_SERVERS:
        raise UsageError(f"--url stands {len(urls)} times: must be once, or twice to compare two servers")
    if given.ramp and len(urls) > 1:
        raise UsageError("--ramp is for one --url: two servers fall at different loads")
    variables = EndpointVariables.read(folder)
    endpoints = tuple(find_endpoint(url, given.api_key, given.model, variables) for url in urls)
    load = _load_options(given, len(urls))
    return BenchServeOptions(load, endpoints, given.json, given.chart, given.run_dir or environment.run_dir)


def _load_options(given: argparse.Namespace, servers: int) -> ServeLoadOptions:
    requests, at_once = DEFAULTS[given.mode]
    if given.ramp:
        requests = RAMP_REQUESTS
    concurrency = given.concurrency
    if concurrency is None and given.rate is None:
        concurrency = at_once
    return ServeLoadOptions(
        mode=given.mode,
        requests=requests if given.requests is None else given.requests,
        concurrency=concurrency,
        rate=given.rate,
        ramp=given.ramp,
        prompts=given.prompts,
        repeat_prompts=given.repeat_prompts,
        shared_prefix=given.shared_prefix,
        interface=given.endpoint,
        stream=not given.no_stream,
        max_tokens=given.max_tokens,
        limit_fields=LIMIT_FIELDS if given.limit_field == "both" else (given.limit_field,),
        temperature=given.temperature,
        ignore_eos=given.ignore_eos,
        retries=given.retries,
        timeout_s=given.timeout,
        seed=given.seed,
        repeat=given.repeat if given.repeat is not None else (3 if servers > 1 else 1),
        warm_up=given.warm_up,
        goals=GoodputGoals() if given.goodput is None else GoodputGoals.parse(given.goodput),
    )
