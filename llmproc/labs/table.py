"""The table of labs. A new lab is a folder beside this file and one row here."""

from __future__ import annotations

from llmproc.errors import UsageError
from llmproc.labs.lab import Lab
from llmproc.labs.processes.lab import PROCESSES

LABS: dict[str, Lab] = {lab.name: lab for lab in (PROCESSES,)}


def find_lab(name: str) -> Lab:
    """Return the lab of that name. UsageError when there is none."""
    if name not in LABS:
        raise UsageError(f"unknown lab {name!r}: must be one of {', '.join(LABS)}")
    return LABS[name]
