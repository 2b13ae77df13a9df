"""How our pictures look: one palette, one layout, notes under the panels. Used by cpu.py and timing.py.

Matplotlib with the Agg backend, through the object interface: no window, no global state. No table is made here.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from llmproc.errors import LogError
from llmproc.files.escaping import one_line

USER, SYSTEM, WAIT, TOTAL = "#3b76af", "#e08a2e", "#b03a48", "#1d3550"
LOAD, COMPILE, QUEUE, PREFILL, DECODE, OTHER = "#8c8c8c", "#bdbdbd", "#d9c27a", "#e08a2e", "#3b76af", "#cfd8e3"
START_WAIT = "#efe6c8"
GENERATING = "#dcefdc"
LINES = ("#3b76af", "#e08a2e", "#4f9a57", "#b03a48", "#7d5ba6", "#806650", "#d277a8", "#5f6b73", "#a5a13b", "#3fa7b5")
_WIDTH = 10.0


def panels(heights: Sequence[float], title: str, notes: Sequence[str], sharex: bool) -> tuple[Figure, list[Axes]]:
    """Make panels one above the other, `heights` in inches, with a title above and the notes below them."""
    text = "\n".join(textwrap.fill(one_line(note), 155, initial_indent="• ", subsequent_indent="   ") for note in notes)
    foot = 0.17 * (text.count("\n") + 1) + 0.1 if text else 0.0
    gap, top, bottom = 0.62 if sharex else 0.9, 0.55, 0.62
    total = sum(heights) + gap * (len(heights) - 1) + top + bottom + foot
    figure = Figure(figsize=(_WIDTH, total), dpi=110)
    FigureCanvasAgg(figure)
    axes: list[Axes] = []
    upper = total - top
    for height in heights:
        share = axes[0] if axes and sharex else None
        axes.append(figure.add_axes((0.085, (upper - height) / total, 0.885, height / total), sharex=share))
        upper -= height + gap
    figure.text(0.085, 1 - 0.22 / total, one_line(title), fontsize=12, fontweight="bold", va="center")
    if text:
        figure.text(0.085, foot / total, text, fontsize=7.5, color="#555555", va="top", linespacing=1.35)
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.grid(axis="y", color="#e6e6e6", linewidth=0.8)
        axis.set_axisbelow(True)
        axis.tick_params(labelsize=9)
    return figure, axes


def say_missing(axis: Axes, text: str) -> None:
    """Write into a panel that has nothing to show why that is so."""
    axis.text(0.5, 0.5, text, transform=axis.transAxes, ha="center", va="center", color="#777777", fontsize=10)
    axis.set_yticks([])
    axis.set_ylabel("")
    axis.grid(False)


def legend_above(axis: Axes, handles: Sequence[Artist] | None = None) -> None:
    """Put the legend above the axis on the right, in one row: of `handles`, or of what is drawn with a label."""
    handles = axis.get_legend_handles_labels()[0] if handles is None else handles
    crowded = len(handles) > 6
    axis.legend(
        handles=list(handles),
        ncols=max(1, len(handles)),
        fontsize=8,
        frameon=False,
        loc="lower right",
        bbox_to_anchor=(1.0, 1.0),
        borderpad=0.1,
        handlelength=1.2 if crowded else 2.0,
        handletextpad=0.4 if crowded else 0.8,
        columnspacing=0.9 if crowded else 2.0,
    )


def headroom(axis: Axes, highest: float) -> None:
    """Set the axis from 0 to a little above the highest value."""
    axis.set_ylim(0, highest * 1.18 if highest > 0 else 1)


def hide_x(axis: Axes) -> None:
    """Hide the x axis of a panel in which it would mean nothing."""
    axis.tick_params(axis="x", bottom=False, labelbottom=False)
    axis.set_xlabel("")


def save(figure: Figure, path: Path) -> None:
    """Write the PNG. Raises LogError when the file cannot be written."""
    try:
        with path.open("wb") as file:  # by name, matplotlib takes none that is not UTF-8
            figure.savefig(file, format="png")
    except OSError as error:
        raise LogError(f"{path}: cannot be written: {error.strerror}") from error
