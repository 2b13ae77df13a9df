"""The CPU time of our own processes, taken off what other programs took: they have ended, so no snapshot lists them."""

from __future__ import annotations

import resource
from dataclasses import replace

from llmproc.experiments.conditions import Conditions


def children_cpu_s() -> float:
    """Return the CPU seconds of the children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def without_children(held: Conditions, children_s: float) -> Conditions:
    """Take CPU seconds of our own children off what others took."""
    return replace(held, others=max(0.0, held.others - children_s / held.seconds))
