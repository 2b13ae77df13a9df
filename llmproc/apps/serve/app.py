"""`llmproc serve`: the order of things.

check the files -> bind the ports -> start the service -> serve while it loads -> drain -> close the service
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from typing import TextIO

import llmproc
from llmproc.apps.exits import exit_code, exit_code_of
from llmproc.apps.flags import answer_notices, unused_model
from llmproc.apps.serve.options import ServeOptions, parse_options
from llmproc.config import Environment
from llmproc.errors import LlmprocError, require_package
from llmproc.files.streams import put
from llmproc.hardware.isa import choose
from llmproc.server.asking import About
from llmproc.session.model_files import ModelFiles, read_model_files

PACKAGES = ("starlette", "uvicorn", "prometheus_client", "python_multipart")


def main(arguments: Sequence[str], prog: str = "python -m llmproc serve") -> int:
    """Run the command; return the exit code. Errors are one line on stderr."""

    def serve() -> int:
        options = parse_options(prog, arguments, Environment.read())
        for name in PACKAGES:
            require_package(name)
        files = read_model_files(options.model, options.tokenizer, template_options=options.template_options)
        return _serve(options, files)

    return exit_code_of(serve)


def _serve(options: ServeOptions, files: ModelFiles) -> int:
    from llmproc.apps.serve.launch import ServerLaunch  # here: it needs the packages that were just looked for

    notices = ServeNotices(answer_notices())
    with ExitStack() as stack:
        launch = stack.enter_context(ServerLaunch(options, files, about_of(options, files), notices.say))
        for line in [*files.notices(options.engine), *_first_notices(options)]:
            notices.say(line)
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(launch.run(notices.ready))
    return exit_code(launch.failure, launch.ended_by if launch.cut else 0)


def _first_notices(options: ServeOptions) -> list[str]:
    from llmproc.server.guards import is_loopback

    found = [line for line in [unused_model(options.model)] if line]
    if not is_loopback(options.host) and not options.keys:
        found.append(f"--host is {options.host} without --api-key: everyone who reaches this port can ask")
    return found


class ServeNotices:
    """Lines for the user who started the server; the log has its own place."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def say(self, text: str) -> None:
        """Print one line; the server goes on without it if its stream has gone."""
        with contextlib.suppress(LlmprocError, OSError, ValueError):
            put(self._stream, f"[INFO] {text}\n")

    def ready(self, url: str) -> None:
        """Print the address, as a line for .env."""
        with contextlib.suppress(LlmprocError, OSError, ValueError):
            put(sys.stdout, f"LOCAL_API_BASE={url}/v1\n")


def about_of(options: ServeOptions, files: ModelFiles) -> About:
    """Return what every answer says of the server."""
    engine = options.engine
    instructions = choose(Environment.read().isa).name
    parts = (files.model.fingerprint(), llmproc.__version__, instructions, engine.weights or "", engine.kv_type)
    fingerprint = "fp_" + hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]
    return About(files.name, fingerprint, files.context(engine))
