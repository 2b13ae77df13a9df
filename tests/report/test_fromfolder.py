"""Reports from a run folder: windows from running totals, turns from events, and folders cut short."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from report.looking import texts

from llmproc.errors import LogError
from llmproc.monitor import table
from llmproc.monitor.proc import SchedStat, Stat
from llmproc.report.cpu import cpu_table
from llmproc.report.source import load
from llmproc.report.timing import plot_timing, step_table, timing_table


def row(
    t: float,
    user: int,
    system: int,
    run_ms: int,
    wait_ms: int = 0,
    *,
    generating: bool = True,
    threads: int = 1,
    start: int = 5,
) -> str:
    stat = Stat(7, "(in,f)", "R", 1, 0, 0, user, system, 0, threads, start, 4096, 2048, 1, 0)
    sched = SchedStat(run_ms * 1_000_000, wait_ms * 1_000_000, 1)
    return table.row(t, "process", 7, stat, generating=generating, sched=sched, pss=1000 if t == 100.0 else None)


@pytest.fixture
def folder(tmp_path: Path):
    def write(rows: list[str] | None, events: list[dict] | None, run: dict | None = None) -> Path:
        if rows is not None:
            (tmp_path / "proc.csv").write_text("\n".join([table.header(), *rows]) + "\n")
        if events is not None:
            (tmp_path / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
        if run is not None:
            (tmp_path / "run.json").write_text(json.dumps(run))
        return tmp_path

    return write


def test_windows_are_differences(folder) -> None:
    rows = [
        row(100.0, 0, 0, 0, generating=False),
        row(100.5, 30, 10, 405, 50),
        row(101.0, 30, 10, 405, 60, generating=False),
    ]
    run = load(folder(rows, None, {"started_t": 99.0, "machine": {"cpus_allowed": [0, 1]}}))
    first, second = run.cpu.to_dict("records")
    assert (first["start_s"], first["end_s"], first["time"]) == (1.0, 1.5, "measured")
    assert first["cpu_percent"] == pytest.approx(81.0)  # nanoseconds, not ticks
    assert (first["user_percent"], first["system_percent"]) == pytest.approx((60.75, 20.25))  # split as the ticks
    assert first["wait_percent"] == pytest.approx(10.0)
    assert (first["generating"], second["generating"]) == (True, False)
    assert second["cpu_percent"] == 0
    assert run.cpus == 2
    assert any("no turns" in note for note in run.notes)


def test_a_thread_that_ended_does_not_make_a_window_negative(folder) -> None:
    rows = [row(100.0, 0, 0, 900, threads=2), row(100.5, 30, 0, 200, threads=1)]
    run = load(folder(rows, None))
    assert list(run.cpu["cpu_percent"]) == pytest.approx([60.0])


def test_no_window_has_more_than_its_threads_can_use(folder) -> None:
    """The kernel brings nanoseconds up to date at its ticks: a window of a millisecond may get those of four."""
    rows = [row(100.0, 10, 0, 100), row(100.001, 10, 0, 105), row(100.002, 10, 0, 109, threads=3)]
    run = load(folder(rows, None))
    assert list(run.cpu["cpu_percent"]) == pytest.approx([100.0, 300.0])
    assert list(run.cpu["user_percent"] + run.cpu["system_percent"]) == pytest.approx([100.0, 300.0])


def test_a_pid_used_again_is_another_process(folder) -> None:
    rows = [
        row(100.0, 500, 0, 5000),
        row(100.5, 530, 0, 5300),
        row(101.0, 0, 0, 0, start=6),
        row(101.5, 10, 0, 100, start=6),
    ]
    run = load(folder(rows, None))
    assert list(run.cpu["cpu_percent"]) == pytest.approx([60.0, 20.0])


def test_memory_stands_in_the_table(folder) -> None:
    rows = [row(99.5, 0, 0, 0), row(100.0, 10, 0, 100)]
    (only,) = cpu_table(load(folder(rows, None))).to_dict("records")
    assert (only["rss"], only["vsize"], only["pss"]) == (2048, 4096, 1000)


EVENTS = [
    {"t": 100.0, "kind": "template_started", "pid": 3},
    {"t": 102.0, "kind": "template_ready", "load_s": 0.5, "compile_s": 1.25},
    {"t": 110.0, "kind": "request_arrived", "request": "a", "session": "s", "prompt_tokens": 9},
    {"t": 110.1, "kind": "request_dispatched", "request": "a", "worker": 0, "pid": 7},
    {"t": 110.6, "kind": "first_token", "request": "a"},
    {"t": 111.0, "kind": "step", "request": "a", "position": 29, "tokens": 20},
    {"t": 112.0, "kind": "step", "request": "a", "position": 69, "tokens": 60},
    {"t": 112.5, "kind": "worker_died", "worker": 0, "pid": 7, "status": -9},
    {
        "t": 113.0,
        "kind": "request_done",
        "request": "a",
        "reason": "end",
        "prompt_tokens": 9,
        "cached_tokens": 0,
        "new_tokens": 80,
        "positions": 89,
        "seq_len": 89,
        "prefill_s": 0.4,
        "decode_s": 2.0,
    },
]


@pytest.mark.parametrize(
    ("ready_t", "start_wait", "wait"),
    [(109.0, 0.0, 0.1), (110.07, 0.07, 0.03), (110.5, 0.1, 0.0)],
    ids=["ready before", "ready in between", "ready after the dispatch"],
)
def test_the_wait_for_the_start_is_not_one_for_dispatch(folder, ready_t: float, start_wait: float, wait: float) -> None:
    ready = {"t": ready_t, "kind": "worker_ready", "worker": 0, "pid": 7}
    other = {"t": 110.09, "kind": "worker_ready", "worker": 1, "pid": 8}
    (_, turn) = timing_table(load(folder(None, [*EVENTS, ready, other]))).to_dict("records")
    assert (turn["start_wait_s"], turn["wait_s"]) == pytest.approx((start_wait, wait))
    assert turn["other_s"] == pytest.approx(0.5)


def test_kernels_from_the_cache_are_loaded_not_compiled(folder) -> None:
    events = [EVENTS[0], EVENTS[1] | {"compiled": 0}, *EVENTS[2:]]
    run = load(folder(None, events))
    (start, _) = timing_table(run).to_dict("records")
    assert start["kernel_load_s"] == 1.25 and start["compile_s"] != start["compile_s"]
    labels = texts(plot_timing(run))
    assert "load kernels" in labels and "compile kernels" not in labels
    (start, _) = timing_table(load(folder(None, [EVENTS[0], EVENTS[1] | {"compiled": 3}, *EVENTS[2:]]))).to_dict(
        "records"
    )
    assert start["compile_s"] == 1.25


def test_turns_and_steps(folder) -> None:
    run = load(folder(None, EVENTS))
    start, turn = timing_table(run).to_dict("records")
    assert (start["turn"], start["load_s"], start["compile_s"], start["start_s"]) == (0, 0.5, 1.25, 0.0)
    assert (turn["turn"], turn["request"], turn["pid"], turn["reason"]) == (1, "a", 7, "end")
    assert turn["start_s"] == 10.0
    assert (turn["wait_s"], turn["prefill_s"], turn["decode_s"]) == pytest.approx((0.1, 0.4, 2.0))
    assert turn["other_s"] == pytest.approx(0.5)
    assert turn["tokens_per_s"] == pytest.approx(40.0)
    (step,) = step_table(run).to_dict("records")
    assert (step["position"], step["tokens_per_s"], step["turn"]) == (69, pytest.approx(40.0), 1)
    assert run.marks == ((12.5, "worker 7 died"),)


@pytest.mark.parametrize(("status", "text"), [(0, "stopped"), (-9, "died"), (-15, "died"), (3, "died"), (None, "died")])
def test_a_worker_that_was_stopped_in_order_did_not_die(folder, status: int | None, text: str) -> None:
    ends = [{"t": 120.0, "kind": kind, "pid": 7, "status": status} for kind in ("worker_died", "template_died")]
    marks = load(folder(None, [*EVENTS, *ends])).marks
    assert [mark for _, mark in marks] == ["worker 7 died", f"worker 7 {text}", f"template {text}"]


@pytest.mark.parametrize(
    ("status", "text"), [(0, "stopped"), (-15, "stopped"), (-9, "died"), (-6, "died"), (3, "died")]
)
def test_a_stop_by_sigterm_is_in_order_and_by_force_is_not(folder, status: int, text: str) -> None:
    stop = [{"t": 120.0, "kind": "worker_stopping", "worker": 0, "pid": 8, "stage": "SIGTERM"}]
    other = {"t": 121.0, "kind": "worker_died", "worker": 1, "pid": 9, "status": -15}
    ends = [*stop, {"t": 121.0, "kind": "worker_died", "worker": 0, "pid": 8, "status": status}, other]
    assert [mark for _, mark in load(folder(None, [*EVENTS, *ends])).marks][1:] == [f"worker 8 {text}", "worker 9 died"]


def test_separators_of_lines_inside_a_name_do_not_tear_an_event(folder) -> None:
    path = folder(None, EVENTS)
    (path / "events.jsonl").write_text(
        "\ufeff" + "".join(json.dumps(event | {"x": "\u2028\x85"}, ensure_ascii=False) + "\n" for event in EVENTS)
    )
    assert len(timing_table(load(path))) == 2 and "torn" not in " ".join(load(path).notes)


@pytest.mark.parametrize("kept", range(1, len(EVENTS)))
def test_a_run_cut_short_after_any_event(folder, kept: int) -> None:
    run = load(folder(None, EVENTS[:kept]))
    turns = timing_table(run)
    assert (turns["request"] == "a").sum() == (1 if kept > 2 else 0)
    if kept > 2:
        assert turns.iloc[-1]["reason"] == "not finished"
        assert (turns[["wait_s", "other_s"]].fillna(0) >= 0).all(axis=None)


def test_torn_lines_are_passed_over_and_counted(folder) -> None:
    path = folder([row(100.0, 0, 0, 0), "100.2,process,", row(100.5, 30, 10, 400)], EVENTS)
    with open(path / "events.jsonl", "a") as file:
        file.write('{"t": 1\n[]\n{"t":114,"kind":"step","requ')
    with open(path / "proc.csv", "a") as file:
        file.write(row(101.0, 99, 99, 999)[:-9])
    run = load(path)
    assert len(run.cpu) == 1 and len(run.turns) == 2
    assert "3 torn lines passed over" in run.notes


@given(st.binary(max_size=80), st.binary(max_size=80), st.binary(max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rubbish_is_a_log_error_or_a_table(tmp_path: Path, rows: bytes, events: bytes, run: bytes) -> None:
    (tmp_path / "proc.csv").write_bytes(rows)
    (tmp_path / "events.jsonl").write_bytes(events)
    (tmp_path / "run.json").write_bytes(run)
    try:
        found = load(tmp_path)
    except LogError:
        return
    assert found.kind == "run folder"


def test_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="not a run folder"):
        load(tmp_path)


def test_simulated_is_passed_on_also_to_a_log_inside(folder) -> None:
    path = folder(None, EVENTS, {"simulated": True})
    assert "SIMULATED" in load(path).title
    (path / "out.txt").write_text("SEQ LEN: 9, Speed: 3 tok/s\n")
    assert load(path / "out.txt").simulated
