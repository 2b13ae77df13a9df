"""What the progress looks like: a picture of the run as lines of text. Pure, ASCII only, each line at most so wide.

[#########---------------------]  412 of ~1310 rows, 2 failed    1893 tokens/s   0:41 left
worker 0  [######  ]  6 of 8 running    950 tokens/s   206 rows
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_BAR = 30
_MOST_CELLS = 16
_NAME = 10  # characters of a lane's name at least


@dataclass(frozen=True, slots=True)
class Lane:
    """One worker or server."""

    name: str
    state: str  # ready, or what it is instead
    running: int
    tokens_per_s: float
    rows: int


@dataclass(frozen=True, slots=True)
class Picture:
    """The whole run at one moment."""

    done: int
    failed: int
    total: int | None
    total_known: bool
    tokens_per_s: float
    remaining_s: float | None
    sequences: int
    lanes: Sequence[Lane]
    stage: str = ""  # what is happening before the first token


def draw(picture: Picture, columns: int, rows: int) -> list[str]:
    """Return the lines of the bar, and of as many lanes as a terminal of `rows` has room for."""
    lanes = list(picture.lanes)
    if len(lanes) > max(1, rows - 3):
        lanes = lanes[: max(1, rows - 3)]
    lines = [head(picture, bar=True)]
    width = max((len(lane.name) + 1 for lane in lanes), default=0)
    lines += [_lane(lane, picture.sequences, max(_NAME, width)) for lane in lanes]
    return [line[: max(1, columns - 1)] for line in lines]


def head(picture: Picture, bar: bool = False) -> str:
    """Return the run in one line."""
    total = "" if picture.total is None else f" of {'' if picture.total_known else '~'}{picture.total}"
    failed = f", {picture.failed} failed" if picture.failed else ""
    words = f"{picture.done}{total} rows{failed}"
    rest = picture.stage or f"{picture.tokens_per_s:.0f} tokens/s"
    if picture.remaining_s is not None and not picture.stage:
        rest += f"   {clock(picture.remaining_s)} left"
    if not bar:
        return f"{words}, {rest.replace('   ', ', ')}"
    if picture.total is None:
        return f"{words}   {rest}"
    filled = _BAR * min(picture.done, picture.total) // max(1, picture.total)
    return f"[{'#' * filled:-<{_BAR}}]  {words}   {rest}"


def _lane(lane: Lane, sequences: int, width: int) -> str:
    cells = min(sequences, _MOST_CELLS)
    filled = min(cells, -(-lane.running * cells // max(1, sequences)))
    if lane.state != "ready":
        return f"{lane.name:<{width}}[{'':<{cells}}]  {lane.state}"
    return (
        f"{lane.name:<{width}}[{'#' * filled:<{cells}}]  {min(lane.running, sequences):>3} of {sequences} running  "
        f"{lane.tokens_per_s:>6.0f} tokens/s  {lane.rows:>6} rows"
    )


def clock(seconds: float) -> str:
    """Return a duration as `0:41`, `12:05` or `3:00:00`."""
    whole = round(seconds)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
