"""Lets fewer ranks of a team take part while CPUs are short: looks at the kernel's counters between two steps.

    worker or bench: step, `look`, step, `look`, ...  -->  rank_times (reads)  -->  rank_policy (decides)  -->  `use`

Used by whatever runs steps in a loop of its own. A look is made every LOOK_S at most and costs some 10 us; in between
`look` costs a comparison of two times. Where the kernel does not count waiting, nothing is ever changed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Protocol

from llmproc.engine.rank_policy import LOOK_S, RankDecision, RankPolicy
from llmproc.engine.rank_times import IdleClock, RankClock


class Ranked(Protocol):
    """A forward pass whose number of ranks can be changed between two steps."""

    @property
    def ranks(self) -> int:
        """Return how many ranks there are."""

    @property
    def in_use(self) -> int:
        """Return how many take part, rank 0 first."""

    def use(self, ranks: int, /) -> None:
        """Let the first `ranks` ranks take part from the next step on."""

    def rank_tasks(self) -> Sequence[int]:
        """Return the kernel's thread ids of all ranks, in their order."""


class RankAdapter:
    """Adapts one team; the thread that runs its steps makes it, calls it and closes it."""

    def __init__(self, forward: Ranked, clock: Callable[[], float] = time.monotonic, root: str = "/proc") -> None:
        """Open what is read. `unable` says afterwards why nothing will ever be changed, "" if all is well."""
        self._forward, self._clock, self.ranks = forward, clock, forward.ranks
        self._policy = RankPolicy(forward.ranks)
        self._times: RankClock | None = None
        self._idle = IdleClock(root, clock)
        self.unable = ""
        try:
            self._times = RankClock(forward.rank_tasks(), root)
        except OSError:
            self.unable = "this kernel does not count run-queue wait (schedstat): all threads take part at all times"
        self._next = clock()

    def look(self) -> RankDecision | None:
        """Return a decision that has just been carried out, if there is one. Call it after each step."""
        now = self._clock()
        if self._times is None or now < self._next:
            return None
        self._next = now + LOOK_S
        try:
            times = self._times.times(self._forward.in_use)
        except OSError:  # a rank has ended: there is nothing left to adapt
            self.close()
            return None
        idle = self._idle.idle() if self._policy.wants_idle(now) else None
        decision = self._policy.look(now, times, len(os.sched_getaffinity(0)), idle)
        if decision is not None:
            self._forward.use(decision.use)
            self._idle.restart()
        return decision

    def close(self) -> None:
        """Close what is read; nothing is changed afterwards."""
        if self._times is not None:
            self._times.close()
            self._times = None
        self._idle.close()


def adapter_of(forward: Ranked, adapt: bool) -> RankAdapter | None:
    """Return an adapter, or None where there is nothing to adapt: by option, or because there is one rank."""
    return RankAdapter(forward) if adapt and forward.ranks > 1 else None
