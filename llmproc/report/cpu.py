"""The CPU picture: CPU % per worker split into user and system, run-queue wait, memory below. And its table.

Serves tools/plot_cpu.py. 100 % is one core on every axis; PSS, not RSS, is what may be added up over workers.
Works on RunData only: no files are read here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from llmproc.report import figure as look
from llmproc.report.rundata import RunData, shown_name

MOST_PANELS = 6
MEGABYTE = 1e6
UNKNOWN = "#9db4c9"  # CPU time whose split into user and system is not known


def cpu_table(run: RunData) -> pd.DataFrame:
    """The table behind the picture: a row per worker and window, with the memory known at its end (bytes)."""
    cpu = run.cpu.round({"start_s": 6, "end_s": 6, **dict.fromkeys(_PERCENT, 2)})
    memory = run.memory.rename(columns={"t_s": "end_s"}).round({"end_s": 6})
    return cpu.merge(memory, how="left", on=["pid", "end_s"]) if len(memory) else cpu


_PERCENT = ("cpu_percent", "user_percent", "system_percent", "wait_percent")


def plot_cpu(run: RunData) -> Figure:
    """Draws it. A run without samples gives a picture that says so."""
    pids = list(dict.fromkeys(run.cpu["pid"]))
    notes = list(run.notes)
    if len(pids) > MOST_PANELS:
        used = ((run.cpu["end_s"] - run.cpu["start_s"]) * run.cpu["cpu_percent"]).groupby(run.cpu["pid"]).sum()
        busiest = set(used.nlargest(MOST_PANELS).index)
        notes.insert(0, f"{len(pids)} processes; the {MOST_PANELS} with most CPU time are shown (the table has all)")
        pids = [pid for pid in pids if pid in busiest]
    if (run.cpu["time"] == "assumed").any():
        notes.insert(0, f"{(run.cpu['time'] == 'assumed').sum()} of {len(run.cpu)} windows: length assumed (hatched)")
    title = f"CPU use: {run.title}"
    upper = [2.3 if len(pids) < 3 else 1.7] * max(1, len(pids))
    lower = 1.7 if run.memory["pss"].notna().any() else 0.5
    figure, axes = look.panels([*upper, lower], title, notes, sharex=True)
    if not pids:
        look.say_missing(axes[0], "no CPU samples here: a saved stdout has only speeds; give log.txt or a run folder")
    for axis, pid in zip(axes, pids, strict=False):
        _worker(axis, run, int(pid))
    if pids:
        _legend(axes[0], run)
    _memory(axes[-1], run, pids)
    worked_out = len(run.cpu) and (run.cpu["time"] != "measured").any()
    axes[-1].set_xlabel(
        f"seconds of {'work' if _foreign(run) else 'generation'} (worked out of the log, pauses left out)"
        if worked_out
        else "seconds since start"
    )
    if not pids:
        look.hide_x(axes[0])
        look.hide_x(axes[-1])
    else:
        axes[0].set_xlim(0, float(run.cpu["end_s"].max()) * 1.01)
    return figure


def _worker(axis: Axes, run: RunData, pid: int) -> None:
    """Steps: every window is drawn as long as it lasted, with its own average."""
    rows = run.cpu[run.cpu["pid"] == pid]
    for start, end in _merged(rows[rows["generating"] == True]):  # noqa: E712 (the column may hold objects)
        axis.axvspan(start, end, color=look.GENERATING, linewidth=0, zorder=0)
    highest = 0.0
    for row in rows.to_dict("records"):
        edges = [row["start_s"], row["end_s"]]
        total, user, hatch = row["cpu_percent"], row["user_percent"], "///" if row["time"] == "assumed" else None
        highest = max(highest, total)
        if user != user:  # split unknown
            axis.fill_between(edges, total, facecolor=UNKNOWN, hatch=hatch, edgecolor="white", linewidth=0)
        else:
            axis.fill_between(edges, user, facecolor=look.USER, hatch=hatch, edgecolor="white", linewidth=0)
            axis.fill_between(edges, user, total, facecolor=look.SYSTEM, linewidth=0)
    x = np.ravel(rows[["start_s", "end_s"]].to_numpy(dtype=float))
    axis.plot(x, np.repeat(rows["cpu_percent"].to_numpy(dtype=float), 2), color=look.TOTAL, linewidth=0.8)
    wait = rows["wait_percent"].to_numpy(dtype=float)
    if np.isfinite(wait).any():
        axis.plot(x, np.repeat(wait, 2), color=look.WAIT, linewidth=1.3)
        highest = max(highest, float(np.nanmax(wait)))
    top = max(115.0, highest * 1.12)
    limits = {100.0: "one core"}
    if run.cpus and run.cpus > 1 and 100.0 * run.cpus <= top * 1.5:
        limits[100.0 * run.cpus] = f"all {run.cpus} cores"
        top = max(top, 100.0 * run.cpus * 1.1)
    for value, name in limits.items():
        axis.axhline(value, color="#444444", linewidth=1, linestyle=(0, (5, 3)))
        axis.annotate(
            name,
            (1, value),
            xycoords=("axes fraction", "data"),
            xytext=(-3, 2),
            textcoords="offset points",
            ha="right",
            fontsize=8,
            color="#444444",
        )
    _marks(axis, [mark for mark in run.marks if mark[1].startswith(f"worker {pid} ")], float(run.cpu["end_s"].max()))
    axis.set_ylim(0, top)
    axis.set_ylabel("CPU %", fontsize=9)
    last = rows.iloc[-1]
    axis.set_title(f"{_name(run, pid)}   {last['policy']}, nice {int(last['nice'])}", fontsize=9, loc="left", pad=4)


def _foreign(run: RunData) -> bool:
    """Whether other programs' processes are in it, which `record` wrote lines of: it cannot know what they did."""
    return bool((run.cpu["comm"].dropna() != "(inference)").any())


def _name(run: RunData, pid: int) -> str:
    """By the comm it had at the end: a program may rename itself, or become another one by exec."""
    return shown_name(pid, run.cpu[run.cpu["pid"] == pid]["comm"].iloc[-1])


def _marks(axis: Axes, marks: list[tuple[float, str]], end: float) -> None:
    """A death and its replacement, one text under the other on the side where there is room."""
    for place, (t, text) in enumerate(marks):
        axis.axvline(t, color=look.WAIT, linewidth=1, linestyle=":")
        left = t > 0.7 * end
        axis.annotate(
            text,
            (t, 0.6 - 0.1 * place),
            xycoords=("data", "axes fraction"),
            xytext=(-5 if left else 5, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            fontsize=8,
            color=look.WAIT,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
        )


def _legend(axis: Axes, run: RunData) -> None:
    from matplotlib.lines import Line2D

    handles: list[Patch | Line2D] = []
    if run.cpu["user_percent"].notna().any():
        handles += [Patch(color=look.USER, label="user"), Patch(color=look.SYSTEM, label="system")]
    if run.cpu["user_percent"].isna().any():
        handles.append(Patch(color=UNKNOWN, label="split unknown"))
    if run.cpu["wait_percent"].notna().any():
        handles.append(Line2D([], [], color=look.WAIT, linewidth=1.3, label="waiting in the run queue"))
    if (run.cpu["generating"] == True).any():  # noqa: E712 (the column may hold objects)
        handles.append(Patch(color=look.GENERATING, label="at work" if _foreign(run) else "generating"))
    axis.legend(
        handles=handles, ncols=5, fontsize=8, frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0.1
    )


def _memory(axis: Axes, run: RunData, pids: list[int]) -> None:
    pss = run.memory.dropna(subset=["pss"])
    axis.set_title("memory: PSS, shared pages divided by their users", fontsize=9, loc="left", pad=4)
    if pss.empty:
        known = "not in a course log" if run.kind != "run folder" else "not read in this run"
        look.say_missing(axis, known if len(run.cpu) else "no memory samples")
        return
    # Beyond the worker colours only the sum would be readable; the panel shows the same workers as above.
    for colour, pid in zip(look.LINES, pids, strict=False):
        own = pss[pss["pid"] == pid]
        x, y = own["t_s"].to_numpy(dtype=float), own["pss"].to_numpy(dtype=float) / MEGABYTE
        axis.plot(x, y, color=colour, marker="o", markersize=4, linewidth=1.3, label=_name(run, pid))
    look.headroom(axis, float(pss["pss"].max()) / MEGABYTE)
    axis.set_ylabel("MB", fontsize=9)
    if len(pids) > 1:
        axis.legend(fontsize=8, frameon=False, ncols=6, loc="lower right", bbox_to_anchor=(1.0, 1.0), borderpad=0.1)


def _merged(rows: pd.DataFrame) -> list[tuple[float, float]]:
    """Neighbouring windows as one span, so that no seams show."""
    spans: list[tuple[float, float]] = []
    for start, end in zip(rows["start_s"], rows["end_s"], strict=True):
        if spans and abs(start - spans[-1][1]) < 1e-6:
            spans[-1] = (spans[-1][0], float(end))
        else:
            spans.append((float(start), float(end)))
    return spans
