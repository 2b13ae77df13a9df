"""The picture of a comparison of modes: speedup over workers beside the ideals, and where the workers' time went.

Used by `compare-modes`. Works on the document of `experiments.compare_modes.result` only: nothing is computed here that
does not stand in it. What is measured has markers and error bars, what is computed is dashed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from llmproc.report import figure as look
from llmproc.report.modes_table import IDEAL_NAMES, SIMULATED, why

Row = Mapping[str, Any]
COLOURS = {"seq": look.TOTAL, "sp": look.SYSTEM, "ws": look.USER, "lpt": "#4f9a57"}
_OTHER = "#777777"  # of a mode that has no colour of its own
_IDEAL_OF = {"static": "sp", "queue": "ws", "longest": "lpt"}  # in whose colour a curve is drawn
_MARKERS = {"sp": "s", "ws": "o", "lpt": "^"}
_PARTS = (
    ("computing", "as long as alone", "#7da7cf"),
    ("slower", "longer than alone", look.QUEUE),
    ("waiting", "waiting for a CPU", look.WAIT),
    ("idle", "idle", "#e9e9e9"),
)
_CROWDED, _CROWDED_TEXT = "#f3ece4", "#8a7355"  # more threads than CPUs
_MOST_NOTES = 9
_MOST_ABOVE = 1.3  # the highest end of the axis, in parts of the highest mean or ideal
_UNDER = 12.5  # points from the axis to the second line of a bar's label


def plot_modes(result: Mapping[str, Any]) -> Figure:
    """Draw the picture."""
    workload, options = result["workload"], result["options"]
    title = f"Dispatch modes: {len(workload['prompts'])} prompts, {workload['name']}"
    if result["simulated"]:
        title += " (SIMULATED: timed waits, no model)"
    figure, axes = look.panels([3.7, 1.75], title, _notes(result), sharex=False)
    _speedups(axes[0], result)
    _worker_time(axes[1], result)
    threads, sequences = options["threads"], options["sequences"]
    each = f"workers, {threads} thread{'s' * (threads != 1)} each" if threads else "connections"
    axes[0].set_xlabel(each + (f", {sequences} sequences side by side" if sequences > 1 else ""), fontsize=9)
    return figure


def _notes(result: Mapping[str, Any]) -> list[str]:
    machine, repeat = result["machine"], result["options"]["repeat"]
    cpus = machine["cpus_usable"]
    notes = [SIMULATED] if result["simulated"] else []
    notes += [
        f"{machine['cpu']}, {cpus} CPU{'s' * (cpus != 1)} usable, Linux {machine['kernel']}; {result['started']}",
        f"Markers: geometric means of {repeat} ratios to seq, each within one repetition, with Student's 95% intervals."
        " Dashed: computed for the service times measured under seq, on workers that lose nothing."
        " Balance: the busiest worker's time over the mean of all.",
        *(f"WARNING: {warning}." for warning in result["warnings"]),
        *why(result),
    ]
    if len(notes) > _MOST_NOTES:
        notes = [*notes[: _MOST_NOTES - 1], f"{len(notes) - _MOST_NOTES + 1} more remarks: the table has all"]
    return notes


def _speedups(axis: Axes, result: Mapping[str, Any]) -> None:
    rows = [row for row in result["results"] if row["speedup"] is not None and row["mode"] != "seq"]
    modes = list(dict.fromkeys(row["mode"] for row in rows))
    counts = sorted({row["workers"] for row in rows}) or [1]
    last = counts[-1]
    width = 0.013 * last  # error bars of one number of workers stand side by side
    for curve in result["curves"]:
        x = [point["workers"] for point in curve["points"]]
        y = [point["speedup"] for point in curve["points"]]
        mode = _IDEAL_OF[curve["ideal"]]
        axis.plot(x, y, color=COLOURS.get(mode, _OTHER), linewidth=1.1, linestyle=(0, (4, 2)), alpha=0.75, zorder=2)
    for place, mode in enumerate(modes):
        own = [row for row in rows if row["mode"] == mode]
        x_own = [row["workers"] + width * (place - (len(modes) - 1) / 2) for row in own]
        mean = [row["speedup"]["mean"] for row in own]
        low = [y - (row["speedup"]["low"] or y) for y, row in zip(mean, own, strict=True)]
        high = [(row["speedup"]["high"] or y) - y for y, row in zip(mean, own, strict=True)]
        colour = COLOURS.get(mode, _OTHER)
        axis.errorbar(
            x_own, mean, yerr=[low, high], color=colour, marker=_MARKERS.get(mode, "o"), markersize=6,
            markeredgecolor="white", markeredgewidth=0.7, linestyle="", elinewidth=1.4, capsize=3.5, zorder=4,
        )  # fmt: skip
        axis.plot(x_own, mean, color=colour, linewidth=1.2, alpha=0.4, zorder=3)  # between them: not measured
    axis.plot([1], [1], color=COLOURS["seq"], marker="D", markersize=6.5, linestyle="", zorder=5)
    axis.plot([1, last], [1, last], color="#aaaaaa", linewidth=0.8, linestyle=":", zorder=1)
    axis.set_xlim(1 - 0.06 * last, last * 1.05)
    axis.set_ylim(0, _top(rows, result["curves"]))
    axis.set_xticks(sorted({1, *counts}))
    axis.set_ylabel("times as fast as seq" + (" (simulated)" if result["simulated"] else ""), fontsize=9)
    if result["simulated"]:
        axis.text(
            0.62, 0.3, "SIMULATED", transform=axis.transAxes, ha="center", va="center", fontsize=46, color="#000000",
            alpha=0.07, fontweight="bold", zorder=1,
        )  # fmt: skip
    _crowded(axis, result, last)
    _legend(axis, result, modes)


def _top(rows: Sequence[Row], curves: Sequence[Row]) -> float:
    """Return the upper end of the axis. One wide interval does not flatten the rest: it may leave the panel."""
    ideals = [point["speedup"] for curve in curves for point in curve["points"]]
    highest = max([1.0, *ideals, *(row["speedup"]["mean"] for row in rows)])
    ends = [row["speedup"]["high"] or row["speedup"]["mean"] for row in rows]
    return min(max([highest, *ends]) * 1.12, highest * _MOST_ABOVE)


def _crowded(axis: Axes, result: Mapping[str, Any], last: int) -> None:
    """Shade the part where the workers' threads outnumber the CPUs."""
    cpus, threads = result["machine"]["cpus_usable"], result["options"]["threads"]
    if not any(row["exceeds_cpus"] for row in result["results"]):
        return
    fit = cpus // threads  # workers
    begin = max(fit + 0.5, 1 - 0.06 * last)
    axis.axvspan(begin, axis.get_xlim()[1], color=_CROWDED, linewidth=0, zorder=0)
    axis.axvline(begin, color="#c9b8a4", linewidth=1, zorder=0)
    what = "workers" if threads == 1 else "threads"
    told = f"more {what} than CPUs ({cpus})" + ("; waits need none" if result["simulated"] else "")
    axis.annotate(
        told, (begin, 0), xycoords=("data", "axes fraction"), xytext=(5, 5), textcoords="offset points", fontsize=9,
        color=_CROWDED_TEXT,
    )  # fmt: skip
    if not result["simulated"] and fit >= 1:
        axis.plot([begin, axis.get_xlim()[1]], [fit, fit], color="#c9b8a4", linewidth=1, zorder=1)
        axis.annotate(
            f"all CPUs busy: {fit} times", (begin, fit), xytext=(5, 3), textcoords="offset points", fontsize=8,
            color=_CROWDED_TEXT,
        )  # fmt: skip


def _legend(axis: Axes, result: Mapping[str, Any], modes: Sequence[str]) -> None:
    """Add the legends: measured on the left, computed on the right."""
    simulated = " (simulated)" if result["simulated"] else ""
    measured = [Line2D([], [], color=COLOURS["seq"], marker="D", linestyle="", label="seq, the baseline")]
    for mode in modes:
        marker = _MARKERS.get(mode, "o")
        measured.append(Line2D([], [], color=COLOURS.get(mode, _OTHER), marker=marker, label=f"{mode}{simulated}, 95%"))
    computed = [
        Line2D(
            [],
            [],
            color=COLOURS[_IDEAL_OF[c["ideal"]]],
            linestyle=(0, (4, 2)),
            label=f"ideal, {IDEAL_NAMES[c['ideal']]} (computed)",
        )
        for c in result["curves"]
    ]
    handles = [*measured, *computed, Line2D([], [], color="#aaaaaa", linestyle=":", label="as many times as workers")]
    axis.legend(handles=handles, fontsize=8, loc="upper left", borderpad=0.2, edgecolor="none", framealpha=0.7)


def _worker_time(axis: Axes, result: Mapping[str, Any]) -> None:
    rows = [row for row in result["results"] if row["worker_time"] is not None]
    if not rows:
        look.say_missing(axis, "no repetition was usable")
        look.hide_x(axis)
        return
    places: list[float] = []
    for number, row in enumerate(rows):
        new = number > 0 and row["workers"] != rows[number - 1]["workers"]
        places.append((places[-1] if places else -1.0) + (1.6 if new or number == 1 else 1.0))
    left = [0.0] * len(rows)
    for name, label, colour in _PARTS:
        height = [100 * row["worker_time"][name] for row in rows]
        axis.bar(places, height, bottom=left, color=colour, width=0.82, label=label, linewidth=0)
        left = [below + own for below, own in zip(left, height, strict=True)]
    axis.set_ylim(0, 100)
    axis.set_xlim(places[0] - 0.8, max(places[-1] + 0.8, places[0] + 9))  # few bars need not be broad
    axis.set_ylabel("% of workers' time", fontsize=9)
    axis.set_xticks(places, [_under(row) for row in rows], fontsize=8)
    axis.tick_params(axis="x", length=0)
    axis.set_title("where the workers' time went", fontsize=9, loc="left", pad=4)
    axis.annotate(
        "balance\nsteals", (0, 0), xycoords="axes fraction", xytext=(-4, -_UNDER), textcoords="offset points",
        fontsize=8, color="#555555", ha="right", va="top",
    )  # fmt: skip
    handles = [Patch(color=colour, label=label) for _, label, colour in _PARTS]
    axis.legend(
        handles=handles, fontsize=8, frameon=False, ncols=4, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0.1
    )


def _under(row: Row) -> str:
    """Return the text under a bar."""
    balance = "-" if row["imbalance"] is None else f"{row['imbalance']['median']:.2f}"
    steals = "-" if row["steals"] is None else f"{row['steals']['median']:.0f}"
    return f"{row['mode']} {row['workers']}\n{balance}\n{steals}"
