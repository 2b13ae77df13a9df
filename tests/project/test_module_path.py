"""No entry point and no child imports a module of the current folder, whatever the user has called his files there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.files import interpreter
from llmproc.files.interpreter import child_command, child_environment, leave_current_folder, package_folder

BEFORE_OURS = {"runpy", "pkgutil", "importlib", "types", "warnings", "__main__"}  # `python -m` itself may import these
OURS = ("msgspec", "numpy", "numba", "llvmlite", "psutil", "pandas", "matplotlib", "llmproc_words")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file for every module of the standard library, and for every package that llmproc needs."""
    place = tmp_path_factory.mktemp("user")
    for name in (set(sys.stdlib_module_names) | set(OURS)) - BEFORE_OURS:
        (place / f"{name}.py").write_text(f"raise SystemExit('mine: {name}')\n")
    return place


def run(folder: Path, *command: str, text: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("LLMPROC_", "PYTHON"))},
        "PYTHONPATH": str(ROOT),
        "LLMPROC_RUN_DIR": str(folder / "runs"),
        "XDG_STATE_HOME": str(folder / "state"),
        **more,
    }
    return subprocess.run(
        [sys.executable, *command], cwd=folder, env=environment, input=text, capture_output=True, text=True, timeout=120
    )


CONSOLE = "import sys; sys.argv[0] = 'llmproc'; from llmproc.__main__ import run; run()"
BENCH = ("bench", "--shape", "tiny", "-p", "4", "-n", "2", "--batched", "none", "--repeat", "1", "--run-dir", "none")
COMPARE = (
    "compare-modes",
    "--work",
    "wait",
    "--unit",
    "0.0001",
    "--workers",
    "1",
    "--repeat",
    "1",
    "--run-dir",
    "none",
)


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (("-m", "llmproc.main", "--max-tokens", "2"), "Child exited with 0"),
        (("-m", "llmproc", "chat", "--max-tokens", "2"), "Child exited with 0"),
        (("-P", "-c", CONSOLE, "chat", "--max-tokens", "2"), "Child exited with 0"),
        (("-m", "llmproc", "batch", "-", "--max-tokens", "2"), '"index":0'),
        (("-m", "llmproc", "threads", "1", "42", "Hi", "--max-tokens", "2"), "Whole process"),
        (("-m", "llmproc", *BENCH), "pp4"),
        (("-m", "llmproc", *COMPARE), "seq"),
        (("-m", "llmproc", "doctor"), "llmproc can run"),
        (("-m", "llmproc", "record", "--run-dir", "none", "--", "true"), ""),
        (("-m", "llmproc", "top", "--once"), ""),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else None,
)
def test_entry_points_and_their_children(folder: Path, command: tuple[str, ...], wanted: str) -> None:
    done = run(folder, *command, text="Hi\n", XDG_CACHE_HOME=str(Path.home() / ".cache"))
    assert "mine" not in done.stdout + done.stderr
    assert done.returncode == 0 and wanted in done.stdout, done.stderr


def test_the_api_in_a_program_that_stands_elsewhere(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "from llmproc import LLM, SamplingParams\n"
        "with LLM() as llm:\n    print(len(llm.generate(['Hi'], SamplingParams(max_tokens=2))))\n"
    )
    done = run(folder, str(program))
    assert (done.stdout, done.returncode) == ("1\n", 0), done.stderr


@pytest.mark.parametrize("path", [":/one", "/one:", "/one::/two"])
def test_an_empty_entry_of_pythonpath_is_the_current_folder_too(
    path: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", path)
    here = os.getcwd()
    monkeypatch.setattr(sys, "path", ["/usr/bin", here, "/one"])  # as the interpreter starts a script of /usr/bin
    leave_current_folder()
    assert sys.path == ["/usr/bin", "/one"]
    monkeypatch.setattr(sys, "path", [here, here, "/one"])  # with -m
    leave_current_folder()
    assert sys.path == ["/one"]


def test_the_folder_that_holds_the_package_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(package_folder())
    monkeypatch.setattr(sys, "path", [package_folder(), "/elsewhere"])
    leave_current_folder()
    assert sys.path == [package_folder(), "/elsewhere"]


def test_only_the_first_entry_is_dropped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    here = os.getcwd()
    monkeypatch.setattr(sys, "path", [here, "/elsewhere", here])  # somebody may have put it there on purpose
    leave_current_folder()
    assert sys.path == ["/elsewhere", here]
    monkeypatch.setattr(sys, "path", ["/usr/bin", here])
    leave_current_folder()
    assert sys.path == ["/usr/bin", here]


def test_a_current_folder_that_has_been_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setattr(sys, "path", ["/elsewhere"])
    leave_current_folder()
    assert sys.path == ["/elsewhere"]
    monkeypatch.chdir(tmp_path)


def test_a_child_finds_this_package_and_no_current_folder(tmp_path: Path) -> None:
    found = child_environment({"PYTHONPATH": f":/one:{package_folder()}::two", "HOME": "/h"})
    assert found == {"PYTHONPATH": f"{package_folder()}:/one:two", "PYTHONSAFEPATH": "1", "HOME": "/h"}
    assert child_environment({})["PYTHONPATH"] == package_folder()
    assert child_command("llmproc.main", "42") == [sys.executable, "-P", "-m", "llmproc.main", "42"]


def test_an_installed_package_is_found_without_an_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreter, "package_folder", lambda: "/usr/lib/python3/site-packages")
    assert child_environment({"PYTHONPATH": "/one"}) == {"PYTHONPATH": "/one", "PYTHONSAFEPATH": "1"}
    assert child_environment({"PYTHONPATH": ":"}) == {"PYTHONSAFEPATH": "1"}


INTERRUPTING = """
import signal, sys
class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Interrupting())
sys.argv = ["llmproc", "--version"]
{start}
"""
_STARTS = {
    "script": "from llmproc.__main__ import run; run()",
    "main": "import runpy; runpy.run_module('llmproc.main', run_name='__main__', alter_sys=True)",
}


@pytest.mark.parametrize("module", ["llmproc.apps.exits", "llmproc.errors"])
@pytest.mark.parametrize("start", _STARTS)
def test_ctrl_c_in_the_first_imports_is_quiet(module: str, start: str) -> None:
    code = INTERRUPTING.format(module=module, start=_STARTS[start])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=child_environment())
    assert (done.returncode, done.stderr) == (130, b"")
