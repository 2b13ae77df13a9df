"""Reports from a log or a saved stdout: what is worked out, what is assumed, what is said to be missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from llmproc.errors import LogError
from llmproc.report.cpu import cpu_table
from llmproc.report.source import load
from llmproc.report.timing import timing_table


def line(pid: int, user: int, system: int, percent: str) -> str:
    return (
        f"[pid] {pid} [tcomm] (inference) [state] R [policy] SCHED_OTHER [nice] 2 [vsize] 4096 [task_cpu] 1"
        f" [utime] {user} [stime] {system} [cpu%] {percent}%\n"
    )


@pytest.fixture
def log(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "log.txt"
        path.write_text(text)
        return path

    return write


def test_seconds_are_worked_out_of_ticks_and_percent(log) -> None:
    run = load(log(line(7, 30, 0, "100.00") + line(7, 54, 3, "90.00") + line(7, 54, 3, "0.00")))
    assert run.kind == "course log"
    assert list(run.cpu["time"]) == ["assumed", "worked out", "assumed"]
    seconds = list(run.cpu["end_s"] - run.cpu["start_s"])
    assert seconds == pytest.approx([0.3, 0.3, 0.3])
    second = run.cpu.iloc[1]
    assert (second["user_percent"], second["system_percent"]) == pytest.approx((80.0, 10.0))
    assert run.cpu["user_percent"].isna().tolist() == [True, False, True]
    assert any("no clock" in note and "0.3" in note for note in run.notes)
    table = cpu_table(run)
    assert list(table["cpu_percent"]) == [100.0, 90.0, 0.0] and list(table["vsize"]) == [4096] * 3
    assert table["pss"].isna().all() and table["wait_percent"].isna().all()


def test_a_closing_line_is_as_short_as_it_was(log) -> None:
    run = load(log(line(7, 30, 0, "100.00") + line(7, 35, 0, "100.00")))
    assert run.cpu.iloc[1]["end_s"] - run.cpu.iloc[1]["start_s"] == pytest.approx(0.05)


def test_an_assumed_window_holds_no_more_than_its_ticks(log) -> None:
    run = load(log(line(7, 0, 0, "60.00") + line(7, 6, 0, "85.00") + line(7, 6, 0, "50.00")))
    assert list(run.cpu["end_s"] - run.cpu["start_s"]) == pytest.approx([0.01 / 0.6, 0.06 / 0.85, 0.01 / 0.5])
    assert list(run.cpu["time"]) == ["assumed", "worked out", "assumed"]


def test_what_no_line_knows_is_nan(log) -> None:
    run = load(log(line(7, 30, 0, "100.00")))
    assert run.cpu["user_percent"].isna().tolist() == [True] and run.cpu["user_percent"].dtype == float


def test_lines_of_other_programs_are_read_with_a_note(log) -> None:
    foreign = line(7, 30, 0, "100.00").replace("(inference)", "inference").replace("SCHED_OTHER", "Unknown policy")
    run = load(log(foreign + line(7, 60, 0, "-1.00").replace("%\n", "\n")))
    assert list(run.cpu["comm"]) == ["(inference)"] * 2 and list(run.cpu["cpu_percent"]) == [100.0, -1.0]
    for how in ("a name without parentheses", "an unknown policy", "a percentage without %", "a negative percentage"):
        assert f"read all the same: {how}, in 1 line" in run.notes


def test_a_byte_order_mark_does_not_cost_a_line(log) -> None:
    assert len(load(log("\ufeff" + line(7, 30, 0, "100.00"))).cpu) == 1
    assert len(load(log("\ufeffSEQ LEN: 9, Speed: 3 tok/s\n")).turns) == 1


def test_utf_16_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.txt"
    path.write_text(line(7, 30, 0, "100.00"), encoding="utf-16-le")
    with pytest.raises(LogError, match="looks like UTF-16"):
        load(path)


def test_workers_side_by_side_and_one_after_the_other(log) -> None:
    beside = load(log(line(7, 30, 0, "100.00") + line(8, 9, 0, "50.00") + line(7, 60, 0, "100.00")))
    assert list(beside.cpu["start_s"]) == pytest.approx([0, 0, 0.3])
    after = load(log(line(7, 30, 0, "100.00") + line(7, 60, 0, "100.00") + line(8, 9, 0, "50.00")))
    assert list(after.cpu["start_s"]) == pytest.approx([0, 0.3, 0.6])


def test_foreign_lines_are_named(log) -> None:
    run = load(log("hello\n" + line(7, 30, 0, "100.00") + "\n[pid] 7 [tco"))
    assert len(run.cpu) == 1
    assert "skipped, as they are not course lines: 1, 4" in run.notes


def test_one_bar_per_process_where_turns_cannot_be_told_apart(log) -> None:
    run = load(log(line(7, 30, 0, "100.00") + line(7, 60, 0, "100.00")))
    (turn,) = timing_table(run).to_dict("records")
    assert (turn["pid"], turn["other_s"], turn["reason"]) == (7, 0.6, "turns not told apart")
    assert any("cannot be told apart" in note for note in run.notes)


def test_saved_stdout(log) -> None:
    run = load(log(">>> hello\n[INFO] SEQ LEN: 100, Speed: 50.0 tok/s\n>>> \x1b[32mSEQ LEN: 160 at 40 tok/s\x1b[0m\n"))
    assert run.kind == "saved stdout" and run.cpu.empty
    assert list(run.turns["positions"]) == [100, 60]
    assert list(run.turns["decode_s"]) == pytest.approx([2.0, 1.5])
    assert any("prefill" in note for note in run.notes)


def test_a_second_session_in_one_stdout(log) -> None:
    run = load(log("SEQ LEN: 100, Speed: 50 tok/s\nSEQ LEN: 30, Speed: 10 tok/s\nSEQ LEN: 30, Speed: 0 tok/s\n"))
    assert list(run.turns["positions"]) == [100, 30, 30]
    assert run.turns["decode_s"].isna().tolist() == [False, False, True]


def test_both_in_one_file(log) -> None:
    run = load(log(line(7, 30, 0, "99.00") + "answer\n[INFO] SEQ LEN: 9, Speed: 3 tok/s\n"))
    assert run.kind == "log with stdout"
    assert len(run.cpu) == 1 and len(run.turns) == 1


@pytest.mark.parametrize("text", ["", "hello\n", "\0\xff\n" * 50])
def test_nothing_usable(log, text: str) -> None:
    with pytest.raises(LogError, match=r"log\.txt: holds neither"):
        load(log(text))


def test_missing_and_strange_sources(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such file"):
        load(tmp_path / "no")
    with pytest.raises(LogError, match="neither a file"):
        load(Path("/dev/null"))
    with pytest.raises(LogError, match="no run was recorded"):
        load(None, base=tmp_path)
