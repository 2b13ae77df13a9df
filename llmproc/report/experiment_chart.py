"""The usual pictures of an experiment: tokens/s of each arm with its interval, and latencies with percentiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from llmproc.report.figure import DECODE, OTHER, PREFILL, TOTAL, legend_above, panels, save

PICTURE = "arms.png"
_ROW = 0.34  # inches of an arm


def draw(document: Mapping[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Draw arms.png into a folder; return (file name, caption). LogError when it cannot be written."""
    save(plot_arms(document), folder / PICTURE)
    return [(PICTURE, "Tokens per second of a request with the 95 % interval of the mean, and latency")]


def plot_arms(document: Mapping[str, Any]) -> Figure:
    """Return the picture: one row per arm."""
    arms = document["summary"]["arms"]
    height = max(1.2, _ROW * len(arms) + 0.4)
    machine = document["system"]["machine"]
    notes = [f"{machine['cpu']}, {document['config']['num_runs']} repetitions; bars: means, lines: 95 % intervals"]
    notes += [f"(!) {arm['arm']}: {arm['doubtful']}" for arm in arms if arm["doubtful"]]
    notes += document["system"]["warnings"]
    title = f"{document['experiment']}{' (simulated)' * document['simulated']}"
    figure, (rates, latencies) = panels([height, height], title, notes, sharex=False)
    _widen_for(figure, [rates, latencies], [label(arm) for arm in arms])
    _rates(rates, arms)
    _latencies(latencies, arms)
    return figure


def label(arm: Mapping[str, Any]) -> str:
    """Return an arm's name as it stands beside its bar."""
    return f"{arm['arm']}{' (simulated)' * arm['simulated']}{' (!)' * bool(arm['doubtful'])}"


def _widen_for(figure: Figure, axes: Sequence[Axes], labels: Sequence[str]) -> None:
    """Move the panels to the right, so that names fit on the left: 0.075 inches a character."""
    left = min(0.45, max(0.085, (0.075 * max(map(len, labels), default=0) + 0.25) / figure.get_size_inches()[0]))
    for axis in axes:
        box = axis.get_position()
        axis.set_position((left, box.y0, 0.97 - left, box.height))


def _rates(axis: Axes, arms: Sequence[Mapping[str, Any]]) -> None:
    for row, arm in enumerate(arms):
        found = arm["tokens_per_second"]
        if found is not None:
            axis.barh(row, found["mean"], color=DECODE if not arm["doubtful"] else OTHER, height=0.6)
            if found["low"] is not None:
                axis.plot([found["low"], found["high"]], [row, row], color=TOTAL, linewidth=2)
    _rows(axis, arms, "tokens/s")


def _latencies(axis: Axes, arms: Sequence[Mapping[str, Any]]) -> None:
    for row, arm in enumerate(arms):
        latency, first = arm["latency_s"], arm["ttft_s"]
        if latency is not None:
            axis.barh(row, 1e3 * latency["mean"], color=OTHER, height=0.6)
            axis.plot([1e3 * latency["p95"]] * 2, [row - 0.3, row + 0.3], color=TOTAL, linewidth=1.5)
        if first is not None:
            axis.barh(row, 1e3 * first["mean"], color=PREFILL, height=0.6)
    _rows(axis, arms, "ms")
    handles = [Patch(color=PREFILL, label="mean TTFT"), Patch(color=OTHER, label="mean latency")]
    legend_above(axis, [*handles, Patch(color=TOTAL, label="p95 of latency")])


def _rows(axis: Axes, arms: Sequence[Mapping[str, Any]], unit: str) -> None:
    axis.set_yticks(range(len(arms)), [label(arm) for arm in arms])
    axis.set_ylim(len(arms) - 0.4, -0.6)
    axis.set_xlabel(unit, fontsize=9)
    axis.grid(axis="y", visible=False)
    axis.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axis.set_xlim(left=0)
