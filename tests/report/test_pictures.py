"""The pictures: every source draws, the right things stand in them, and texts do not lie on one another."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.colors import to_hex
from matplotlib.image import imread
from report.looking import overlaps, texts
from support.paths import ROOT

from llmproc.errors import LogError
from llmproc.report import figure as look
from llmproc.report.cpu import MOST_PANELS, plot_cpu
from llmproc.report.rundata import (
    CPU_COLUMNS,
    MEMORY_COLUMNS,
    STEP_COLUMNS,
    TURN_COLUMNS,
    RunData,
    table,
)
from llmproc.report.source import load
from llmproc.report.timing import MOST_BARS, MOST_LINES, plot_timing

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


def course_line(pid: int = 7, user: int = 10, percent: str = "50.00%", comm: str = "(inference)") -> str:
    return (
        f"[pid] {pid} [tcomm] {comm} [state] R [policy] SCHED_OTHER [nice] 0 [vsize] 4096 [task_cpu] 1"
        f" [utime] {user} [stime] 3 [cpu%] {percent}\n"
    )


LOGS = {
    "one line": [course_line()],
    "one line of each of three pids": [course_line(pid) for pid in (7, 8, 9)],
    "idle": [course_line(percent="0.00%")] * 4,
    "idle from birth": [course_line(user=0, percent="0.00%").replace("[stime] 3", "[stime] 0")] * 2,
    "ticks that shrink": [course_line(user=50), course_line(user=20), course_line(user=30)],
    "negative": [course_line(percent="-4.00%"), course_line(user=20, percent="-4.00%")],
    "of another program": [course_line(comm="other"), course_line(comm="other", user=40, percent="99.00")],
}


@pytest.mark.parametrize("name", LOGS)
@pytest.mark.parametrize("plot", [plot_cpu, plot_timing])
def test_logs_without_increasing_ticks_are_drawn(tmp_path: Path, name: str, plot) -> None:
    (tmp_path / "log.txt").write_text("".join(LOGS[name]))
    run = load(tmp_path / "log.txt")
    assert len(run.cpu) == len(LOGS[name]) and (run.cpu["end_s"] > run.cpu["start_s"]).all()
    figure = plot(run)
    look.save(figure, tmp_path / "x.png")
    assert not overlaps(figure)


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
    parts = ["load_s", "compile_s", "kernel_load_s", "start_wait_s", "wait_s", "prefill_s", "decode_s", "other_s"]
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


def with_turns(count: int) -> RunData:
    """A run folder of so many turns, each with an average and no step summaries."""
    turns = [
        {"turn": n, "start_s": n, "decode_s": 0.2, "positions": 40, "seq_len": 40 * n, "tokens_per_s": 100.0 + n,
         "new_tokens": 20, "reason": "end"}
        for n in range(1, count + 1)
    ]  # fmt: skip
    return RunData(Path("x"), "run folder", turns=table(turns, TURN_COLUMNS))


@pytest.mark.parametrize("count", [1, 2, 5, 6, 7, 9, 10, 11, 40])
def test_the_legend_never_covers_the_title(count: int) -> None:
    figure = plot_timing(with_turns(count))
    assert not overlaps(figure)
    legend = figure.axes[1].get_legend()
    assert (legend is None) == (count > MOST_LINES)
    if legend is not None:
        figure.draw_without_rendering()
        title = figure.axes[1]._left_title.get_window_extent()  # type: ignore[attr-defined]
        assert legend.get_window_extent().x0 > title.x1


@pytest.mark.parametrize("count", [1, 7, 10, 30])
def test_the_legend_of_step_lines_neither(count: int) -> None:
    steps = [
        {"turn": turn, "position": 10.0 * place, "tokens_per_s": 50.0}
        for turn in range(1, count + 1)
        for place in (1, 2)
    ]
    assert not overlaps(plot_timing(replace(with_turns(count), steps=table(steps, STEP_COLUMNS))))


def window(
    start: float, end: float, pid: int = 7, generating: bool = True, percent: float = 100.0
) -> dict[str, object]:
    return {
        "pid": pid, "start_s": start, "end_s": end, "cpu_percent": percent, "user_percent": percent * 0.9,
        "system_percent": percent * 0.1, "wait_percent": 1.0, "state": "R", "policy": "SCHED_OTHER", "nice": 0,
        "core": 0, "generating": generating, "time": "measured", "comm": "(inference)",
    }  # fmt: skip


def shares(run: RunData) -> list[float]:
    """How much of the axis each turn takes in the first panel."""
    axis = plot_cpu(run).axes[0]
    low, high = axis.get_xlim()
    green = [patch for patch in axis.patches if to_hex(patch.get_facecolor()) == look.GENERATING]
    return [float(patch.get_width()) / (high - low) for patch in green]


@pytest.mark.parametrize("pauses", [(2.0,), (2.0, 60.0), (2.0, 0.01, 3600.0, 5.0)])
def test_short_turns_are_wide_enough_to_be_read(pauses: tuple[float, ...]) -> None:
    rows, now = [], 0.0
    for pause in pauses:
        rows += [window(now, now + pause, generating=False, percent=0.0), window(now + pause, now + pause + 0.2)]
        now += pause + 0.2
    rows.append(window(now, now + 0.01, generating=False, percent=0.0))
    memory = [{"pid": 7, "t_s": row["end_s"], "pss": 4e7} for row in rows]
    marks = ((now, "worker 7 stopped"), (0.1, "worker 7 died"))
    run = RunData(
        Path("x"), "run folder", cpu=table(rows, CPU_COLUMNS), memory=table(memory, MEMORY_COLUMNS), marks=marks
    )
    found = shares(run)
    assert len(found) == len(pauses) and sum(found) > 0.45 and min(found) == pytest.approx(max(found))
    figure = plot_cpu(run)
    assert not overlaps(figure)
    words = texts(figure)
    assert "seconds since start; grey: pauses, not to scale" in words
    assert "2.0 s" in words and "worker 7 stopped" in words


def test_long_turns_keep_the_clock() -> None:
    run = RunData(Path("x"), "run folder", cpu=table([window(1.0, 9.0), window(9.5, 12.0)], CPU_COLUMNS))
    assert shares(run) == pytest.approx([8 / 12.12, 2.5 / 12.12], abs=0.001)
    assert "seconds since start" in texts(plot_cpu(run))


def test_a_recording_is_cut_where_nobody_computes() -> None:
    rows = [window(0, 1, generating=False), window(1, 50, generating=False, percent=0.2)]
    rows = [row | {"comm": "(make)"} for row in [*rows, window(50, 51, generating=False)]]
    axis = plot_cpu(RunData(Path("x"), "run folder", cpu=table(rows, CPU_COLUMNS))).axes[0]
    assert axis.get_xlim()[1] < 2.5 and "49 s" in [text.get_text() for text in axis.texts]


@pytest.mark.parametrize("t", [0.0, 0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("highest", [100.0, 160.0, 260.0, 700.0])
def test_marks_do_not_lie_on_the_names_of_limits(t: float, highest: float) -> None:
    marks = ((t, "worker 7 died"), (t, "worker 7 replaced"), (1.0, "worker 7 stopped"))
    run = RunData(Path("x"), "run folder", cpu=table([window(0, 1, percent=highest)], CPU_COLUMNS), marks=marks, cpus=4)
    assert not overlaps(plot_cpu(run))


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
