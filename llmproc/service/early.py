"""A template that starts while its verb still imports: main and template import side by side, and nothing waits.

    with early_template() as template:      the interpreter of the template starts
        from ... import run                 what main needs, 0.1 s
        run(..., template)                  ServiceConfig(early=template); what was not taken is ended here

Used by verbs, once options and files are checked. Imports nothing that is slow.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from llmproc.processes.spawn import SpawnedTemplate, spawn_template

WORK = {  # what the template prepares, and what its workers do
    "generate": ("llmproc.service.prepare:prepare", "llmproc.service.worker:child"),
    "wait": ("llmproc.service.waiting:prepare", "llmproc.service.waiting:child"),
}


@contextmanager
def early_template() -> Iterator[SpawnedTemplate | None]:
    """Start a template that generates; None when that fails: the service tries again, and says why it cannot."""
    if signal.getsignal(signal.SIGCHLD) is signal.SIG_IGN:  # else its end cannot be waited for
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        spawned = spawn_template(WORK["generate"], dict(os.environ), -1)
    except OSError:
        spawned = None
    try:
        yield spawned
    finally:
        if spawned is not None:
            spawned.end()
