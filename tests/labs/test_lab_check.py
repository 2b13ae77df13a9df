"""`lab check`: full points for the solution, and exactly the intended ones lost for each broken program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from labs.checking import check, lab, load, lost, solved
from labs.faults import BROKEN, VARIANTS, apply

RUNS = 10
TOGETHER = ("text", "scheduling", "killed-child")  # three faults that do not meet, in one program


def test_every_check_has_a_broken_program() -> None:
    from llmproc.labs.processes.lab import CHECKS

    assert [name for name, *_ in CHECKS] == list(BROKEN)


def test_the_solution_gets_full_points(tmp_path: Path, lab_model: Path) -> None:
    report = check(solved(tmp_path / "lab", lab_model))
    assert lost(report) == {} and report["points"] == report["of"] == 20


def test_faults_take_their_own_points(tmp_path: Path, lab_model: Path) -> None:
    folder = solved(tmp_path / "lab", lab_model)
    for name in TOGETHER:
        apply(folder, BROKEN[name])
    report = check(folder)
    assert list(lost(report)) == list(TOGETHER), lost(report)
    assert report["points"] == 14


def test_the_untouched_template_fails_cleanly(tmp_path: Path) -> None:
    assert lab("start", "processes", tmp_path / "lab").returncode == 0
    done = lab("check", "processes", tmp_path / "lab")
    assert done.returncode == 1 and done.stderr == ""
    assert "Traceback" not in done.stdout
    assert "main.py: gap 1 is still open" in done.stdout and done.stdout.endswith("points: 0 of 20\n")


@pytest.mark.soak
@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_program_under_load(tmp_path: Path, lab_model: Path, name: str) -> None:
    folder = solved(tmp_path / "lab", lab_model)
    apply(folder, BROKEN[name])
    with load(3):
        for _ in range(RUNS):
            report = check(folder)
            assert list(lost(report)) == [name], lost(report)


@pytest.mark.soak
@pytest.mark.parametrize("name", VARIANTS)
def test_each_further_fault(tmp_path: Path, lab_model: Path, name: str) -> None:
    folder = solved(tmp_path / "lab", lab_model)
    fails, changes = VARIANTS[name]
    apply(folder, changes)
    report = check(folder)
    assert list(lost(report)) == [fails], lost(report)


@pytest.mark.soak
@pytest.mark.parametrize("shipped", [True, False], ids=["shipped model", "random model"])
def test_the_solution_under_load(tmp_path: Path, lab_model: Path, shipped: bool) -> None:
    folder = solved(tmp_path / "lab", None if shipped else lab_model)
    with load(4):
        for _ in range(RUNS):
            report = check(folder)
            assert lost(report) == {}, lost(report)


@pytest.mark.soak
@pytest.mark.parametrize("work_ms", [4, 100, 290, 1000])
def test_a_c_program_that_is_built_differently(
    tmp_path: Path, lab_model: Path, work_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler")
    folder = solved(tmp_path / "lab", lab_model)
    source = Path(__file__).with_name("other.c")
    subprocess.run([compiler, "-O1", "-o", folder / "other", source], check=True)
    monkeypatch.setenv("WORK_MS", str(work_ms))
    with load(2):
        report = check(folder, "--main", "./other")
    assert list(lost(report)) == ["text"], lost(report)


@pytest.mark.soak
def test_llmproc_itself(tmp_path: Path) -> None:
    with load(2):
        report = check(solved(tmp_path / "lab", None), "--main", "python3 -m llmproc.main --course --run-dir none")
    assert lost(report) == {}
