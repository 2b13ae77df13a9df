"""What a process's time costs each of the sequences that it computes. Pure: readings are given, nothing is read here.

    CPU time of a step         ->  its sequences, by the ids that each had computed in it (`charge`)
    user, system, waiting      ->  all that have been charged since the last division, by what they were charged
                                   (`divide`): every LOOK_S, and before a sequence ends

Used by `cost_meter`, which reads. So the costs of all sequences add up to the time of the process while it had any.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

LOOK_S = 0.05  # reading takes some 3 us for each thread; a request's share of waiting is told for such stretches


class Times(NamedTuple):
    """Seconds that a process has had so far, all threads together."""

    user_s: float
    system_s: float
    wait_s: float  # threads were ready, and had no CPU


class Payer(Protocol):
    """A sequence, as far as its costs go."""

    due_s: float  # charged and not divided yet
    user_s: float
    system_s: float
    wait_s: float


class Costs:
    """Divides the time of one process."""

    def __init__(self) -> None:
        self._cpu_s, self._times, self._since = 0.0, Times(0.0, 0.0, 0.0), 0.0
        self.due_s = 0.0  # charged, and not divided yet

    def restart(self, cpu_s: float, times: Times, now: float) -> None:
        """Forget what came before: the process had nothing to compute. All times are those since its start."""
        self._cpu_s, self._times, self._since, self.due_s = cpu_s, times, now, 0.0

    def charge(self, payers: Sequence[Payer], ids: Sequence[int], cpu_s: float) -> None:
        """Charge the CPU time since the last call; each of `payers`, at least one, had that many ids computed."""
        spent, self._cpu_s = cpu_s - self._cpu_s, cpu_s
        self.due_s += spent
        total = sum(ids)
        each = spent / total
        if total == len(payers):  # nearly every step: an id for each
            for payer in payers:
                payer.due_s += each
            return
        for payer, count in zip(payers, ids, strict=True):
            payer.due_s += each * count

    def wants_times(self, now: float) -> bool:
        """Return whether there is something to divide, and it is time to."""
        return now - self._since >= LOOK_S and self.due_s > 0

    def divide(self, payers: Iterable[Payer], times: Times, now: float) -> None:
        """Divide the times since the last call among all that have been charged since, those of `payers`."""
        user, system, wait = (new - old for new, old in zip(times, self._times, strict=True))
        for payer in payers:
            if payer.due_s > 0:
                part = payer.due_s / self.due_s
                payer.user_s += user * part
                payer.system_s += system * part
                payer.wait_s += wait * part
                payer.due_s = 0.0
        self._times, self._since, self.due_s = times, now, 0.0
