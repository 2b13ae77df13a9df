"""`lab list` and `lab start`, what is refused, and the given engine."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from labs.checking import given_engine, lab, solved

from llmproc.apps.lab.app import main
from llmproc.apps.lab.options import parse_options
from llmproc.checkpoints.description import ModelDescription
from llmproc.checkpoints.model_file import open_model
from llmproc.checkpoints.synth import write_synthetic
from llmproc.config import shipped_file
from llmproc.engine.randomness import RandomStream
from llmproc.engine.reference import Reference, reference_sample
from llmproc.errors import UsageError
from llmproc.labs.course.text import printed
from llmproc.labs.processes.lab import PROCESSES
from llmproc.labs.table import LABS, find_lab
from llmproc.text.tokenizers.tokenizer import load_tokenizer

FILES = {"README.md", "main.py", "inference.py", "engine.py", "model.bin", "tokenizer.bin"}
ENGINE = given_engine()


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """The one line of a refusal."""
    assert main([str(argument) for argument in arguments]) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("llmproc: ")
    return err


def test_list_names_every_lab(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(LABS) == ["processes"]


def test_start_copies_the_task(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "a" / "my lab"
    assert main(["start", "processes", str(folder)]) == 0
    out = capsys.readouterr().out
    assert {path.name for path in folder.iterdir()} == FILES
    assert str(folder / "README.md") in out and f"lab check processes '{folder}'" in out
    assert os.access(folder / "main.py", os.W_OK)
    assert (folder / "model.bin").read_bytes() == shipped_file("model", "model.bin").read_bytes()


def test_start_takes_an_empty_folder(tmp_path: Path) -> None:
    assert main(["start", "processes", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == FILES


def test_start_refuses_a_folder_with_something_in_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".hidden").touch()
    assert "not empty" in refused(capsys, "start", "processes", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".hidden"]
    assert "not a folder" in refused(capsys, "start", "processes", tmp_path / ".hidden")


def test_start_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["start", "processes", str(tmp_path / "file" / "lab")]) == 1
    assert "cannot be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ([], "list, start or check"),
        (["frob"], "frob"),
        (["start", "processes"], "DIR"),
        (["start", "threads", "x"], "unknown lab 'threads': must be one of processes"),
        (["check", "processes", "nowhere"], "nowhere: not a folder"),
        (["check", "processes", ".", "--main", ""], "--main is empty"),
        (["check", "processes", ".", "--main", "'x"], "--main is"),
        (["check", "processes", ".", "--main", "./nothing"], "./nothing: cannot be started"),
        (["check", "processes", ".", "--patience", "0"], "--patience is 0"),
        (["check", "processes", ".", "--patience", "nan"], "--patience is nan"),
        (["check", "processes", "."], "has no main.py; --main COMMAND"),
    ],
)
def test_wrong_usage_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str], word: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("llmproc.apps.lab.app._take_signals", lambda: None)
    assert word in refused(capsys, *arguments)
    assert list(tmp_path.iterdir()) == []


def test_a_command_is_split_as_a_shell_does() -> None:
    options = parse_options("lab", ["check", "processes", ".", "--main", "./my\\ main -x 'a b'"])
    assert options.main == ("./my main", "-x", "a b") and options.patience.quiet_s == 20
    with pytest.raises(UsageError):
        find_lab("nothing")


def test_help_shows_examples() -> None:
    done = lab("--help")
    assert done.returncode == 0 and "lab check processes mylab --main ./main" in done.stdout
    assert lab("check", "--help").returncode == 0


def test_the_skeleton_gives_no_solution_away() -> None:
    """It starts no process, reads no /proc, handles no signal; every gap stands there once."""
    text = "".join((PROCESSES.task / name).read_text() for name in ("main.py", "inference.py"))
    for word in ("subprocess", "os.", "fork", "pipe(", "open(", "signal.", "setpriority", "wait("):
        assert word not in text, word
    for number in range(1, 9):
        assert text.count(f"gap({number}, ") == 1


def test_the_readme_says_what_is_checked() -> None:
    text = (PROCESSES.task / "README.md").read_text()
    assert "20 in all" in text and sum(points for _, points, *_ in _checks()) == 20
    for word in (">>> ", "--policy", "--nice", "[cpu%]", "SIGINT", "kill -9", "Child exited with", "SEQ LEN"):
        assert word in text, word


def _checks() -> tuple[tuple[str, int, str, object], ...]:
    from llmproc.labs.processes.lab import CHECKS

    return CHECKS


# -- the engine -------------------------------------------------------------------------------------------------------


def test_the_engine_computes_what_the_reference_does(tmp_path: Path) -> None:
    """Logits bit by bit, and the ids that are drawn from them, over a context with several heads to a group."""
    description = ModelDescription(128, 192, 2, 4, 2, 300, 64, 32, False, "int8", 64)
    write_synthetic(tmp_path / "model.bin", description, seed=11)
    weights = open_model(tmp_path / "model.bin").load().weights
    reference, model = Reference(description, weights), ENGINE.TransformerModel(tmp_path / "model.bin")
    stream, sampler, token = RandomStream(5), ENGINE.CoinSampler(5), 7
    for position in range(40):
        logits, expected = model.forward(token, position), reference.forward(token, position)
        assert logits.tobytes() == expected.tobytes(), f"position {position}"
        token = sampler.choose(logits)
        assert token == reference_sample(expected, 0.6, 0.9, stream.coin())


@pytest.mark.parametrize(
    "text",
    ["", "What is a process?", "  two  spaces", "caf\u00e9 \u4f60\u597d", "<|im_start|>", "a" * 300, "tab\tnew\nline"],
)
def test_the_engine_encodes_as_the_exercise_does(text: str) -> None:
    table = ENGINE.TokenTable(shipped_file("tokenizer", "tokenizer.bin"), 2048)
    tokenizer = load_tokenizer(shipped_file("tokenizer", "tokenizer.bin"), 2048)
    data = text.encode()
    assert table.encode(b" " + data if data else b"") == tokenizer.encode_as_c(data)
    assert table.encode(b"user") == tokenizer.encode("user")


def test_the_engine_prints_as_the_exercise_does() -> None:
    file = shipped_file("tokenizer", "tokenizer.bin")
    table, tokenizer = ENGINE.TokenTable(file, 2048), load_tokenizer(file, 2048)
    for before in (1, 2):
        for token in range(2048):
            assert table.printed(before, token) == printed(tokenizer, before, token)


def test_the_engine_refuses_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(bytes(300))
    with pytest.raises(SystemExit, match="not a model file of version 2"):
        ENGINE.TransformerModel(tmp_path / "model.bin")


def test_an_answer_ends_where_the_context_does(tmp_path: Path) -> None:
    write_synthetic(tmp_path / "model.bin", ModelDescription(64, 64, 1, 2, 1, 2048, 100, 32, True, "int8", 64), seed=1)
    engine = ENGINE.ChatEngine(tmp_path / "model.bin", shipped_file("tokenizer", "tokenizer.bin"), 3)
    assert b"".join(engine.answer("hello")) and engine.position == 100
    assert list(engine.answer("more")) == []


def test_json_is_one_document(tmp_path: Path) -> None:
    folder = solved(tmp_path / "lab", None)
    (folder / "main.py").write_text("print('caf\\u00e9 \\U0001f600')\nraise SystemExit(4)\n")
    done = lab("check", "processes", folder, "--json")
    report = json.loads(done.stdout)
    assert (done.returncode, report["lab"], report["program"]) == (1, "processes", "python3 main.py")
    assert report["points"] == 0 and report["of"] == 20 and len(report["checks"]) == 11
    assert "status 4" in report["checks"][0]["seen"]
