"""The CPU picture: a panel per worker with user and system time and run-queue wait, memory below. And its table.

Used by tools/plot_cpu.py. 100 % is one core on every axis; PSS, not RSS, is what may be added up over workers.
Works on RunData only: no files are read here.
"""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from llmproc.report import figure as look
from llmproc.report.cpu_panel import UNKNOWN, draw_cuts, draw_worker, is_generating
from llmproc.report.rundata import RunData, shown_name
from llmproc.report.timeline import Timeline, make_timeline

MOST_PANELS = 6
MEGABYTE = 1e6
_AT_WORK_PERCENT = 1.0
_PERCENT = ("cpu_percent", "user_percent", "system_percent", "wait_percent")


def cpu_table(run: RunData) -> pd.DataFrame:
    """Return the table behind the picture: a row per worker and window, with the memory known at its end (bytes)."""
    cpu = run.cpu.round({"start_s": 6, "end_s": 6, **dict.fromkeys(_PERCENT, 2)})
    memory = run.memory.rename(columns={"t_s": "end_s"}).round({"end_s": 6})
    return cpu.merge(memory, how="left", on=["pid", "end_s"]) if len(memory) else cpu


def plot_cpu(run: RunData) -> Figure:
    """Draw the picture. A run without samples gives a picture that says so."""
    pids, notes = _shown(run)
    upper = [2.3 if len(pids) < 3 else 1.7] * max(1, len(pids))
    lower = 1.7 if run.memory["pss"].notna().any() else 0.5
    figure, axes = look.panels([*upper, lower], f"CPU use: {run.title}", notes, sharex=True)
    if not pids:
        look.say_missing(axes[0], "no CPU samples here: a saved stdout has only speeds; give log.txt or a run folder")
        _memory(axes[-1], run, pids, make_timeline([], 1.0))
        look.hide_x(axes[0])
        look.hide_x(axes[-1])
        return figure
    timeline = make_timeline(_busy(run), float(run.cpu["end_s"].max()))
    for axis, pid in zip(axes, pids, strict=False):
        draw_worker(axis, run, pid, timeline)
    _legend(axes[0], run)
    if _memory(axes[-1], run, pids, timeline):
        draw_cuts(axes[-1], timeline, named=False)
    places, labels = zip(*timeline.ticks(), strict=True)
    axes[0].set_xticks(places, labels)
    axes[0].set_xlim(0, timeline.end * 1.01)
    axes[-1].set_xlabel(_time_label(run, timeline), fontsize=9)
    return figure


def _shown(run: RunData) -> tuple[list[int], list[str]]:
    """Return (the processes that get a panel, the notes below)."""
    pids = [int(pid) for pid in dict.fromkeys(run.cpu["pid"])]
    notes = list(run.notes)
    if len(pids) > MOST_PANELS:
        used = ((run.cpu["end_s"] - run.cpu["start_s"]) * run.cpu["cpu_percent"]).groupby(run.cpu["pid"]).sum()
        busiest = set(used.nlargest(MOST_PANELS).index)
        notes.insert(0, f"{len(pids)} processes; the {MOST_PANELS} with most CPU time are shown (the table has all)")
        pids = [pid for pid in pids if pid in busiest]
    assumed = int((run.cpu["time"] == "assumed").sum())
    if assumed:
        notes.insert(0, f"{assumed} of {len(run.cpu)} windows: length assumed (hatched)")
    return pids, notes


def _busy(run: RunData) -> list[tuple[float, float]]:
    """Return the windows worth their full width: those of turns; where turns are unknown, those with CPU time."""
    generating = is_generating(run.cpu)
    rows = run.cpu[generating if generating.any() else run.cpu["cpu_percent"] >= _AT_WORK_PERCENT]
    return [(float(begin), float(end)) for begin, end in zip(rows["start_s"], rows["end_s"], strict=True)]


def _time_label(run: RunData, timeline: Timeline) -> str:
    if (run.cpu["time"] != "measured").any():
        return f"seconds of {'work' if _foreign(run) else 'generation'} (computed from the log, pauses left out)"
    return "seconds since start" + ("; grey: pauses, not to scale" if timeline.cuts else "")


def _foreign(run: RunData) -> bool:
    """Return whether processes of other programs are in it; `record` cannot know whether those generate."""
    return bool((run.cpu["comm"].dropna() != "(inference)").any())


def _legend(axis: Axes, run: RunData) -> None:
    handles: list[Patch | Line2D] = []
    if run.cpu["user_percent"].notna().any():
        handles += [Patch(color=look.USER, label="user"), Patch(color=look.SYSTEM, label="system")]
    if run.cpu["user_percent"].isna().any():
        handles.append(Patch(color=UNKNOWN, label="split unknown"))
    if run.cpu["wait_percent"].notna().any():
        handles.append(Line2D([], [], color=look.WAIT, linewidth=1.3, label="waiting in the run queue"))
    if is_generating(run.cpu).any():
        handles.append(Patch(color=look.GENERATING, label="at work" if _foreign(run) else "generating"))
    look.legend_above(axis, handles)


def _memory(axis: Axes, run: RunData, pids: list[int], timeline: Timeline) -> bool:
    """Draw PSS over time; return whether there was any."""
    pss = run.memory.dropna(subset=["pss"])
    axis.set_title("memory: PSS, shared pages divided by their users", fontsize=9, loc="left", pad=4)
    if pss.empty:
        known = "not in a course log" if run.kind != "run folder" else "not read in this run"
        look.say_missing(axis, known if len(run.cpu) else "no memory samples")
        return False
    # There are no more colours than panels: the same workers are shown as above.
    for colour, pid in zip(look.LINES, pids, strict=False):
        own = pss[pss["pid"] == pid]
        x = [timeline.x(t) for t in own["t_s"]]
        y, name = own["pss"].to_numpy(dtype=float) / MEGABYTE, run.cpu[run.cpu["pid"] == pid]["comm"].iloc[-1]
        axis.plot(x, y, color=colour, marker="o", markersize=4, linewidth=1.3, label=shown_name(pid, name))
    look.headroom(axis, float(pss["pss"].max()) / MEGABYTE)
    axis.set_ylabel("MB", fontsize=9)
    if len(pids) > 1:
        look.legend_above(axis)
    return True
