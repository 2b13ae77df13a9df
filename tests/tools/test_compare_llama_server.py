"""tools/compare_llama_server.py: its tables and exit code, with samples that were made up in place of servers."""

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

from llmproc.experiments import conditions
from llmproc.experiments.against_llama_server import comparison
from llmproc.experiments.against_llama_server.figures import EngineSample, Sample, ServerSample
from llmproc.experiments.against_llama_server.peer_engine import NAME as PEER_ENGINE
from llmproc.experiments.against_llama_server.sides import OWN, PEER
from llmproc.experiments.http_load.cpu_times import CpuUse
from llmproc.experiments.http_load.streamed import StreamedAnswer

ANSWER = StreamedAnswer(200, True, "length", True, 5, 3, "usage", 0.1, [0.01, 0.02], 0.13, "abc", "")


@pytest.fixture
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_llama_server", ROOT / "tools" / "compare_llama_server.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    before = list(sys.path)
    spec.loader.exec_module(module)
    sys.path[:] = before
    return module


def samples(own_s: float) -> list[Sample]:
    """Ours takes `own_s` seconds for a load, llama-server 3; llama-cpp-python's server tells no parts."""
    found: list[Sample] = []
    for n in (0, 1):
        parts = {OWN: CpuUse(2.0, 0.1, 1.9), PEER: CpuUse(2.0, 0.5, 1.5), "llama-cpp-python": CpuUse(2.0)}
        for name, seconds in ((OWN, own_s + 0.1 * n), (PEER, 3.0), ("llama-cpp-python", 9.0)):
            found.append(ServerSample(name, n, n, seconds, [ANSWER] * 4, {}, 0.1, parts[name], 0.0))
        for name, seconds in ((comparison.OWN_ENGINE, 1.0), (PEER_ENGINE, 2.0)):
            found.append(EngineSample(name, n, n, seconds, 16))
    return found


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What is measured can be set; the commands are those of this file."""
    program = tmp_path / "llama-server"
    program.write_text("#!/bin/sh\necho 'version: 7 (abc)' >&2\n")
    program.chmod(0o755)
    made: dict[str, Any] = {"own_s": 1.0, "program": program}
    (tmp_path / "python").touch()
    (tmp_path / "m.gguf").write_bytes(b"1234")
    held = conditions.Conditions(0.0, 1.0, 0.0, 0.0, 0.0, [])
    monkeypatch.setattr(comparison, "_measured", lambda *given: (samples(made["own_s"]), held))
    return made


def arguments(servers: dict[str, Any], *more: str) -> list[str]:
    folder = servers["program"].parent
    return [str(servers["program"]), "--model", str(folder / "m.gguf"), "--python", str(folder / "python"), *more]


def test_tables_and_the_whole_result(
    tool: ModuleType, servers: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(arguments(servers, "--json", str(tmp_path / "r.json"))) == 0
    out, err = capsys.readouterr()
    assert err == "" and "BROKEN" not in out and out.count(" ok ") == 6
    assert "m.gguf, 4 bytes; 16 clients, 64 + 64 tokens, 2 threads, 5 runs of 64 requests; " in out
    assert "; llama-server version: 7 (abc)\n" in out
    assert "| llmproc " in out and "| llama-server " in out and "| llama-cpp-python " in out
    assert "llmproc, engine alone: 16.00 requests/s" in out and "| engines alone " in out
    found = json.loads((tmp_path / "r.json").read_text())
    assert found["kind"] == "against-llama-server" and found["machine"]["cpu"]
    assert found["command"].startswith("tools/compare_llama_server.py ")
    assert len(found["servers"]) == 3 and found["engine_ratio"]["mean"] == pytest.approx(2)
    row = next(line for line in out.splitlines() if line.startswith("| llama-cpp-python"))
    assert row.count(" - ") == 2, "its parts cannot be told"


def test_a_broken_bar_is_named_and_is_the_exit_code(
    tool: ModuleType, servers: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    servers["own_s"] = 1.6
    assert tool.main(arguments(servers)) == 1
    lines = [line for line in capsys.readouterr().out.splitlines() if "BROKEN" in line]
    assert len(lines) == 1 and lines[0].startswith("| requests/s over llama-server's  ") and "at least 2 " in lines[0]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--clients", "0"], "--clients is 0: must be from 1 to 1024"),
        (["--threads", "many"], "--threads"),
        (["--json", "/"], "--json is /: must be a file in a folder that exists"),
        (["--model", "/no/file"], "--model is /no/file: no such file"),
        (["--frob"], "--frob"),
    ],
)
def test_mistakes_are_one_line(
    tool: ModuleType, servers: dict[str, Any], more: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.main(arguments(servers, *more)) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("llmproc: ") and said in err and err.count("\n") == 1


def test_the_program_has_to_be_there(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    assert tool.main(["/no/llama-server"]) == 2
    assert "--llama-server is /no/llama-server: no such file" in capsys.readouterr().err
    assert tool.main([]) == 2 and "LLAMA_SERVER" in capsys.readouterr().err


def test_help_says_what_the_exit_code_is(tool: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        tool.main(["--help"])
    assert caught.value.code == 0 and "exit code: 0 every bar is kept" in capsys.readouterr().out
