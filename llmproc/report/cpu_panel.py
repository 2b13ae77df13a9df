"""One worker's panel of the CPU picture: its windows, run-queue wait, turns, deaths, and the limits of the machine.

Used by cpu.py. Every window is drawn as long as it lasted, with its own average.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from llmproc.report import figure as look
from llmproc.report.rundata import RunData, shown_name
from llmproc.report.timeline import Timeline, merged

UNKNOWN = "#9db4c9"  # CPU time whose split into user and system is not known
_MOST_NAMED_CUTS = 12
_TEXT_HEIGHT = 0.11  # of a panel


def is_generating(rows: pd.DataFrame) -> pd.Series:
    """Return which windows belong to a turn; the column may hold objects."""
    return (rows["generating"] == True).astype(bool)  # noqa: E712


def draw_worker(axis: Axes, run: RunData, pid: int, timeline: Timeline) -> None:
    """Draw the panel of one process."""
    rows = run.cpu[run.cpu["pid"] == pid]
    turns = rows[is_generating(rows)]
    for start, end in merged(zip(turns["start_s"], turns["end_s"], strict=True)):
        axis.axvspan(timeline.x(start), timeline.x(end), color=look.GENERATING, linewidth=0, zorder=0)
    highest = max(_windows(axis, rows, timeline), _wait(axis, rows, timeline))
    heights = _limits(axis, run.cpus, max(115.0, highest * 1.12), timeline.clear_end)
    draw_cuts(axis, timeline)
    _marks(axis, [mark for mark in run.marks if mark[1].startswith(f"worker {pid} ")], timeline, heights)
    axis.set_ylabel("CPU %", fontsize=9)
    last = rows.iloc[-1]  # a program may rename itself, or become another one by exec: the name at the end counts
    name = shown_name(pid, last["comm"])
    axis.set_title(f"{name}   {last['policy']}, nice {int(last['nice'])}", fontsize=9, loc="left", pad=4)


def draw_cuts(axis: Axes, timeline: Timeline, named: bool = True) -> None:
    """Draw the pauses that were cut out as grey bands, with their length if `named`."""
    for cut in timeline.cuts:
        begin, end = timeline.x(cut.begin), timeline.x(cut.end)
        axis.axvspan(begin, end, facecolor="#ececec", edgecolor="#d0d0d0", hatch="////", linewidth=0, zorder=3)
        if named and len(timeline.cuts) <= _MOST_NAMED_CUTS:
            axis.text(
                (begin + end) / 2,
                0.04,
                _seconds(cut.seconds),
                transform=axis.get_xaxis_transform(),
                ha="center",
                va="bottom",
                rotation=90,
                fontsize=7.5,
                color="#666666",
                zorder=4,
                bbox={"facecolor": "#ececec", "edgecolor": "none", "pad": 1},
            )


def _seconds(value: float) -> str:
    """Return a duration with two significant digits or more."""
    return f"{value:.{0 if value >= 10 else 1 if value >= 1 else 2}f} s"


def _windows(axis: Axes, rows: pd.DataFrame, timeline: Timeline) -> float:
    """Draw CPU use as filled steps; return the highest value."""
    for row in rows.to_dict("records"):
        edges = [timeline.x(row["start_s"]), timeline.x(row["end_s"])]
        total, user, hatch = row["cpu_percent"], row["user_percent"], "///" if row["time"] == "assumed" else None
        if user != user:  # split unknown
            axis.fill_between(edges, total, facecolor=UNKNOWN, hatch=hatch, edgecolor="white", linewidth=0)
        else:
            axis.fill_between(edges, user, facecolor=look.USER, hatch=hatch, edgecolor="white", linewidth=0)
            axis.fill_between(edges, user, total, facecolor=look.SYSTEM, linewidth=0)
    axis.plot(_edges(rows, timeline), np.repeat(_values(rows, "cpu_percent"), 2), color=look.TOTAL, linewidth=0.8)
    return float(rows["cpu_percent"].max())


def _wait(axis: Axes, rows: pd.DataFrame, timeline: Timeline) -> float:
    """Draw run-queue wait as a line, if it is known; return its highest value."""
    wait = _values(rows, "wait_percent")
    if not np.isfinite(wait).any():
        return 0.0
    axis.plot(_edges(rows, timeline), np.repeat(wait, 2), color=look.WAIT, linewidth=1.3)
    return float(np.nanmax(wait))


def _edges(rows: pd.DataFrame, timeline: Timeline) -> list[float]:
    return [timeline.x(t) for pair in zip(rows["start_s"], rows["end_s"], strict=True) for t in pair]


def _values(rows: pd.DataFrame, column: str) -> np.ndarray:
    return rows[column].to_numpy(dtype=float)


def _limits(axis: Axes, cpus: int | None, top: float, right: float) -> list[float]:
    """Draw one core and, if in reach, all cores as lines, named left of the place `right`, and set the axis.

    Return the heights of the lines, 0 to 1.
    """
    limits = {100.0: "one core"}
    if cpus and cpus > 1 and 100.0 * cpus <= top * 1.5:
        limits[100.0 * cpus] = f"all {cpus} cores"
        top = max(top, 100.0 * cpus * 1.1)
    for value, name in limits.items():
        axis.axhline(value, color="#444444", linewidth=1, linestyle=(0, (5, 3)))
        axis.annotate(
            name,
            (right, value),
            xytext=(-3, 2),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color="#444444",
        )
    axis.set_ylim(0, top)
    return [value / top for value in limits]


def _marks(axis: Axes, marks: list[tuple[float, str]], timeline: Timeline, taken: list[float]) -> None:
    """Draw a death and its replacement, the texts one below the other on the side where there is room.

    `taken`: heights, 0 to 1, above which other texts begin.
    """
    free = [y / 20 for y in range(18, 1, -1) if all(not -1.3 < (y / 20 - t) / _TEXT_HEIGHT < 1.8 for t in taken)]
    left, before = False, -1.0
    for t, text in marks:
        colour = "#777777" if text.endswith("stopped") else look.WAIT
        x = timeline.x(t)
        axis.axvline(x, color=colour, linewidth=1, linestyle=":")
        left = (
            left if 0 <= x - before < 0.02 * timeline.end else x > 0.7 * timeline.end
        )  # the same side as its neighbour
        before, y = x, free[0]
        axis.annotate(
            text,
            (x, y),
            xycoords=("data", "axes fraction"),
            xytext=(-5 if left else 5, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="center",
            fontsize=8,
            color=colour,
            zorder=5,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )
        free = [other for other in free if other < y - _TEXT_HEIGHT] or free[-1:]
