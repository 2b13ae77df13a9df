"""The picture of a comparison: what is measured and what is computed stand in it, and texts do not cover each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from experiments.fake_arm import FakeArm
from experiments.fake_comparison import compare, row_of
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.image import imread
from report.looking import overlaps, texts

from llmproc.report import figure as look
from llmproc.report.modes_chart import COLOURS, plot_modes

CASES: dict[str, Any] = {
    "two": {"workers": (2,), "name": "alternating"},
    "usual": {"workers": (1, 2, 4)},
    "crowded": {"workers": (2, 4, 6, 8, 12), "modes": ("sp", "ws", "lpt")},
    "threads": {"workers": (1, 2), "threads": 2, "sequences": 4},
    "one": {"workers": (1,), "repeat": 1},
    "alone": {"modes": ("seq",)},
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("work", ["generate", "wait"])
def test_every_case_draws(tmp_path: Path, case: str, work: str) -> None:
    arm = FakeArm(noise=0.05) if work == "generate" else FakeArm(cpus=None, digests=False)
    figure = plot_modes(compare(arm, work=work, **CASES[case]))
    look.save(figure, tmp_path / "x.png")
    picture = imread(tmp_path / "x.png")
    assert picture.shape[1] == 1100 and picture[..., :3].std() > 0.01
    assert overlaps(figure) == []


def test_measured_points_stand_where_they_were_measured_with_their_intervals() -> None:
    found = compare(FakeArm(noise=0.1), workers=(2, 4))
    axis = plot_modes(found).axes[0]
    bars = [container for container in axis.containers if isinstance(container, ErrorbarContainer)]
    assert len(bars) == 2
    for mode, bar in zip(("sp", "ws"), bars, strict=True):
        line, _, (segments,) = bar.lines
        assert to_hex(line.get_color()) == COLOURS[mode]
        for place, workers in enumerate((2, 4)):
            speedup = row_of(found, mode, workers)["speedup"]
            assert line.get_ydata()[place] == pytest.approx(speedup["mean"])
            assert abs(line.get_xdata()[place] - workers) < 0.2
            (_, low), (_, high) = segments.get_segments()[place]
            assert (low, high) == (pytest.approx(speedup["low"]), pytest.approx(speedup["high"]))


def test_one_wide_interval_does_not_stretch_the_axis() -> None:
    found = compare(workers=(2, 4))
    tops = [row["speedup"]["mean"] for row in found["results"] if row["speedup"] is not None]
    tops += [point["speedup"] for curve in found["curves"] for point in curve["points"]]
    assert plot_modes(found).axes[0].get_ylim() == pytest.approx((0, max(tops) * 1.12))
    row_of(found, "ws", 2)["speedup"].update(low=0.5, high=40.0)
    figure = plot_modes(found)
    assert figure.axes[0].get_ylim() == pytest.approx((0, max(tops) * 1.3)) and overlaps(figure) == []


def test_the_ideals_are_dashed_and_said_to_be_computed() -> None:
    found = compare(workers=(2, 4))
    axis = plot_modes(found).axes[0]
    for curve in found["curves"]:
        y = [point["speedup"] for point in curve["points"]]
        (line,) = [line for line in axis.lines if [*line.get_ydata()] == y]
        assert line.is_dashed()
    said = texts(plot_modes(found))
    for name in ("static", "shared queue", "longest first"):
        assert f"ideal, {name} (computed)" in said


def test_workers_time_is_stacked_to_a_whole() -> None:
    found = compare(workers=(2, 4))
    axis = plot_modes(found).axes[1]
    stacks = [container for container in axis.containers if isinstance(container, BarContainer)]
    heights = [[patch.get_height() for patch in stack.patches] for stack in stacks]
    assert len(heights) == 4 and [sum(column) for column in zip(*heights, strict=True)] == pytest.approx([100] * 5)
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels[0] == "seq 1\n1.00\n0" and labels[-1].startswith("ws 4\n1.06\n")
    assert "balance\nsteals" in texts(plot_modes(found))


def test_the_mark_of_more_workers_than_cpus() -> None:
    crowded, fits = plot_modes(compare(workers=(2, 4))), plot_modes(compare(workers=(1, 2)))
    assert "more workers than CPUs (2)" in texts(crowded) and "all CPUs busy: 2 times" in texts(crowded)
    assert not any("more workers" in text or "all CPUs" in text for text in texts(fits))
    assert len(crowded.axes[0].patches) == 1 and not fits.axes[0].patches
    assert crowded.axes[0].patches[0].get_x() == 2.5
    teams = plot_modes(compare(workers=(1, 2), threads=2))
    assert "more threads than CPUs (2)" in texts(teams) and teams.axes[0].patches[0].get_x() == 1.5


def test_simulated_stands_in_title_panel_axis_and_notes() -> None:
    found = compare(FakeArm(cpus=None, digests=False), work="wait", workers=(2, 4))
    said = texts(plot_modes(found))
    assert "Dispatch modes: 30 prompts, system-b (SIMULATED: timed waits, no model)" in said and "SIMULATED" in said
    assert "times as fast as seq (simulated)" in said and "ws (simulated), 95%" in said
    assert any("nothing is generated" in text for text in said)
    assert "more workers than CPUs (2); waits need none" in said and not any("all CPUs busy" in text for text in said)
    assert not any("SIMULATED" in text for text in texts(plot_modes(compare())))


def test_many_remarks_are_cut_with_a_word() -> None:
    found = compare(workers=(2,))
    found["warnings"] = [f"remark {number}" for number in range(20)]
    said = "\n".join(texts(plot_modes(found)))
    assert "remark 5" in said and "remark 19" not in said and "more remarks: the table has all" in said


def test_nothing_usable_is_said() -> None:
    found = compare(workers=(2,), repeat=1)
    for row in found["results"]:
        row.update(speedup=None, worker_time=None)
    found["curves"] = []
    figure = plot_modes(found)
    assert "no repetition was usable" in texts(figure) and overlaps(figure) == []
