"""Every tool works on what `llmproc record` writes of a program of any kind."""

from __future__ import annotations

import csv
import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

FAMILY = """
import os, time
def burn(seconds):
    end = time.thread_time() + seconds
    while time.thread_time() < end: pass
if os.fork() == 0:
    burn(0.4)
    os._exit(0)
burn(0.4)
os.wait()
"""


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """The run folder of a parent and a child that both compute."""
    record = (sys.executable, "-m", "llmproc", "record", "--interval", "0.1", "--run-dir", tmp_path / "runs", "--")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([*record, sys.executable, "-c", FAMILY], check=True, env=environment, capture_output=True)
    return tmp_path / "runs" / "latest"


def test_pictures_tables_and_averages(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))

    def call(tool: str, *arguments: object) -> str:
        assert runpy.run_path(str(ROOT / "tools" / tool))["main"]([str(argument) for argument in arguments]) == 0
        return capsys.readouterr().out

    sources = (("plot_cpu.py", recorded), ("plot_cpu.py", recorded / "proc.log"), ("plot_timing.py", recorded))
    for tool, source in sources:
        call(tool, source, "-o", tmp_path / "x.png")
        assert (tmp_path / "x.png").stat().st_size > 5000
        (tmp_path / "x.png").unlink()
    table = list(csv.DictReader(call("plot_cpu.py", "--csv", recorded).splitlines()))
    assert len({row["pid"] for row in table}) == 2 and all(row["comm"].startswith("(python") for row in table)
    used = [(float(row["end_s"]) - float(row["start_s"])) * float(row["cpu_percent"]) / 100 for row in table]
    assert sum(used) > 0.6, "of the 0.8 s that both compute, however long they wait for a core"
    averages = call("avg_cpu_use.py", recorded)
    assert averages.startswith("average cpu usage: ")
    assert averages.count("by the run folder's clock: the whole recording, ") == 2
