"""Flags of verbs that can ask servers in place of workers: --url, what belongs to it, and what does not go with it."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence

from llmproc.errors import UsageError
from llmproc.remote.options import RemoteOptions

_REMOTE = ("--connections", "--api-key", "--timeout", "--retries", "--give-up-after")
# Of the engine, the workers and their files, which a run over servers has not got.
_LOCAL = (
    "--workers", "--sequences", "--threads", "--fixed-threads", "--weights", "--kv-type", "--context", "--kv-memory",
    "--batch-tokens", "--tokenizer", "--template-option", "--policy", "--nice", "--rt-priority", "--cpus", "--logprobs",
    "--interval", "--log", "--work", "--unit",
)  # fmt: skip
_DEFAULTS = RemoteOptions(())


def add_remote(parser: argparse.ArgumentParser, several: bool = False) -> None:
    """Add the flags. `several`: --connections takes a list of numbers."""
    add = parser.add_argument_group("servers in place of workers").add_argument
    add(
        "--url",
        action="append",
        metavar="URL",
        help="ask this OpenAI-style server, such as http://127.0.0.1:8000/v1; may be repeated; --model is then the "
        "server's name for its model (default: its first)",
    )
    if several:
        add("--connections", metavar="LIST", help="numbers of connections to each server (default: 1,2,4)")
    else:
        add("--connections", type=int, metavar="N", help="requests at once to each server (default: 4)")
    add("--api-key", metavar="KEY", help="key of the servers (default: OPENAI_API_KEY, also of a file .env)")
    add("--timeout", type=float, metavar="SECONDS", help="time for one attempt (default: 600)")
    add("--retries", type=int, metavar="N", help="how often a failed request is asked again (default: 3)")
    add(
        "--give-up-after",
        type=float,
        metavar="SECONDS",
        help="how long a server that cannot be reached is tried again (default: 60)",
    )


def remote_of(given: argparse.Namespace, arguments: Sequence[str], connections: int) -> RemoteOptions | None:
    """Return the servers; None without --url. `connections`: to each. UsageError for flags that do not go together."""
    named = {argument.partition("=")[0] for argument in arguments}
    if not given.url:
        refuse_flags(_REMOTE, named, "needs --url")
        return None
    refuse_flags(_LOCAL, named, "cannot be used with --url: it is about workers of this machine")
    return RemoteOptions(
        urls=tuple(given.url),
        connections=connections,
        model=None if given.model is None else str(given.model),
        key=given.api_key,
        timeout_s=_or(given.timeout, _DEFAULTS.timeout_s),
        retries=int(_or(given.retries, _DEFAULTS.retries)),
        give_up_s=_or(given.give_up_after, _DEFAULTS.give_up_s),
    )


def refuse_flags(flags: Collection[str], named: Collection[str], why: str) -> None:
    """Raise UsageError for the first of `flags` that is among those `named` on the command line."""
    for flag in flags:
        if flag in named:
            raise UsageError(f"{flag} {why}")


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
