"""`python -m llmproc compare-modes` from end to end, with an arm on a fake clock in place of workers."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from experiments import compare_arms

from llmproc.apps import exits
from llmproc.apps.compare_modes import app as compare_modes
from llmproc.apps.compare_modes.app import CHART_FILE, JSON_FILE, TABLE_FILE
from llmproc.experiments.compare_modes import comparison
from llmproc.experiments.conditions import Conditions
from llmproc.experiments.own_children import without_children

QUICK = ("--workload", "alternating", "--workers", "2", "--repeat", "2")
PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="session", autouse=True)
def fonts_are_open(tmp_path_factory: pytest.TempPathFactory) -> None:
    """matplotlib keeps its font files open for good, which is no leak of ours."""
    from llmproc.report.figure import panels, save

    save(panels([1.0], "title", ["note"], sharex=False)[0], tmp_path_factory.mktemp("fonts") / "x.png")


@pytest.fixture(autouse=True)
def fake_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMPROC_RUN_DIR", str(tmp_path / "runs"))
    monkeypatch.setattr(comparison, "ARM", "experiments.compare_arms:open_arm")
    monkeypatch.chdir(tmp_path)
    compare_arms.opened.clear()
    compare_arms.closed.clear()
    compare_arms.asked.clear()


def test_a_table_on_stdout_and_everything_in_the_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_modes.main(QUICK) == 0
    out, err = capsys.readouterr()
    assert "| ws   | 2 " in out and "| ws times as fast as sp |" in out and "95%" in out
    folder = Path(err.removeprefix("run folder: ").strip())
    assert folder.parent == tmp_path / "runs"
    found = json.loads((folder / JSON_FILE).read_text())
    assert found["command"] == "python -m llmproc compare-modes --workload alternating --workers 2 --repeat 2"
    assert (found["kind"], found["simulated"], found["seed"]) == ("compare-modes", False, 42)
    assert found["options"]["sampling"]["temperature"] == 0.6 and found["options"]["engine"]["threads"] == 1
    assert found["machine"]["cpu"] and found["machine"]["cpus_usable"] >= 1 and found["machine"]["versions"]["python"]
    assert found["conditions"]["others"] >= 0 and len(found["runs"]) == 6
    assert (folder / TABLE_FILE).read_text() == out and (folder / CHART_FILE).read_bytes().startswith(PNG)
    described = json.loads((folder / "run.json").read_text())
    assert (described["verb"], described["result"], described["simulated"]) == ("compare-modes", JSON_FILE, False)
    assert len(compare_arms.opened) == len(compare_arms.closed) == 1


def test_out_and_chart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_modes.main([*QUICK, "--out", "kept", "--chart", "x.png"]) == 0
    out, err = capsys.readouterr()
    assert out and err == "" and not (tmp_path / "runs").exists()
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {JSON_FILE, TABLE_FILE, CHART_FILE}
    assert (tmp_path / "x.png").read_bytes() == (tmp_path / "kept" / CHART_FILE).read_bytes()
    assert compare_modes.main([*QUICK, "--out", "kept"]) == 0, "a folder that exists is written into again"


def test_json_on_stdout_is_all_there_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_modes.main([*QUICK, "--json", "--run-dir", "none"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["kind"] == "compare-modes" and err == "" and list(tmp_path.iterdir()) == []


def test_waits_are_simulated_and_say_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_modes.main([*QUICK, "--work", "wait", "--unit", "0.25", "--out", "kept"]) == 0
    out, _ = capsys.readouterr()
    assert out.startswith("SIMULATED") and "| ws (simulated)  | 2 " in out and "waits of 0.25 s" in out
    found = json.loads((tmp_path / "kept" / JSON_FILE).read_text())
    assert found["simulated"] and all(row["simulated"] for row in [*found["results"], *found["runs"]])
    assert found["costs"]["sum_s"] == pytest.approx(465 * 0.25)
    assert found["options"]["unit_s"] == 0.25 and "model" not in found["options"], "no model took part"
    assert compare_arms.opened[0].work == "wait"


def test_a_users_prompts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("What is a process?\nWhat is a pipe?\nWhat is a thread?\n")
    assert compare_modes.main(["mine.txt", "--workers", "2", "--repeat", "1", "--modes", "ws", "--json"]) == 0
    found: Any = json.loads(capsys.readouterr().out)
    assert found["workload"]["name"] == "mine.txt" and len(found["workload"]["prompts"]) == 3
    assert compare_arms.asked[-1][0].text == "What is a process?"
    assert [(row["mode"], row["workers"]) for row in found["results"]] == [("seq", 1), ("ws", 2)]


def test_costs_of_a_users_prompts_are_waited_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.jsonl").write_text('{"prompt": "a", "cost": 3}\n{"prompt": "b", "cost": 1}\n')
    arguments = ["mine.jsonl", "--work", "wait", "--unit", "1", "--workers", "2", "--repeat", "1", "--json"]
    assert compare_modes.main(arguments) == 0
    assert json.loads(capsys.readouterr().out)["costs"] == {"seconds": [3, 1], "sum_s": 4}


def test_a_failed_request_is_exit_code_1_and_no_more(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(comparison, "ARM", "experiments.compare_arms:open_failing")
    assert compare_modes.main(QUICK) == 1
    out, _ = capsys.readouterr()
    assert "WARNING: ws with 2 workers: 2 requests failed, those runs count nowhere" in out and "| sp   | 2 " in out


def test_ctrl_c_closes_the_arm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(comparison, "ARM", "experiments.compare_arms:open_interrupted")
    assert compare_modes.main(QUICK) == 130
    assert capsys.readouterr() == ("", "") and list(tmp_path.iterdir()) == []
    assert len(compare_arms.opened) == len(compare_arms.closed) == 1


def test_an_arm_that_cannot_be_opened_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(comparison, "ARM", "experiments.compare_arms:open_nothing")
    assert compare_modes.main(QUICK) == 3
    assert capsys.readouterr().err == "llmproc: no worker could be started\n"


def test_a_result_is_shown_again_without_any_arm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare_modes.main([*QUICK, "--out", "kept"]) == 0
    first = capsys.readouterr().out
    monkeypatch.setattr(comparison, "ARM", "no.such.module:open_arm")
    file = str(tmp_path / "kept" / JSON_FILE)
    assert compare_modes.main(["--from", file, "--chart", "again.png", "--out", "copy"]) == 0
    assert capsys.readouterr() == (first, "")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "kept" / CHART_FILE).read_bytes()
    assert (tmp_path / "copy" / JSON_FILE).read_bytes() == Path(file).read_bytes()
    assert compare_modes.main(["--from", file, "--json"]) == 0
    assert capsys.readouterr().out == Path(file).read_text()
    assert compare_modes.main(["--from", file, "--out", "/proc/x"]) == 2
    assert re.fullmatch(r"llmproc: --out is /proc/x: cannot be made: .*\n", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (None, "no such file"),
        ("no JSON", "must be JSON, as compare-modes writes it"),
        ("[]", "kind is missing: must be compare-modes"),
        ('{"kind": "bench"}', "kind is bench: must be compare-modes"),
        ('{"kind": "compare-modes", "schema": 2}', "schema is 2: must be 1"),
        ('{"kind": "compare-modes", "schema": 1}', "results is missing"),
        ("mode", "breaks its schema: KeyError: 'mode'"),
        ("failed", "breaks its schema: KeyError: 'failed'"),
        ("[" * 100_000, "must be JSON"),
    ],
    ids=range(9),
)
def test_files_that_hold_no_result(
    tmp_path: Path, content: str | None, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "x.json"
    if content in ("mode", "failed"):
        assert compare_modes.main([*QUICK, "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        del found["results"][0][content]
        content = json.dumps(found)
    if content is not None:
        file.write_text(content)
    assert compare_modes.main(["--from", "x.json"]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.startswith(f"llmproc: x.json: {line}") and err.count("\n") == 1


def test_a_closed_stdout_is_141(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, text: str) -> int:
            raise BrokenPipeError

    forgotten: list[bool] = []
    monkeypatch.setattr(exits, "forget_stdout", lambda: forgotten.append(True))
    monkeypatch.setattr(sys, "stdout", Closed())
    assert compare_modes.main([*QUICK, "--run-dir", "none"]) == 141 and forgotten == [True]


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "kept" / JSON_FILE).mkdir(parents=True)
    assert compare_modes.main([*QUICK, "--out", "kept"]) == 1
    assert capsys.readouterr().err == "llmproc: kept: cannot be written: Is a directory\n"


def test_our_own_workers_are_no_other_programs() -> None:
    held = Conditions(0.1, seconds=10.0, others=1.9, stolen=0.0, throttled_s=0.0, busiest=[])
    assert without_children(held, 18.0).others == pytest.approx(0.1)
    assert without_children(held, 25.0).others == 0


def test_a_context_that_is_cut_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert compare_modes.main([*QUICK, "--context", "1000000", "--out", str(tmp_path / "out")]) == 0
    assert re.search(
        r"^\[INFO\] --context is 1000000: .* has \d+ positions, so \d+ are used$", capsys.readouterr().err, re.M
    )
    assert compare_modes.main([*QUICK, "--context", "64", "--out", str(tmp_path / "out")]) == 0
    assert "--context" not in capsys.readouterr().err
