"""Which requests run, where, and how long their sequences are: from the service's events, with places to name them by.

    worker 0    place 0: request 7    place 1: free    place 2: request 9

A place is a small number that a request has while a worker runs it, the lowest that is free then; so a time series per
place is one per sequence that can run, however many requests come. Used by `event_counts`, which sees to the threads.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunningSequence:
    """One sequence at one moment."""

    request: int
    worker: int
    place: int
    positions: int  # of its keys and values, as of the last event about it; 0 before the first token
    began: float  # CLOCK_MONOTONIC, when this worker took it


class Places:
    """The sequences that run."""

    def __init__(self) -> None:
        self._running: dict[int, RunningSequence] = {}  # by request
        self._taken: dict[int, set[int]] = {}  # places, by worker

    def begin(self, request: int, worker: int, now: float, positions: int = 0) -> None:
        """Give a request a place at a worker; one that it had elsewhere is free."""
        self.end(request)
        taken = self._taken.setdefault(worker, set())
        place = next(number for number in range(len(taken) + 1) if number not in taken)
        taken.add(place)
        self._running[request] = RunningSequence(request, worker, place, positions, now)

    def grow(self, request: int, positions: int) -> None:
        """Set how long the sequence of a request is, if it runs."""
        old = self._running.get(request)
        if old is not None:
            self._running[request] = RunningSequence(request, old.worker, old.place, positions, old.began)

    def end(self, request: int) -> None:
        """Free the place of a request, if it has one."""
        old = self._running.pop(request, None)
        if old is not None:
            self._taken[old.worker].discard(old.place)

    def worker_died(self, worker: int) -> None:
        """Free all places of a worker."""
        for sequence in [each for each in self._running.values() if each.worker == worker]:
            self.end(sequence.request)

    def running(self) -> list[RunningSequence]:
        """Return the sequences, by worker and place."""
        return sorted(self._running.values(), key=lambda each: (each.worker, each.place))
