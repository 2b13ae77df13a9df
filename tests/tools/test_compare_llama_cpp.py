"""tools/compare_llama_cpp.py: its table and exit code, with logits that were made up in place of both engines."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from support.paths import ROOT

from llmproc.experiments.against_llama_cpp import comparison
from llmproc.experiments.against_llama_cpp.comparison import CompareLogitsOptions, ModelLogits


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_llama_cpp", ROOT / "tools" / "compare_llama_cpp.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture(autouse=True)
def made_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors of ours: 1 % of the peer's, but for q4_0 as large again."""

    def logits_of(folder: Path, name: str, options: CompareLogitsOptions) -> list[ModelLogits]:
        random = np.random.default_rng(1)
        exact = random.standard_normal((5, 20))
        noise = random.standard_normal((5, 20)) * 0.01
        own = exact + noise * (2 if name == "q4_0" else 0.01)
        return [ModelLogits("00", own, exact + noise, exact)] * options.models

    monkeypatch.setattr(comparison, "logits_of", logits_of)
    monkeypatch.setattr(comparison, "peer_version", lambda: "1.2.3")


def test_a_table_and_the_whole_result(tool: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--types", "q8_0,q4_k", "--json", str(tmp_path / "r.json")]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "| Q8_0 " in out and "| Q4_K " in out and "BROKEN" not in out
    assert "llama-cpp-python 1.2.3; 5 models a type, 25 positions, KV f16" in out
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["kind"] == "against-llama-cpp" and not found["simulated"] and found["machine"]["cpu"]
    assert found["command"].startswith("tools/compare_llama_cpp.py --types q8_0,q4_k --json ")
    assert [row["type"] for row in found["results"]] == ["q8_0", "q4_k"]
    row = found["results"][0]
    assert row["ratios"]["root_mean_square"] == pytest.approx(0.01) and len(row["samples"]) == 5
    assert row["own"]["positions"] == 25 and row["peer"]["largest_over_mean"] > 1


def test_a_broken_bar_is_named_and_is_the_exit_code(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["--types", "q4_0,q8_0"]) == 1
    out = capsys.readouterr().out
    assert out.count("BROKEN") == 1 and "- Q4_0: root mean square is 2.00 times llama.cpp's: at most 1.1.\n" in out
    assert "- Q8_0: " not in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--types", "q9_9"], "--types is q9_9: must be types of f32, "),
        (["--threads", "0"], "--threads is 0: must be from 1 to 256"),
        (["--kv-type", "q8_0"], "--kv-type"),
        (["--json", "/"], "--json is /: must be a file in a folder that exists"),
        (["--frob"], "--frob"),
    ],
)
def test_mistakes_are_one_line(
    tool: ModuleType, arguments: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("llmproc: ") and said in err and err.count("\n") == 1


def test_help_needs_no_package(tool: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    with pytest.raises(SystemExit) as caught:
        tool.main(["--help"])
    assert caught.value.code == 0 and "exit code: 0 every bar is kept" in capsys.readouterr().out
