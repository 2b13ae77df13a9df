"""The command line of the plotting tools, called in this process with tables and pictures of the test's own."""

from __future__ import annotations

import builtins
import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from llmproc.errors import LogError
from llmproc.report import source
from llmproc.report.command import run_tool
from llmproc.report.figure import panels
from llmproc.report.rundata import RunData

RUN = RunData(Path("x"), "course log", notes=("no clock", "no tokens"))


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Call it with arguments; `asked` collects what was loaded."""
    monkeypatch.chdir(tmp_path)
    asked: list[Path | None] = []
    monkeypatch.setattr(source, "load", lambda path: asked.append(path) or RUN)

    def call(*arguments: str, **changes: Any) -> int:
        def plot(run: RunData) -> Figure:
            assert run is RUN
            return panels([1.0], "title", [], sharex=True)[0]

        tables = {"csv": lambda run: pd.DataFrame({"a": [1]}), "csv-steps": lambda run: pd.DataFrame({"b": [2.5]})}
        options = {"name": "plot_x.py", "description": "Draw. 100 % is one core.", "default_picture": "x.png"}
        return run_tool(arguments, **{**options, "tables": tables, "plot": plot, **changes})

    call.asked = asked  # type: ignore[attr-defined]
    return call


def test_without_arguments_the_newest_run_is_drawn(tool, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool() == 0 and tool.asked == [None]
    assert os.listdir(tmp_path) == ["x.png"]
    assert capsys.readouterr() == ("x.png\n", "[INFO] no clock\n[INFO] no tokens\n")


@pytest.mark.parametrize(
    ("arguments", "out", "pictures"),
    [
        (["a", "-o", "y.png"], "y.png\n", ["y.png"]),
        (["--csv", "a"], "a\n1\n", []),
        (["a", "--csv-steps"], "b\n2.5\n", []),
        (["--csv", "a", "--output", "y.png"], "a\n1\n", ["y.png"]),
        (["--csv", "--csv-steps", "a"], "b\n2.5\n", []),
    ],
)
def test_what_is_printed_and_what_is_drawn(
    tool, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], out: str, pictures: list[str]
) -> None:
    assert tool(*arguments) == 0 and tool.asked == [Path("a")]
    assert os.listdir(tmp_path) == pictures
    printed = capsys.readouterr()
    assert printed.out == out and ("y.png" in printed.err) == (pictures != [] and out != "y.png\n")


def test_an_error_is_one_line_with_its_exit_code(
    tool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path | None) -> RunData:
        raise LogError(f"{path}: no such file or folder")

    monkeypatch.setattr(source, "load", refuse)
    assert tool("a") == LogError("").exit_code == 1
    assert capsys.readouterr() == ("", "a: no such file or folder\n")


def test_a_missing_package_is_named_with_the_way_to_get_it(
    tool, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("llmproc.report.figure"):
            raise ImportError(name="matplotlib")
        return real(name, *rest, **more)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", without)
    assert tool("a") == 2
    out, err = capsys.readouterr()
    assert out == "" and "matplotlib" in err.splitlines()[-1] and "pip install" in err.splitlines()[-1]


def test_help_shows_the_text_as_it_is(tool, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        tool("--help")
    text = capsys.readouterr().out
    for part in (
        "100 % is one core.",
        "tools/plot_x.py log.txt -o x.png",
        "--csv-steps",
        "logs/latest",
        "exit code: 0",
    ):
        assert part in text
    assert "%%" not in text


@pytest.mark.parametrize("arguments", [["--no"], ["a", "b"], ["-o"], ["--csv=x"]])
def test_wrong_usage_is_exit_2(tool, arguments: list[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        tool(*arguments)
    assert tool.asked == []
