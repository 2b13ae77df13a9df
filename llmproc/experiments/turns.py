"""In which order runs are made: repetitions outside, arms in turn inside. Pure: no clock, no I/O.

    for each repetition (the first ones are warm-up, have numbers below 0 and are never counted)
        for each piece of work
            for each arm that does it, starting one arm further with every repetition
                run

so that a slow minute of the machine falls on all arms alike. Used by bench and compare-modes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias, TypeVar

WARM_UP = 1  # repetitions before the counted ones
Progress: TypeAlias = Callable[[int, int, str], None]  # runs done, runs in all, what is run now

T = TypeVar("T")
W = TypeVar("W")


def rounds(repeat: int) -> range:
    """Return the numbers of all repetitions in their order: the warm-up, then `repeat` that count."""
    return range(-WARM_UP, repeat)


def rotated(items: Sequence[T], by: int) -> list[T]:
    """Return the items as a ring that starts with the `by`-th."""
    start = by % len(items) if items else 0
    return [*items[start:], *items[:start]]


def in_turn(plan: Sequence[tuple[W, Sequence[T]]], repeat: int) -> Iterator[tuple[int, W, T]]:
    """Yield (repetition, work, arm) in running order; `plan`: each work with its arms."""
    for repetition in rounds(repeat):
        for work, arms in plan:
            for arm in rotated(arms, repetition):
                yield repetition, work, arm
