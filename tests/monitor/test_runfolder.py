"""The run folder: where it is, what is in it, and that it never harms its writer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from llmproc.errors import LogError
from llmproc.monitor import runfolder
from llmproc.monitor.machine import process_facts
from llmproc.monitor.runfolder import RunFolder, default_base, latest


@pytest.fixture
def folder(tmp_path: Path):
    made = RunFolder.create(tmp_path / "runs")
    yield made
    made.close()


def test_what_is_in_it(folder: RunFolder) -> None:
    assert sorted(os.listdir(folder.path)) == ["events.jsonl", "proc.csv", "proc.log", "run.json", "stderr.txt"]
    assert folder.path.name.endswith(f"-{os.getpid()}")
    assert os.readlink(folder.path.parent / "latest") == folder.path.name
    assert latest(folder.path.parent) == folder.path.resolve()


def test_run_json(folder: RunFolder) -> None:
    run = json.loads((folder.path / "run.json").read_text())
    assert {"schema", "simulated", "command", "pid", "started", "started_t", "wall_clock_offset_s"} <= run.keys()
    assert run["wall_clock_offset_s"] == pytest.approx(time.time() - time.monotonic(), abs=5)
    assert run["machine"]["cpus"] >= len(run["machine"]["cpus_allowed"]) > 0
    assert run["machine"]["memory_bytes"] > 0 and run["machine"]["ticks_per_second"] == os.sysconf("SC_CLK_TCK")
    assert run["versions"]["python"].startswith("3.") and "numpy" in run["versions"]


def test_describe_adds_and_replaces(folder: RunFolder) -> None:
    folder.describe({"seed": 42, "checkpoint": {"path": Path("m.bin")}})
    folder.describe({"seed": 43})
    run = json.loads((folder.path / "run.json").read_text())
    assert (run["seed"], run["checkpoint"], run["pid"]) == (43, {"path": "m.bin"}, os.getpid())
    assert not (folder.path / ".run.json.new").exists()


def test_events_are_json_lines(folder: RunFolder) -> None:
    folder.event("request_done", request="r1", reason="länge\n", path=Path("x"))
    folder.event("step", t=0.0, request="r1")
    first, second = map(json.loads, (folder.path / "events.jsonl").read_text().splitlines())
    assert (first["kind"], first["reason"], first["path"]) == ("request_done", "länge\n", "x")
    assert 0 < first["t"] <= time.monotonic()
    assert second == {"t": 0.0, "kind": "step", "request": "r1"}


def test_what_is_not_utf_8_leaves_events_valid(folder: RunFolder) -> None:
    folder.event("warning", text="caf\udce9 \u2028", path=Path("\udcff"))
    (line,) = (folder.path / "events.jsonl").read_bytes().split(b"\n")[:-1]
    event = json.loads(line.decode("utf-8"))
    assert (event["text"], event["path"]) == ("caf\\xe9 \u2028", "\\xff")


def test_what_the_process_inherited_stands_in_run_json(tmp_path: Path) -> None:
    code = (
        "import json, os, signal, sys; from pathlib import Path\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGUSR1, 40]); os.nice(5)\n"
        "open('/proc/self/oom_score_adj', 'w').write('1000')\n"
        "from llmproc.monitor.runfolder import RunFolder\n"
        "RunFolder.create(Path(sys.argv[1])).close()\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "runs")], check=True)
    found = json.loads((tmp_path / "runs" / "latest" / "run.json").read_text())["process"]
    assert found["nice"] == os.getpriority(os.PRIO_PROCESS, 0) + 5
    assert found["oom_score_adj"] == 1000
    assert {"SIGINT", "SIGUSR1", "signal 40"} <= set(found["blocked_signals"])


def test_without_proc_the_facts_are_none(tmp_path: Path) -> None:
    assert process_facts(root=str(tmp_path))["oom_score_adj"] is None


def test_after_close_nothing_reaches_another_file(folder: RunFolder, tmp_path: Path) -> None:
    folder.close()
    folder.close()
    with open(tmp_path / "other", "w"):  # takes one of the numbers that were closed
        folder.event("late")
        assert not folder.proc_log.write("late")
    assert (tmp_path / "other").read_text() == ""


def test_two_runs_in_one_second(folder: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runfolder.time, "strftime", lambda *a: folder.path.name.rsplit("-", 1)[0])
    second = RunFolder.create(folder.path.parent)
    second.close()
    assert second.path.name == f"{folder.path.name}-2"
    assert latest(folder.path.parent) == second.path.resolve()


def test_files_are_not_inherited(folder: RunFolder) -> None:
    assert not os.get_inheritable(folder.proc_log.fd) and not os.get_inheritable(folder.proc_csv.fd)


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LogError, match=r"file.*--run-dir"):
        RunFolder.create(tmp_path / "file" / "runs")


def test_no_run_yet(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no run"):
        latest(tmp_path)


def test_default_base_in_a_checkout(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "setup.cfg").write_text("")
    assert default_base(tmp_path / "llmproc", {"XDG_STATE_HOME": "/x"}) == tmp_path / "logs"
    assert default_base().name == "logs"  # this checkout


def test_a_checkout_that_belongs_to_another_user_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "setup.cfg").write_text("")
    monkeypatch.setattr(os, "access", lambda path, mode: not (path == tmp_path / "logs" and mode & os.W_OK))
    assert default_base(tmp_path / "llmproc", {"XDG_STATE_HOME": "/x/state"}) == Path("/x/state/llmproc")


@pytest.mark.parametrize("missing", ["logs", "setup.cfg"])
def test_default_base_elsewhere(tmp_path: Path, missing: str) -> None:
    (tmp_path / ("logs" if missing == "setup.cfg" else "setup.cfg")).mkdir()
    package = tmp_path / "llmproc"
    assert default_base(package, {"XDG_STATE_HOME": "/x/state"}) == Path("/x/state/llmproc")
    assert default_base(package, {}) == Path.home() / ".local/state/llmproc"
    assert default_base(package, {"XDG_STATE_HOME": "relative"}) == Path.home() / ".local/state/llmproc"
