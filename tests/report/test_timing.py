"""The timing picture: bars as long as what is known, names of lines, texts behind the bars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.patches import Rectangle
from report.looking import overlaps, texts

from llmproc.report.rundata import STEP_COLUMNS, TURN_COLUMNS, RunData, table
from llmproc.report.timing import MOST_BARS, MOST_LINES, plot_timing, step_table, timing_table

TURN = {"turn": 1, "pid": 7, "start_s": 1.0, "wait_s": 0.1, "prefill_s": 0.2, "decode_s": 0.7, "other_s": 0.0,
        "new_tokens": 20, "positions": 40, "seq_len": 40, "tokens_per_s": 28.6, "reason": "end"}  # fmt: skip
START = {"turn": 0, "start_s": 0.0, "load_s": 0.4, "compile_s": 0.6, "reason": "start"}


def run(*turns: dict[str, Any], kind: str = "run folder", steps: list[dict[str, Any]] | None = None) -> RunData:
    return RunData(Path("x"), kind, turns=table(list(turns), TURN_COLUMNS), steps=table(steps or [], STEP_COLUMNS))


def lengths(data: RunData) -> list[float]:
    """The length of each bar, all its parts together."""
    found: dict[int, float] = {}
    for bar in plot_timing(data).axes[0].patches:
        assert isinstance(bar, Rectangle)
        place = round(bar.get_y() + bar.get_height() / 2)
        found[place] = found.get(place, 0.0) + bar.get_width()
    return [found[place] for place in sorted(found)]


def test_a_bar_is_the_sum_of_its_parts() -> None:
    assert lengths(run(START, TURN)) == pytest.approx([1.0, 1.0])
    assert lengths(run(START, TURN | {"decode_s": None}, TURN | {"prefill_s": float("nan")})) == pytest.approx(
        [1.0, 0.3, 0.8]
    )


def test_parts_too_small_to_be_seen_are_not_in_the_legend() -> None:
    words = texts(plot_timing(run(START, TURN | {"wait_s": 1e-5})))
    assert {"load weights", "compile kernels", "prefill", "decode"} <= set(words)
    assert "wait for dispatch" not in words and "other" not in words


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, "20 tokens, 28.6 tok/s"),
        ({"reason": "length"}, "20 tokens, 28.6 tok/s"),
        ({"reason": "cancelled"}, "20 tokens, 28.6 tok/s, cancelled"),
        ({"new_tokens": None, "tokens_per_s": None, "reason": "not finished"}, "not finished"),
        ({"tokens_per_s": None, "reason": "failed"}, "20 tokens, failed"),
    ],
)
def test_the_text_behind_a_bar(changes: dict[str, Any], text: str) -> None:
    figure = plot_timing(run(START, TURN, TURN | {"turn": 2} | changes))
    assert texts(figure).count(text) == (2 if not changes or changes == {"reason": "length"} else 1)
    assert not overlaps(figure)


def test_bars_fill_the_panel_however_many_there_are() -> None:
    for count in (1, 5, MOST_BARS):
        axis = plot_timing(run(*[TURN | {"turn": turn} for turn in range(1, count + 1)])).axes[0]
        assert axis.get_ylim() == pytest.approx((count - 0.4, -0.6)), "the first on top, no empty rows"


def test_a_log_names_its_parts_by_what_it_knows() -> None:
    words = texts(plot_timing(run({"pid": 7, "other_s": 2.0, "reason": "turns not told apart"}, kind="course log")))
    assert {"generating", "pid 7", "turns not told apart", "seconds"} <= set(words)
    words = texts(plot_timing(run(TURN | {"wait_s": None, "prefill_s": None, "reason": None}, kind="saved stdout")))
    assert {"after the first forward pass", "turn 1", "20 tokens, 28.6 tok/s"} <= set(words)


@pytest.mark.parametrize(
    ("count", "names"),
    [(1, ["turn 1"]), (5, [f"turn {n}" for n in range(1, 6)]), (6, ["turn 1", *"23456"]), (11, None)],
)
def test_names_of_lines_are_short_where_there_are_many(count: int, names: list[str] | None) -> None:
    turns = [TURN | {"turn": n, "seq_len": 40 * n} for n in range(1, count + 1)]
    axis = plot_timing(run(START, *turns)).axes[1]
    legend = axis.get_legend()
    assert (None if legend is None else [text.get_text() for text in legend.get_texts()]) == names
    assert [np.asarray(line.get_xdata()).tolist() for line in axis.lines] == [
        [40 * n - 40, 40 * n] for n in range(1, count + 1)
    ]


def test_step_summaries_are_drawn_in_place_of_averages() -> None:
    steps = [{"turn": turn, "t_s": 1.0, "position": 10.0 * turn, "tokens_per_s": 50.0 + turn} for turn in range(1, 15)]
    data = run(START, TURN, steps=steps)
    axis = plot_timing(data).axes[1]
    assert len(axis.lines) == MOST_LINES and np.asarray(axis.lines[2].get_ydata()).tolist() == [53.0]
    assert axis.get_ylim() == pytest.approx((0, 64 * 1.18))
    assert len(step_table(data)) == 14 and list(timing_table(data)["turn"]) == [0, 1]


@pytest.mark.parametrize(
    ("kind", "text"),
    [("run folder", "no step summaries in this run"), ("course log", "a course log holds no tokens")],
)
def test_what_is_missing_is_said(kind: str, text: str) -> None:
    figure = plot_timing(run(kind=kind))
    assert any(word.startswith(text) for word in texts(figure)) and "no turns recorded" in texts(figure)
    assert not overlaps(figure)
