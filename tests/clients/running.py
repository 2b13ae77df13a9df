"""A client's program against a server, with the settings of its client; and what the server's metrics say of it."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from clients.driving import ClientProgram, client_program, environment_of
from clients.uses import PROGRAMS, SETTINGS


@contextmanager
def running(client: str, url: str, folder: Path, program: str | None = None, **more: str) -> Iterator[ClientProgram]:
    """The client's program for the server at `url`; what it writes to standard error stands in `folder`.

    `program`: another than the one of uses.py; `more`: settings for it.
    """
    settings = {**SETTINGS.get(client, {}), **more}
    with (
        (folder / f"{client}.txt").open("w") as errors,
        client_program(program or PROGRAMS[client], environment_of(client), url, errors, **settings) as started,
    ):
        yield started


def metric(url: str, name: str, **labels: str) -> float:
    """The sum of a metric's samples that carry `labels`; 0 without any. `name` without `llmproc:`."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    total = 0.0
    for found in re.finditer(rf"^llmproc:{name}(?:\{{(.*)\}})? (\S+)$", text, re.MULTILINE):
        if all(f'{label}="{value}"' in (found[1] or "") for label, value in labels.items()):
            total += float(found[2])
    return total
