"""The pictures: every source draws, the right things stand in them, and texts do not lie on one another."""

from __future__ import annotations

import runpy
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.image import imread
from report.looking import overlaps, texts
from support.paths import ROOT

from llmproc.errors import LogError
from llmproc.report import figure as look
from llmproc.report.cpu import MOST_PANELS, plot_cpu
from llmproc.report.rundata import CPU_COLUMNS, RunData, table
from llmproc.report.source import load
from llmproc.report.timing import MOST_BARS, plot_timing

EXAMPLE = ROOT / "tests" / "report" / "example"
SOURCES = [EXAMPLE, EXAMPLE / "proc.log", EXAMPLE / "stdout.txt"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
@pytest.mark.parametrize("plot", [plot_cpu, plot_timing])
def test_every_source_draws(tmp_path: Path, source: Path, plot) -> None:
    figure = plot(load(source))
    look.save(figure, tmp_path / "x.png")
    picture = imread(tmp_path / "x.png")
    assert picture.shape[1] == 1100 and picture[..., :3].std() > 0.01
    assert not overlaps(figure)
    assert any("SIMULATED" in text for text in texts(figure))


def test_the_cpu_picture_of_a_run_folder() -> None:
    found = texts(plot_cpu(load(EXAMPLE)))
    for text in ("user", "system", "waiting in the run queue", "generating", "one core", "worker 4713 died", "MB"):
        assert text in found
    assert sum(text.startswith("worker 4713   SCHED_OTHER") for text in found) == 1


def test_the_cpu_picture_of_a_log_says_what_is_missing() -> None:
    found = texts(plot_cpu(load(EXAMPLE / "proc.log")))
    assert "not in a course log" in found and "waiting in the run queue" not in found
    assert any("no clock" in text and "assumed" in text for text in found)


def test_no_samples_no_bars() -> None:
    assert any("no CPU samples" in text for text in texts(plot_cpu(load(EXAMPLE / "stdout.txt"))))
    empty = RunData(Path("x"), "run folder")
    assert any("no turns" in text for text in texts(plot_timing(empty)))
    assert any("no step summaries" in text for text in texts(plot_timing(empty)))


def test_the_timing_picture_of_a_run_folder() -> None:
    found = texts(plot_timing(load(EXAMPLE)))
    for text in ("start", "turn 1", "turn 3", "load weights", "prefill", "decode", "tokens/s"):
        assert text in found


def test_the_bars_are_as_long_as_the_seconds() -> None:
    run = load(EXAMPLE)
    axis = plot_timing(run).axes[0]
    ends = {}
    for bar in axis.patches:
        ends[round(bar.get_y() + bar.get_height() / 2)] = bar.get_x() + bar.get_width()
    parts = ["load_s", "compile_s", "wait_s", "prefill_s", "decode_s", "other_s"]
    wanted = run.turns[parts].fillna(0).sum(axis=1)
    assert [ends[place] for place in range(len(wanted))] == pytest.approx(list(wanted), abs=0.01)


def test_many_workers_and_many_turns_stay_readable() -> None:
    rows = [
        dict.fromkeys(CPU_COLUMNS, 0.0)
        | {
            "pid": pid,
            "end_s": 1.0,
            "cpu_percent": pid,
            "policy": "SCHED_OTHER",
            "generating": True,
            "time": "measured",
        }
        for pid in range(1, 20)
    ]
    run = replace(load(EXAMPLE), cpu=table(rows, CPU_COLUMNS))
    figure = plot_cpu(run)
    assert len(figure.axes) == MOST_PANELS + 1
    found = texts(figure)
    assert any("worker 19 " in text for text in found) and not any(text.startswith("worker 1 ") for text in found)
    assert any("19 processes" in text for text in found)
    turns = run.turns.loc[[1] * 100]
    figure = plot_timing(replace(run, turns=turns))
    assert len(figure.axes[0].get_yticks()) == MOST_BARS and any("100 bars" in text for text in texts(figure))


def test_another_programs_processes_have_their_own_names() -> None:
    """And nobody is said to be generating, where nobody knows."""
    run = load(EXAMPLE)
    found = texts(plot_cpu(replace(run, cpu=run.cpu.assign(comm="(cc1 (x))", generating=False), marks=())))
    pid = int(run.cpu["pid"].iloc[0])
    assert any(text.startswith(f"cc1 (x) {pid} ") for text in found) and f"cc1 (x) {pid}" in found
    assert not any(text.startswith(f"worker {pid}") for text in found)
    assert "generating" not in found and "user" in found
    run = load(EXAMPLE / "proc.log")
    found = texts(plot_cpu(replace(run, cpu=run.cpu.assign(comm="(cc1)"))))
    assert "at work" in found and "generating" not in found
    assert any(text.startswith("seconds of work ") for text in found)


def test_limits_are_drawn_for_all_cores() -> None:
    run = load(EXAMPLE)
    cpu = run.cpu.assign(cpu_percent=190.0)
    figure = plot_cpu(replace(run, cpu=cpu))
    assert "all 2 cores" in texts(figure)
    assert figure.axes[0].get_ylim()[1] > 200


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="cannot be written"):
        look.save(plot_timing(load(EXAMPLE)), tmp_path / "no" / "x.png")


def test_the_example_is_what_its_script_writes(tmp_path: Path) -> None:
    if '"simulated": true' not in (EXAMPLE / "run.json").read_text():
        assert not (EXAMPLE / "make_example.py").exists(), "a real example needs no script that makes one"
        return
    runpy.run_path(str(EXAMPLE / "make_example.py"))["write"](tmp_path)
    for name in ("proc.log", "proc.csv", "events.jsonl", "run.json", "stdout.txt"):
        assert (tmp_path / name).read_bytes() == (EXAMPLE / name).read_bytes(), name


def test_the_monitor_imports_neither_pandas_nor_matplotlib_nor_numba() -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); import llmproc.monitor.watch, llmproc.monitor.runfolder;"
        "print([m for m in ('pandas', 'matplotlib', 'numba', 'numpy') if m in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
