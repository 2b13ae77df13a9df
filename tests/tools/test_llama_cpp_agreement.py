"""The shipped model as GGUF gives the same tokens and ids in llama.cpp, where that is installed."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.paths import ROOT

TOOL = ROOT / "tools" / "llama_cpp_agreement.py"


@pytest.fixture(scope="module")
def tool() -> Any:
    found = importlib.util.spec_from_file_location("llama_cpp_agreement", TOOL)
    assert found is not None and found.loader is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    yield module
    del sys.modules[found.name]


def test_llama_cpp_chats_with_the_shipped_model() -> None:
    if importlib.util.find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is not installed")
    done = subprocess.run([sys.executable, TOOL, "--strings", "200"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "llama.cpp: 200 of 200 texts have the same tokens" in done.stdout


def test_nothing_to_compare_with_is_said(tool: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(tool.importlib.util, "find_spec", lambda name: None)
    assert tool.main([]) == tool.MISSING
    assert capsys.readouterr().err == "llama-cpp-python is not installed, and no --node FOLDER is given\n"


@pytest.mark.parametrize(
    ("likeliest", "found"),
    [
        ([(1, 0.9), (2, 0.9), (3, 0.9)], []),
        ([(1, 0.9), (7, 0.9), (3, 0.9)], [1]),
        ([(1, 0.9), (7, 0.04), (3, 0.9)], []),
        ([(9, 0.06), (2, 0.0), (8, 5.0)], [0, 2]),
    ],
)
def test_disagreements(tool: Any, likeliest: list[tuple[int, float]], found: list[int]) -> None:
    assert tool.disagreements(likeliest, [1, 2, 3]) == found
    with pytest.raises(ValueError, match="zip"):
        tool.disagreements(likeliest, [1, 2])


def test_a_difference_turns_the_report_red(tool: Any, capsys: Any) -> None:
    case = tool.Answered([1], [5, 6], "yes")
    good = {"tokens": [[1], [2]], "answers": ["yes "], "greedy": [[(5, 1.0), (6, 0.01)]]}
    assert tool.report("other", good, [[1], [2]], [case])
    assert "other: 1 of 1 positions have the same likeliest token (1 more are within 0.05)" in capsys.readouterr().out
    assert not tool.report("other", {**good, "tokens": [[1], [3]]}, [[1], [2]], [case])
    assert not tool.report("other", {**good, "greedy": [[(4, 1.0), (6, 0.01)]]}, [[1], [2]], [case])


def test_strings_are_many_kinds_and_the_same_each_time(tool: Any) -> None:
    strings = tool.random_strings(100)
    assert len(strings) == 100 and strings == tool.random_strings(100) and len(set(strings)) > 80
    text = "".join(strings)
    assert all(letter in text for letter in "é漢🙂\n▁<".replace("▁", "")) and "<unk>" in text


def test_node_that_fails_is_one_line(tool: Any, tmp_path: Path) -> None:
    with pytest.raises((SystemExit, FileNotFoundError), match=r"node"):
        tool.by_node(tmp_path, tmp_path / "no.gguf", [], [])
