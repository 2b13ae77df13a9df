"""A comparison of modes as text: every figure at its place, and every mark that must stand beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from experiments.fake_arm import FakeArm
from experiments.fake_comparison import compare, row_of

from llmproc.report import modes_table


def cells(text: str, *start: str) -> list[str]:
    """The one line of a table that begins with these cells."""
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text.splitlines() if line[:1] == "|"]
    (found,) = [line for line in lines if tuple(line[: len(start)]) == start]
    return found


def test_the_whole_text() -> None:
    found = compare(FakeArm(unit=0.1, noise=0.05), modes=("sp", "ws"), workers=(2, 4), name="alternating")
    text = modes_table.render(found)
    assert text == (Path(__file__).parent / "modes_table.md").read_text()


def test_a_row_tells_its_figures() -> None:
    found = compare(FakeArm(unit=0.1, noise=0.1), name="alternating", workers=(2,))
    row, shown = row_of(found, "ws", 2), cells(modes_table.results_table(found), "ws", "2")
    assert shown[2:5] == [
        f"{row['elapsed_s']['median']:.2f}",
        f"{row['speedup']['mean']:.2f}",
        f"{row['speedup']['low']:.2f} to {row['speedup']['high']:.2f}",
    ]
    assert shown[5] == f"{row['ideal_speedup']:.2f}" and shown[6] == f"{row['above_ideal']['mean']:.2f}"
    assert shown[8] == f"{row['above_own']['median']:.2f}"
    assert shown[9:] == [f"{row['imbalance']['median']:.2f}", "4", "0.00", "71.3"]
    assert cells(modes_table.results_table(found), "seq", "1")[3] == "1.00"


def test_modes_against_each_other_have_a_column_for_each_pair() -> None:
    found = compare(name="alternating", modes=("sp", "ws", "lpt"), workers=(2, 4))
    text = modes_table.faster_table(found)
    assert "| ws times as fast as sp |" in text and "| lpt times as fast as ws |" in text
    shown = cells(text, "2")
    assert shown[1:3] == ["1.43", "1.43 to 1.43"] and len(shown) == 7
    assert modes_table.faster_table(compare(modes=("ws",))) == "", "one mode alone has no rival"


def test_workers_that_exceed_cpus_are_marked() -> None:
    text = modes_table.render(compare(workers=(2, 4)))
    assert cells(text, "ws", "4 (> 2 CPUs)") and cells(text, "ws", "2")
    assert "- WARNING: from 4 workers on there are more threads than CPUs (2): they share them.\n" in text
    assert "- ws, 4 workers: 4 workers on 2 CPUs; 47% of the workers' time was waiting for a CPU; " in text


def test_simulated_stands_in_every_row() -> None:
    found = compare(FakeArm(cpus=None, digests=False), work="wait", workers=(2, 4))
    text = modes_table.render(found)
    assert text.startswith("SIMULATED: requests are timed waits, nothing is generated")
    for mode, workers in (("seq", "1"), ("sp", "2"), ("ws", "4 (> 2 CPUs)")):
        assert cells(text, f"{mode} (simulated)", workers)
    assert "ws times as fast as sp (simulated)" in text and "waits of 0.05 s for each unit of cost" in text
    assert "answers" not in text.split("\n\n")[-1]
    assert "SIMULATED" not in modes_table.render(compare())


def test_what_cannot_be_told_is_a_dash() -> None:
    found: Any = compare(repeat=1, workers=(2,))
    row = row_of(found, "ws", 2)
    row.update(run_queue_wait_s=None, pss_bytes=None, above_ideal=None, ideal_speedup=None)
    shown = cells(modes_table.results_table(found), "ws", "2")
    assert shown[4] == "-", "one repetition has no interval"
    assert shown[5:8] == ["-", "-", "-"] and shown[-2:] == ["-", "-"]
    row.update(elapsed_s=None, speedup=None, above_own=None, imbalance=None, steals=None)
    assert set(cells(modes_table.results_table(found), "ws", "2")[2:]) == {"-"}


@pytest.mark.parametrize(("same", "line"), [(True, "the same"), (False, "DIFFERENT")])
def test_whether_answers_were_the_same(same: bool, line: str) -> None:
    found = compare(workers=(2,))
    found["same_answers"] = same
    assert f"- All runs gave {line} answers.\n" in modes_table.render(found)


def test_the_heading() -> None:
    found = compare(workers=(2,), threads=2, sequences=4)
    assert modes_table.subject(found) == (
        "30 prompts, system-b (answers of 1 to 30 sentences in a fixed, mixed order); generation; workers of 2 threads,"
        " 4 sequences side by side\nA CPU, 2 CPUs usable, Linux 6.1\n"
    )
    found["machine"] = {**found["machine"], "cpus_usable": 1}
    assert "1 CPU usable" in modes_table.subject(found)
