"""How several programs of one machine share its CPUs: what is left for one more, and the threads of each worker.

Used by `service` for the default number of threads, bench and doctor. Arithmetic only: the caller says what else runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from llmproc.hardware.cpus import CpuBudget, usable_cpus

_ROUNDING = 1e-9  # thirds of CPUs must add up to whole ones


@dataclass(frozen=True, slots=True)
class CpuClaim:
    """The threads that another program takes, on which CPUs, and the `group` of each limit that it is under."""

    threads: int
    cpus: tuple[int, ...]
    groups: tuple[str, ...] = ()


def threads_left(budget: CpuBudget, claims: Sequence[CpuClaim]) -> int:
    """Return how many more threads can run all the time beside the others; 0: none.

    A claim on other CPUs does not count, and one on a set that overlaps ours counts for the part that is ours. A limit
    is shared by all that are under it.
    """
    own = set(budget.allowed)
    taken = sum(claim.threads * len(own & set(claim.cpus)) / len(claim.cpus) for claim in claims if claim.cpus)
    left = len(own) - taken
    for limit in budget.limits:
        left = min(left, limit.cpus - sum(claim.threads for claim in claims if limit.group in claim.groups))
    return max(0, min(budget.threads, math.floor(left + _ROUNDING)))


def default_threads(workers: int, budget: CpuBudget | None = None, claims: Sequence[CpuClaim] = ()) -> int:
    """Return the threads of each worker, so that all of them and the others do not exceed the CPUs; at least 1.

    `budget`: of this process unless given.
    """
    return max(1, threads_left(budget or usable_cpus(), claims) // max(1, workers))
