"""tools/measure_serving.py: its tables and exit code, with samples that were made up in place of servers."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.paths import ROOT

from llmproc.experiments.serving_overhead import overhead
from llmproc.experiments.serving_overhead.figures import ChatSample, ServedSample, bars_of, chat_row, streams_row
from llmproc.experiments.serving_overhead.options import ServingOptions
from llmproc.experiments.serving_overhead.stages import ALL


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("measure_serving", ROOT / "tools" / "measure_serving.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A document of made-up samples; main's seconds can be set."""
    made: dict[str, Any] = {"main_s": 0.1}

    def measure(options: ServingOptions, command: str, progress: Any) -> dict[str, Any]:
        rows = []
        for n in options.streams:
            plain = ServedSample(n, 0, 2.0, 1000, 0, 0.05, made["main_s"], 2.0, {})
            clocked = ServedSample(n, 0, 2.0, 1000, 0, 0.05, 0.2, 2.0, dict.fromkeys(ALL, 0.011))
            rows.append(streams_row(n, [plain], [clocked], [ChatSample(0, 1.0, 100, 0.005, 0.9)]))
        made["options"] = options
        return {
            "kind": "serving-overhead", "command": command, "machine": {"cpu": "Some CPU", "isa": "avx2"},
            "model": {"file": "/x/m.gguf", "bytes": 4}, "warnings": ["it was not idle"], "streams": rows,
            "options": {"prompt_tokens": 64, "new_tokens": 128, "threads": 2, "repeat": 1, "tokens": 2048},
            "chat": chat_row([ChatSample(0, 1.0, 100, 0.005, 0.9)]), "bars": bars_of(rows),
        }  # fmt: skip

    monkeypatch.setattr(overhead, "measure_serving", measure)
    return made


def test_tables_and_the_whole_result(
    tool: ModuleType, measured: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(["--streams", "1,16,1", "--json", str(tmp_path / "r.json")]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "BROKEN" not in out and out.startswith("Some CPU, avx2; m.gguf; 64 + 128 tokens")
    assert "| 16 streams  |      500 |              100 |        5.0% |                 2.00 |" in out
    assert "| socket           |      11.0 |       11.0 |" in out and "- it was not idle\n" in out
    assert measured["options"].streams == (1, 16)
    assert json.loads((tmp_path / "r.json").read_text())["command"].startswith("tools/measure_serving.py --streams")


def test_a_broken_bar_is_named_and_is_the_exit_code(
    tool: ModuleType, measured: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    measured["main_s"] = 0.161
    assert tool.main(["--streams", "4,16"]) == 1
    broken = [line for line in capsys.readouterr().out.splitlines() if "BROKEN" in line]
    assert [line.rpartition(": ")[0] for line in broken] == [
        "- BROKEN: share of the tree's CPU time, 16 streams",
        "- BROKEN: CPU time a token over the prompt loop's, 4 streams",
        "- BROKEN: CPU time a token over the prompt loop's, 16 streams",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--streams", "1,many"], "--streams is 1,many: must be numbers with commas between them"),
        (["--streams", "0"], "--streams is (0,): must be numbers from 1 to 1024"),
        (["--new-tokens", "1"], "--new-tokens is 1: must be from 2"),
        (["--json", "/"], "--json is /: must be a file in a folder that exists"),
        (["--model", "/no/file"], "--model is /no/file: no such file"),
        (["--frob"], "--frob"),
    ],
)
def test_mistakes_are_one_line(
    tool: ModuleType, measured: dict[str, Any], arguments: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(list(arguments)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("llmproc: ") and said in err and err.count("\n") == 1


def test_help_says_what_the_exit_code_is(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        tool.main(["--help"])
    assert caught.value.code == 0 and "exit code: 0 every bar is kept" in capsys.readouterr().out
