"""How fast answers have come lately: what admission predicts from. Pure: moments are given, no clock.

Used by `admission`. New measurements count more than old ones; each halves the weight of what came ten before it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_KEEP = 0.93  # of the weight of what was known, with each measurement: half after ten


@dataclass(slots=True)
class Average:
    """A mean that follows its measurements. `at`: when the last one came, or when it was last put to the test."""

    value: float
    at: float

    def add(self, value: float, at: float) -> None:
        """Add a measurement."""
        self.value += (1 - _KEEP) * (value - self.value)
        self.at = at


class PrefillLine:
    """Seconds from a request's beginning to its first token, as a line over the tokens of its prompt."""

    def __init__(self) -> None:
        self._weight = self._x = self._y = self._xx = self._xy = 0.0

    def add(self, tokens: int, seconds: float) -> None:
        """Add a measurement."""
        for name, value in (
            ("weight", 1.0),
            ("x", tokens),
            ("y", seconds),
            ("xx", tokens**2),
            ("xy", tokens * seconds),
        ):
            setattr(self, f"_{name}", _KEEP * getattr(self, f"_{name}") + value)

    def predict(self, tokens: int) -> float | None:
        """Return the seconds for a prompt, by least squares; None without a measurement.

        A line needs prompts of different lengths, and more tokens never take less: else the seconds are taken as
        proportional for longer prompts than the mean, and as the mean for shorter ones.
        """
        if not self._weight:
            return None
        x, y = self._x / self._weight, self._y / self._weight
        variance = self._xx / self._weight - x * x
        slope = (self._xy / self._weight - x * y) / variance if variance > 1e-9 * (1 + x * x) else -1.0
        if slope < 0 or y < slope * x:
            return y * max(1.0, tokens / x if x else 1.0)
        return y + slope * (tokens - x)


class Speeds:
    """All that has been measured."""

    def __init__(self) -> None:
        self.prefill = PrefillLine()
        self._service: Average | None = None
        self._tpot: dict[int, Average] = {}  # by how many answers were made at the same time

    def ran(self, seconds: float, at: float) -> None:
        """Add how long an answer held its place, from beginning to end."""
        if self._service is None:
            self._service = Average(seconds, at)
        self._service.add(seconds, at)

    def decoded(self, seconds_per_token: float, load: int, at: float) -> None:
        """Add an answer's time per token, made beside others: `load` in all."""
        self._tpot.setdefault(load, Average(seconds_per_token, at)).add(seconds_per_token, at)

    def service_s(self, least: float) -> float:
        """Return how long an answer holds its place; `least` where nothing has been measured."""
        return least if self._service is None else self._service.value

    def tpot(self, load: int) -> Average | None:
        """Return the time per token with `load` answers at the same time, or with the next fewer that were measured.

        None when there is none: with more at the same time it says nothing of fewer.
        """
        found = max((known for known in self._tpot if known <= load), default=None)
        return None if found is None else self._tpot[found]


def whole_load(first: int, last: int) -> int:
    """Return the load of an answer: the mean of that at its first token and that at its end."""
    return max(1, math.ceil((first + last) / 2))
