"""`python -m llmproc perplexity` from end to end on a small model: table, JSON, run folder, Ctrl-C, mistakes."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from text.invalid_tokenizers import SIDECAR, valid

from llmproc.apps.perplexity import app, table
from llmproc.apps.perplexity.options import parse_options, parse_types
from llmproc.checkpoints.synth import write_synthetic
from llmproc.config import Environment
from llmproc.errors import UsageError
from llmproc.experiments.perplexity import measurement

FEW = ("--weights", "f32,q4", "--context", "32", "--threads", "1")


@pytest.fixture(autouse=True)
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLMPROC_RUN_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    Path("tokenizer.bin").write_bytes(valid(512))
    Path("tokenizer.meta.json").write_text(SIDECAR)
    Path("text.txt").write_text("A pipe has two ends; what one process writes, another reads. " * 8)
    write_synthetic("model.bin", "tiny", 1, "version 1")


def test_a_table_on_stdout_and_everything_in_the_run_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["model.bin", "text.txt", *FEW]) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].split(" | ")[0] == "| weights" and "perplexity" in lines[0] and "same top" in lines[0]
    cells = [[cell.strip() for cell in line.split("|")[1:3]] for line in lines[2:6]]
    assert cells == [["f32", "f32"], ["f32", "f16"], ["q4", "f32"], ["q4", "f16"]]
    assert lines[2].count("reference") == 1 and lines[5].endswith(" % |") and " ± " in lines[5]
    assert "model.bin, text.txt: " in out and "tokens scored, in " in out and "Compared with f32 weights" in out
    folder = Path(err.removeprefix("run folder: ").strip())
    assert folder.parent == tmp_path / "runs"
    found = json.loads((folder / "perplexity.json").read_text())
    assert found["kind"] == "perplexity" and found["complete"] and len(found["settings"]) == 4
    assert found["command"] == f"python -m llmproc perplexity model.bin text.txt {' '.join(FEW)}"
    assert json.loads((folder / "run.json").read_text())["result"] == "perplexity.json"


def test_json_into_a_file_and_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    more = [*FEW, "--chunks", "2", "--kv-type", "f16", "--run-dir", "none"]
    assert app.main(["model.bin", "text.txt", *more, "--json", "r.json"]) == 0
    out, err = capsys.readouterr()
    written = json.loads(Path("r.json").read_text())
    assert "| weights" in out and err == "" and written["windows"]["read"] == 2
    assert app.main(["model.bin", "text.txt", *more, "--json", "-"]) == 0
    out, err = capsys.readouterr()
    printed = json.loads(out)
    assert err == "" and printed["settings"] == written["settings"], "the same numbers again"
    assert not Path("runs").exists()


def test_ctrl_c_prints_what_was_measured(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It comes in the middle of the third window; the windows before it are shown, and the exit code is a Ctrl-C's."""

    class Pressing:
        calls = 0

        def __call__(self, done: int, count: int, what: str) -> None:
            if what == "tokens scored":
                self.calls += 1
                if self.calls == 3:
                    os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(app, "ProgressBar", Pressing)
    before = signal.getsignal(signal.SIGINT)
    assert app.main(["model.bin", "text.txt", *FEW, "--run-dir", "none", "--json", "r.json"]) == 130
    out, err = capsys.readouterr()
    found = json.loads(Path("r.json").read_text())
    assert found["windows"]["read"] == 3 < found["windows"]["asked"] and not found["complete"]
    assert "| q4 " in out and f"WARNING: stopped after 3 of {found['windows']['asked']} windows" in out and err == ""
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_first_token_or_twice_ends_at_once(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def measure(options: Any, command: str, progress: Any, stopped: Any) -> Any:
        if options.chunks == 2:
            assert not stopped()
            os.kill(os.getpid(), signal.SIGINT)
            assert stopped()
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it went on")

    monkeypatch.setattr(measurement, "measure", measure)
    for chunks in ("1", "2"):
        assert app.main(["model.bin", "text.txt", "--chunks", chunks]) == 130
    assert capsys.readouterr() == ("", "") and not Path("runs").exists()


def test_ctrl_c_that_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with app.one_interrupt() as stopped:
            assert not stopped() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["model.bin"], 2, "TEXT"),
        (["model.bin", "text.txt", "--weights", "q8"], 2, "--weights is q8: must be types of int8, q4, f16, f32"),
        (["model.bin", "text.txt", "--kv-type", "int8"], 2, "--kv-type is int8: must be types of f16, f32"),
        (["model.bin", "text.txt", "--chunks", "0"], 2, "--chunks is 0: must be from 1 to 1048576"),
        (["model.bin", "text.txt", "--threads", "0"], 2, "--threads is 0: must be from 1 to 256"),
        (["model.bin", "text.txt", "--context", "x"], 2, "--context is x: must be a whole number"),
        (["model.bin", "text.txt", "--context", "3"], 2, "--context is 3: must be at least 4"),
        (["model.bin", "text.txt", "--json", "none/r.json"], 2, "--json is none/r.json: must be a file in a folder"),
        (["model.bin", "text.txt", "--json", "/"], 2, "--json is /: must name a file"),
        (["model.bin", "text.txt", "--against", "none.bin"], 4, "none.bin: no such file"),
        (["none.bin", "text.txt"], 4, "none.bin: no such file"),
        (["model.bin", "none.txt"], 1, "none.txt: no such file"),
    ],
)
def test_mistakes_are_one_line(
    arguments: Sequence[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert app.main(list(arguments)) == code
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("llmproc: ") and said in err and err.count("\n") == 1


def test_options_as_they_are_understood() -> None:
    found = parse_options("x", ["m.bin", "t.txt", "--against", "f16"], Environment())
    assert (found.model, found.text, found.against) == (Path("m.bin"), Path("t.txt"), "f16")
    assert found.weights == () and found.kv_types == ("f16", "f32") and found.context is found.chunks is None
    assert parse_types("--weights", "q4, int8,q4", ("int8", "q4")) == ("q4", "int8")
    with pytest.raises(UsageError, match="--weights is : must be types of int8, q4, such as int8,q4"):
        parse_types("--weights", "", ("int8", "q4"))


def test_a_table_of_nothing_is_only_notes() -> None:
    empty = {
        "windows": {"read": 0, "scored": 15, "in_text": 9, "context": 32},
        "reference": {"weights": "f32", "kv_type": "f32", "path": "m"},
        "settings": [{"figures": None}], "model": {"path": "m"}, "text": {"path": "t"}, "warnings": ["stopped"],
    }  # fmt: skip
    text = table.render(empty)
    assert "|" not in text and "0 tokens scored, in 0 of 9 windows of 32" in text and "- WARNING: stopped.\n" in text
