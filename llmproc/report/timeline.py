"""The time axis of a picture: pauses cut out, so that short turns are wide enough to be read.

    run      |......busy..............................busy....|      seconds since the start
    picture  |..busy.|/|busy..|                                      x: a cut pause has a fixed small width

Used by the CPU picture. Pure arithmetic: nothing is drawn here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

Interval = tuple[float, float]
_PAUSES_SHARE = 0.5  # of the busy time: pauses that take less than this together stay as they are
_SHORTEST_CUT = 2.0  # widths of a cut: a pause shorter than that stays as it is
_CUT_WIDTH, _ALL_CUTS = 0.05, 0.5  # of the busy time: the width of one cut, and of all of them at most
_TICKS = 8
_CLOSEST = 0.06  # of the axis: ticks keep this distance


@dataclass(frozen=True, slots=True)
class Cut:
    """A pause that was cut out."""

    begin: float  # seconds
    end: float

    @property
    def seconds(self) -> float:
        """Return how long the pause was."""
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class Timeline:
    """A mapping of seconds to places on the axis: straight lines between the knots."""

    times: tuple[float, ...]
    places: tuple[float, ...]
    cuts: tuple[Cut, ...] = ()

    def x(self, t: float) -> float:
        """Return the place of a moment."""
        return float(np.interp(t, self.times, self.places))

    @property
    def end(self) -> float:
        """Return where the axis ends."""
        return self.places[-1]

    @property
    def clear_end(self) -> float:
        """Return where the axis ends, or where the cut at its end begins."""
        at_end = bool(self.cuts) and self.cuts[-1].end >= self.times[-1]
        return self.x(self.cuts[-1].begin) if at_end else self.end

    def ticks(self) -> list[tuple[float, str]]:
        """Return (place, seconds as text) for the ticks: round numbers outside the cuts.

        A part between two cuts has one wherever there is room for it: its middle, if it holds no round number.
        """
        step = _nice(self.end / _TICKS)
        digits = max(0, -math.floor(math.log10(step) + 1e-9))
        found: list[tuple[float, str]] = []
        for begin, end in _between(self.cuts, self.times[0], self.times[-1]):
            first, last = math.ceil(begin / step - 1e-9), math.floor(end / step + 1e-9)
            for t in [number * step for number in range(first, last + 1)] or [(begin + end) / 2]:
                if not found or self.x(t) - found[-1][0] >= _CLOSEST * self.end:
                    found.append((self.x(t), f"{t:.{digits}f}"))
        return found


def make_timeline(busy: Iterable[Interval], end: float) -> Timeline:
    """Lay out the time from 0 to `end` seconds; `busy`: the intervals that stay at full scale, in any order.

    Pauses are cut when they take a good part of the picture together; each cut one then has the same width.
    """
    spans = merged(sorted(busy))
    busy_s = sum(until - since for since, until in spans)
    pauses = [Cut(since, until) for since, until in _between([Cut(*span) for span in spans], 0.0, end)]
    if busy_s <= 0 or sum(pause.seconds for pause in pauses) <= _PAUSES_SHARE * busy_s:
        return Timeline((0.0, max(end, 1e-6)), (0.0, max(end, 1e-6)))
    width = min(_CUT_WIDTH, _ALL_CUTS / len(pauses)) * busy_s
    cuts = tuple(pause for pause in pauses if pause.seconds > _SHORTEST_CUT * width)
    times, places = [0.0], [0.0]
    for cut in cuts:
        if cut.begin > times[-1]:
            places.append(places[-1] + cut.begin - times[-1])
            times.append(cut.begin)
        places.append(places[-1] + width)
        times.append(cut.end)
    if end > times[-1]:
        places.append(places[-1] + end - times[-1])
        times.append(end)
    return Timeline(tuple(times), tuple(places), cuts)


def merged(spans: Iterable[Interval]) -> list[Interval]:
    """Join spans that touch or overlap; they come in order of their beginnings."""
    found: list[Interval] = []
    for begin, end in spans:
        if found and begin - found[-1][1] < 1e-6:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def _between(cuts: Iterable[Cut], begin: float, end: float) -> list[Interval]:
    """Return what is left of `begin` to `end` outside the cuts, which are in order."""
    found = []
    for cut in cuts:
        if cut.begin > begin:
            found.append((begin, min(cut.begin, end)))
        begin = max(begin, cut.end)
    return [*found, (begin, end)] if end > begin else found


def _nice(step: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(step))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)
