"""How many ranks take part: fewer while another program holds a CPU, more once a short trial shows that it is free.

    settled --ranks wait for CPUs, and fewer would get on better--> settled, with fewer ranks
       |                                   the time before the next trial doubles if a trial brought it here
       +--the retry is due, a CPU was idle--> trial of more ranks, for TRIAL_S --> settled, if they do not wait

Used by `rank_adapter`, which reads the kernel's counters and does what is decided here. Pure: times are given, nothing
is read or slept. Results do not depend on the number of ranks, so it may change between any two steps.

A rank that is runnable but not running is waiting in a run queue: another program has its CPU, it has been pinned to
too few CPUs, or a CPU quota is used up (a throttled thread stays runnable, so its wait grows too). The others cannot
make up for it while it holds a portion of the work. The CPUs that are missing are the sum, over ranks, of time waited /
time in which the team worked. A rank that sleeps counts as neither, and ranks beyond those in use show nothing: only a
trial can tell whether CPUs are free again, and idle time of the allowed CPUs whether a trial is worth making.

Whether fewer ranks get on better depends on the number of competitors, which the shares tell: the kernel gives every
runnable thread the same. Beside one competitor for 2 CPUs, 2 ranks get 1.33 CPUs and lose a part of it waiting for
each other, 1 rank gets a whole one; beside many, each rank that leaves only hands its share to them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Reason = Literal["busy", "shared", "trial", "trial failed"]
LOOK_S = 0.01  # between two looks: a time slice is 1 to 4 ms, and a look costs some 10 us
MEMORY_S = 0.04  # how fast a look is forgotten: one pause of 10 ms is not yet a shortage, 30 ms of sharing a CPU are
MISSING = 0.25  # CPUs: sharing one with another program costs a rank 0.33 to 0.5, main and its watch less than 0.1
NOISE = 0.1  # of the time: a rank that waits less is only waking up beside short-lived work
EFFICIENCY = 0.70  # of the CPU time that ranks get while they share CPUs: others wait for a preempted one's portion
GAIN = 1.04  # more ranks beside many competitors must promise this factor: fewer disturb the neighbours less
LEAST_S = 0.002  # worked since the last look: shares of less say nothing
TRIAL_S = 0.02  # several time slices: a competitor for a CPU has had its turn by then
FIRST_RETRY_S = 0.2  # after a loss: a busy neighbour is seldom gone sooner, and a trial in vain costs up to 10 ms
LAST_RETRY_S = 4.0  # 20 ms of trial every 4 s are half a percent
LASTED_S = 1.0  # more ranks have proved right when they stay for this long: the next loss begins with the first retry
IDLE = 0.5  # CPUs that were idle on average since the last retry: less is not worth a rank


@dataclass(frozen=True, slots=True)
class RankTimes:
    """Time of one rank since the last look, in nanoseconds."""

    run_ns: int  # on a CPU
    wait_ns: int  # runnable, but not on a CPU


@dataclass(frozen=True, slots=True)
class RankDecision:
    """From now on `use` ranks take part.

    `reason`: "busy", CPUs are missing; "shared", there are so few for all programs that more ranks get more of them; a
    trial of more ranks, or its failure.
    """

    use: int
    reason: Reason
    cpus: float  # that were found for the ranks in use before; of a trial: how many it is to show


def worked_s(times: Sequence[RankTimes]) -> float:
    """Return for how long the team worked: the time of its busiest rank, in seconds."""
    return max((rank.run_ns + rank.wait_ns for rank in times), default=0) / 1e9


def cpus_missing(times: Sequence[RankTimes]) -> float:
    """Return how many CPUs the ranks lack, on average over the time in which the team worked."""
    worked = worked_s(times) * 1e9
    return sum(rank.wait_ns / worked for rank in times if rank.wait_ns > NOISE * worked)


def best_ranks(ranks: int, cpus: int, in_use: int, found: float) -> tuple[int, float]:
    """Return the number of ranks that promises most, and how many times as much as `in_use` ranks promise.

    `found`: CPUs that the `in_use` ranks got, of `cpus` allowed. More ranks than CPUs are never chosen.
    """
    others = max(0.0, cpus * in_use / max(found, 0.01) - in_use)

    def progress(n: int) -> float:
        given = min(float(n), n * cpus / (n + others))
        return given if n == 1 or n - given <= MISSING else EFFICIENCY * given

    best = max(range(1, min(ranks, cpus) + 1), key=progress)
    return best, progress(best) / progress(in_use)


class RankPolicy:
    """Decides for one team of `ranks`; begins with all of them."""

    def __init__(self, ranks: int) -> None:
        self._ranks, self.in_use = ranks, ranks
        self._worked = 0.0  # seconds since the last change; idle times count nowhere but in the retries
        self._missing = self._weight = 0.0  # CPUs: a mean that forgets, and the share of MEMORY_S that it has seen
        self._run = self._active = 0.0  # the ranks' time on a CPU, and with the time waited for one; they forget alike
        self._shared = False  # more ranks took part last because of many competitors: that holds for LASTED_S
        self._before = 0  # ranks before the trial that runs, or whose result has not lasted yet; 0: neither
        self._retry_s, self._retry = FIRST_RETRY_S, 0.0

    def wants_idle(self, now: float) -> bool:
        """Return whether the next look is to say how many CPUs were idle."""
        return self.in_use < self._ranks and now >= self._retry and not self._on_trial

    def look(self, now: float, times: Sequence[RankTimes], cpus: int, idle: float | None = None) -> RankDecision | None:
        """Take the times of the ranks in use since the last look; return a change, or None.

        `now`: in seconds, of any clock. `cpus`: allowed now. `idle`: how many of them were idle on average since the
        last change or the last time this was asked for; None: not asked for, or not known.
        """
        wanted = self.wants_idle(now)
        if (worked := worked_s(times)) >= LEAST_S:
            kept = math.exp(-worked / MEMORY_S)
            self._missing = self._missing * kept + cpus_missing(times) * (1 - kept)
            self._weight = self._weight * kept + 1 - kept
            self._run = self._run * kept + sum(rank.run_ns for rank in times)
            self._active = self._active * kept + sum(rank.run_ns + rank.wait_ns for rank in times)
            self._worked += worked
            if decision := self._share(now, cpus):
                return decision
        if self._before and self._worked >= LASTED_S:
            self._before, self._retry_s = 0, FIRST_RETRY_S
        return self._raise(now, idle) if wanted else None

    @property
    def _on_trial(self) -> bool:
        return bool(self._before) and self._worked < TRIAL_S

    def _share(self, now: float, cpus: int) -> RankDecision | None:
        """Use another number when CPUs are missing; of a trial, the first look that shows it is enough."""
        average = self._missing / self._weight
        trial = bool(self._before) and self._worked < TRIAL_S + LOOK_S  # its last look too
        if (average if trial else self._missing) <= MISSING or (self._shared and self._worked < LASTED_S):
            return None
        found = self.in_use * self._run / self._active  # ranks that wait for a preempted one sleep: no part of it
        use, gain = best_ranks(self._ranks, cpus, self.in_use, found)
        if use > self.in_use:
            return self._change(use, "shared", found) if gain >= GAIN and not self._before else None
        use = max(self._before if trial else 1, use)
        if use == self.in_use:
            return None
        reason: Reason = "trial failed" if self._before else "busy"
        self._retry_s = min(LAST_RETRY_S, 2 * self._retry_s) if self._before else FIRST_RETRY_S
        self._retry, self._before = now + self._retry_s, 0
        return self._change(use, reason, found)

    def _raise(self, now: float, idle: float | None) -> RankDecision | None:
        """Try more ranks: as many as CPUs were idle, or all where that is not known."""
        if idle is not None and idle < IDLE:
            self._retry = now + FIRST_RETRY_S  # asking costs next to nothing, so it does not become rarer
            return None
        use = self._ranks if idle is None else min(self._ranks, self.in_use + max(1, round(idle)))
        self._before = self.in_use
        return self._change(use, "trial", use)

    def _change(self, use: int, reason: Reason, cpus: float) -> RankDecision:
        self.in_use, self._shared = use, reason == "shared"
        self._worked = self._missing = self._weight = self._run = self._active = 0.0
        return RankDecision(use, reason, round(cpus, 2))
