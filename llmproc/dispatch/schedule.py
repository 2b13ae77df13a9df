"""Schedules, who ran which request when: of a simulation, and the same arithmetic for measured times. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """One request's time on a worker; `request` counts from 0 in order of arrival."""

    request: int
    worker: int
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Schedule:
    """A whole run in the unit of the costs, from 0 on. `busy[w]`: how long w ran at least one request."""

    makespan: float
    busy: tuple[float, ...]
    spans: tuple[Span, ...]  # in the order they began
    steals: int = 0

    @property
    def imbalance(self) -> float:
        """Return the busiest worker's time over the mean of all."""
        return imbalance(self.busy)


def covered(intervals: Iterable[tuple[float, float]]) -> float:
    """Return the length of the union of (start, end)."""
    total, reached = 0.0, float("-inf")
    for start, end in sorted(intervals):
        if end > reached:
            total += end - max(start, reached)
            reached = end
    return total


def busy_times(spans: Iterable[Span], workers: int) -> tuple[float, ...]:
    """Return for each worker how long it ran at least one request."""
    own: list[list[tuple[float, float]]] = [[] for _ in range(workers)]
    for span in spans:
        own[span.worker].append((span.start, span.end))
    return tuple(covered(intervals) for intervals in own)


def imbalance(busy: Iterable[float]) -> float:
    """Return the busiest worker's time over the mean of all; 1.0 is even, and also when none did anything."""
    times = list(busy)
    total = sum(times)
    return max(times) * len(times) / total if total > 0 else 1.0
