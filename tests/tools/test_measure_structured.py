"""tools/measure_structured.py: its figures and exit code, with steps that were made up, and one small real run."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
from support.paths import ROOT


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_structured", ROOT / "tools" / "measure_structured.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setitem(sys.modules, "measure_structured", module)
    spec.loader.exec_module(module)
    return module


def test_medians_and_their_ratio(tool: ModuleType) -> None:
    found = tool.ratio_of(16, 0.5, [0.01, 0.02, 0.9], [0.022, 0.026, 0.03])
    assert (found.free_ms, found.constrained_ms, found.ratio, found.steps) == (20, 26, 1.3, 3)


@pytest.mark.parametrize(("slower", "code"), [(1.2, 0), (1.4, 1)])
def test_exit_code_and_lines(
    tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], slower: float, code: int
) -> None:
    turns: list[bool] = []

    def steps(engine: object, grammar: str, options: object, temperature: float, seed: int) -> list[float]:
        turns.append(bool(grammar))
        return [0.01 * slower if grammar else 0.01] * 5

    monkeypatch.setattr(tool, "open_engine", lambda options: (None, lambda: None))
    monkeypatch.setattr(tool, "steps_of", steps)
    assert tool.main(["model.bin", "--rounds", "2"]) == code
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["ratio"] for line in lines] == [slower] * 2 and [line["temperature"] for line in lines] == [0, 1]
    assert turns == [False, True] * 4, "in turn"


def test_a_small_model(tool: ModuleType, quick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--sequences", "2", "--tokens", "12", "--rounds", "1", "--threads", "1", "--bar", "1000"]
    assert tool.main([str(quick), *arguments]) == 0
    assert all(json.loads(line)["steps"] >= 5 for line in capsys.readouterr().out.splitlines())
