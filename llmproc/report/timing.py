"""The timing picture: every turn as a bar split into load, prefill and decode; tokens/s over position below.

Used by tools/plot_timing.py. Works on RunData only: no files are read here.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from llmproc.report import figure as look
from llmproc.report.rundata import RunData

MOST_BARS = 40
MOST_LINES = 10
_MOST_LONG_LABELS = 5
_PARTS = (
    ("load_s", "load weights", look.LOAD),
    ("compile_s", "compile kernels", look.COMPILE),
    ("kernel_load_s", "load kernels", look.COMPILE),
    ("start_wait_s", "wait for start", look.START_WAIT),
    ("wait_s", "wait for dispatch", look.QUEUE),
    ("prefill_s", "prefill", look.PREFILL),
    ("decode_s", "decode", look.DECODE),
    ("other_s", "other", look.OTHER),
)


def timing_table(run: RunData) -> pd.DataFrame:
    """Return the table behind the picture: a row for the start and one per turn (seconds, tokens)."""
    return run.turns.round(6)


def step_table(run: RunData) -> pd.DataFrame:
    """Return the table behind the lower panel: tokens/s over position."""
    return run.steps.round(6)


def plot_timing(run: RunData) -> Figure:
    """Draw the picture. What the source cannot tell is said in the panel."""
    turns, notes = run.turns, list(run.notes)
    if len(turns) > MOST_BARS:
        notes.insert(0, f"{len(turns)} bars in all; the first {MOST_BARS} are shown (the table has all)")
        turns = turns.head(MOST_BARS)
    title = f"Timing: {run.title}"
    figure, axes = look.panels([max(1.2, 0.34 * len(turns) + 0.5), 2.5], title, notes, sharex=False)
    _bars(axes[0], run, turns)
    _speed(axes[1], run)
    return figure


def _bars(axis: Axes, run: RunData, turns: pd.DataFrame) -> None:
    if turns.empty:
        look.say_missing(axis, "no turns recorded")
        look.hide_x(axis)
        return
    from_folder = run.kind == "run folder"
    renamed = {} if from_folder else {"decode": "after the first forward pass", "other": "generating"}
    longest = float(turns[[name for name, _, _ in _PARTS]].fillna(0).sum(axis=1).max()) or 1.0
    rows = turns.to_dict("records")
    for name, label, colour in _PARTS:
        if not (turns[name].fillna(0) > 0.001 * longest).any():
            continue  # a part too small to be seen needs no entry in the legend
        left = [sum(_known(row[part]) for part, _, _ in _until(name)) for row in rows]
        width = [_known(row[name]) for row in rows]
        axis.barh(range(len(rows)), width, left=left, color=colour, label=renamed.get(label, label), height=0.7)
    for place, row in enumerate(rows):
        end = sum(_known(row[part]) for part, _, _ in _PARTS)
        axis.text(end + 0.01 * longest, place, _told(row), va="center", fontsize=8, color="#333333")
    axis.set_yticks(range(len(rows)), [_name(row) for row in rows], fontsize=9)
    axis.set_ylim(len(rows) - 0.4, -0.6)
    axis.set_xlim(0, longest * 1.42)
    axis.grid(axis="y", visible=False)
    axis.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axis.set_xlabel("seconds from the arrival of the turn's prompt" if from_folder else "seconds", fontsize=9)
    look.legend_above(axis)


def _speed(axis: Axes, run: RunData) -> None:
    axis.set_title("tokens per second over position", fontsize=9, loc="left", pad=4)
    axis.set_xlabel("position in the sequence", fontsize=9)
    axis.set_ylabel("tokens/s", fontsize=9)
    if len(run.steps):
        _step_lines(axis, run)
    elif run.turns["tokens_per_s"].notna().any():  # one average per turn, drawn as long as the turn
        axis.set_title("tokens per second over position (one average per turn)", fontsize=9, loc="left", pad=4)
        _average_lines(axis, run)
    else:
        known = "no step summaries in this run" if run.kind == "run folder" else "a course log holds no tokens"
        look.say_missing(axis, f"{known}; a run folder or a saved stdout may have them")
        look.hide_x(axis)
        return
    fastest = run.steps["tokens_per_s"] if len(run.steps) else run.turns["tokens_per_s"]
    look.headroom(axis, float(fastest.max()))
    if axis.get_legend_handles_labels()[1]:  # many turns: their order along the positions says which is which
        look.legend_above(axis)


def _step_lines(axis: Axes, run: RunData) -> None:
    """Draw the speed between the step summaries of each of the first turns."""
    shown = list(dict.fromkeys(run.steps["turn"]))[:MOST_LINES]
    for colour, turn, label in zip(look.LINES, shown, _labels(shown), strict=False):
        own = run.steps[run.steps["turn"] == turn]
        x, y = own["position"].to_numpy(dtype=float), own["tokens_per_s"].to_numpy(dtype=float)
        axis.plot(x, y, color=colour, marker="o", markersize=3, linewidth=1.2, label=label)


def _average_lines(axis: Axes, run: RunData) -> None:
    rows = [row for row in run.turns.to_dict("records") if row["turn"] > 0]
    labels = _labels([row["turn"] for row in rows]) if len(rows) <= MOST_LINES else [""] * len(rows)
    for place, (row, label) in enumerate(zip(rows, labels, strict=True)):
        ends = [row["seq_len"] - row["positions"], row["seq_len"]]
        colour = look.LINES[place % len(look.LINES)]
        axis.plot(ends, [row["tokens_per_s"]] * 2, color=colour, linewidth=2.5, label=label or None)


def _labels(turns: Sequence[float]) -> list[str]:
    """Name the lines; where there are many, numbers alone after the first, as the legend has one row."""
    short = len(turns) > _MOST_LONG_LABELS
    return [f"{turn:.0f}" if short and place else f"turn {turn:.0f}" for place, turn in enumerate(turns)]


def _until(name: str) -> tuple[tuple[str, str, str], ...]:
    names = [part for part, _, _ in _PARTS]
    return _PARTS[: names.index(name)]


def _known(value: float | None) -> float:
    """Return the seconds, 0 for what is unknown (None, NaN)."""
    return 0.0 if value is None or value != value else float(value)


def _name(row: dict[Hashable, Any]) -> str:
    if row["reason"] == "start":
        return "start"
    turn, pid = row["turn"], row["pid"]
    return f"turn {turn:.0f}" if isinstance(turn, int | float) and turn == turn else f"pid {pid}"


def _told(row: dict[Hashable, Any]) -> str:
    """Return the text behind the bar."""
    if row["reason"] == "start":
        return ""
    parts = []
    tokens, speed, reason = row["new_tokens"], row["tokens_per_s"], row["reason"]
    if isinstance(tokens, int | float) and tokens == tokens:
        parts.append(f"{tokens:.0f} tokens")
    if isinstance(speed, int | float) and speed == speed:
        parts.append(f"{speed:.1f} tok/s")
    if isinstance(reason, str) and reason not in ("end", "length"):
        parts.append(reason)
    return ", ".join(parts)
