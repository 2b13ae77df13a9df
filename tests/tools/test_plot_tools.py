"""tools/plot_cpu.py and tools/plot_timing.py as a user calls them.

Starting Python with pandas and matplotlib takes a second, so what does not depend on the process runs in this one.
"""

from __future__ import annotations

import io
import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

TOOLS = Path(__file__).resolve().parents[2] / "tools"
EXAMPLE = TOOLS.parent / "tests" / "report" / "example"
BOTH = pytest.mark.parametrize("tool", ["plot_cpu.py", "plot_timing.py"])


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """(exit code, stdout, stderr) of a tool's main(), called here."""

    def inside(tool: str, *arguments: object, cwd: Path | None = None) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "path", list(sys.path))
        if cwd is not None:
            monkeypatch.chdir(cwd)
        code = runpy.run_path(str(TOOLS / tool))["main"]([str(argument) for argument in arguments])
        return (code, *capsys.readouterr())

    return inside


def run(tool: str | Path, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(TOOLS / tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@BOTH
@pytest.mark.parametrize("source", ["", "proc.log", "stdout.txt"])
def test_a_picture_from_anywhere(tmp_path: Path, tool: str, source: str, call) -> None:
    code, out, err = call(tool, EXAMPLE / source, "-o", "x.png", cwd=tmp_path)
    assert (code, out) == (0, "x.png\n")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert ("[INFO]" in err) == bool(source)  # a log alone: it says what is missing


@BOTH
def test_a_picture_has_a_default_name(tmp_path: Path, tool: str, call) -> None:
    assert call(tool, EXAMPLE / "proc.log", cwd=tmp_path)[0] == 0
    assert os.listdir(tmp_path) == [tool.removeprefix("plot_").replace(".py", ".png")]


@BOTH
def test_nothing_named_is_the_newest_run(tmp_path: Path, tool: str) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "logs").mkdir(parents=True)
    (checkout / "setup.cfg").write_text("")
    for name in ("tools", "llmproc"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(TOOLS.parent / name, checkout / name, ignore=ignored)
    missing = run(checkout / "tools" / tool, cwd=tmp_path)
    assert missing.returncode == 1 and "no run was recorded yet" in missing.stderr
    shutil.copytree(EXAMPLE, checkout / "logs" / "20260101-120000-1")
    (checkout / "logs" / "latest").symlink_to("20260101-120000-1")
    done = run(checkout / "tools" / tool, "-o", "x.png", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "x.png\n")


def test_csv_of_the_cpu_picture(call) -> None:
    code, out, _ = call("plot_cpu.py", "--csv", EXAMPLE)
    table = pd.read_csv(io.StringIO(out))
    assert code == 0 and set(table["pid"]) == {4713, 4716}
    assert table["cpu_percent"].between(0, 110).all()
    parts = table["user_percent"] + table["system_percent"]
    assert (parts - table["cpu_percent"]).abs().max() < 0.02


def test_csv_of_the_timing_picture(tmp_path: Path, call) -> None:
    table = pd.read_csv(io.StringIO(call("plot_timing.py", "--csv", EXAMPLE, "-o", tmp_path / "t.png")[1]))
    assert list(table["turn"]) == [0, 1, 2, 3] and (tmp_path / "t.png").exists()
    steps = pd.read_csv(io.StringIO(call("plot_timing.py", "--csv-steps", EXAMPLE)[1]))
    assert list(steps.columns) == ["turn", "request", "t_s", "position", "tokens_per_s"] and len(steps) > 5


@BOTH
def test_csv_writes_no_picture_unasked(tmp_path: Path, tool: str, call) -> None:
    assert call(tool, "--csv", EXAMPLE, cwd=tmp_path)[0] == 0
    assert os.listdir(tmp_path) == []


@BOTH
def test_errors_are_one_line(tmp_path: Path, tool: str, call) -> None:
    (tmp_path / "empty").write_text("")
    for arguments in ([tmp_path / "no"], [tmp_path / "empty"], [tmp_path], [EXAMPLE, "-o", tmp_path / "no" / "x.png"]):
        code, out, err = call(tool, *arguments)
        assert (code, out, len(err.splitlines())) == (1, "", 1)
    with pytest.raises(SystemExit, match="2"):
        call(tool, "--no-such-option")


@BOTH
def test_help_is_quick_and_has_examples(tool: str) -> None:
    code = (
        "import runpy, sys\nsys.argv = ['x', '--help']\n"
        f"try: runpy.run_path({str(TOOLS / tool)!r}, run_name='__main__')\n"
        "except SystemExit: print('imported', [m for m in ('pandas', 'matplotlib', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert f"tools/{tool} log.txt -o" in done.stdout and "imported []" in done.stdout


@BOTH
def test_a_missing_package_is_one_line(tool: str) -> None:
    done = subprocess.run([sys.executable, "-S", str(TOOLS / tool), str(EXAMPLE)], capture_output=True, text=True)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and "pip install" in done.stderr


def test_a_reader_that_leaves() -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        command = [sys.executable, str(TOOLS / "plot_cpu.py"), "--csv", str(EXAMPLE)]
        done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (141, "")


@BOTH
def test_executable_with_a_shebang(tool: str) -> None:
    assert (TOOLS / tool).read_text().startswith("#!/usr/bin/env python3\n") and os.access(TOOLS / tool, os.X_OK)


@BOTH
def test_names_that_are_not_utf8(tmp_path: Path, tool: str) -> None:
    log, picture = os.fsdecode(b"caf\xe9.log"), os.fsdecode(b"c\xe9.png")
    shutil.copy(EXAMPLE / "proc.log", tmp_path / log)
    done = run(tool, log, "-o", picture, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "c\\xe9.png\n")
    assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")


@BOTH
def test_a_table_that_cannot_be_written_is_one_line(tool: str) -> None:
    command = [sys.executable, str(TOOLS / tool), "--csv", str(EXAMPLE)]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "stdout: cannot be written: No space left on device"
    assert "Traceback" not in done.stderr
