"""Files that break a rule, given to the program: one line that names file, field and rule, exit 4."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from checkpoints import invalid_checkpoints
from support.chatting import PROMPT, run
from text import invalid_tokenizers

from llmproc.apps.chat.app import main

CHECKPOINTS = vars(invalid_checkpoints)
TOKENIZERS = vars(invalid_tokenizers)
CASES, INVALID = CHECKPOINTS["CASES"], TOKENIZERS["INVALID"]
IN_HEADER = [case for case in CASES if case[0].split()[-2] != "in" and " in layer " not in case[0]]
IN_WEIGHTS = [case for case in CASES if case not in IN_HEADER]
VOCABULARY = 512


def names(case: object) -> str:
    return str(case[0])  # type: ignore[index]


@pytest.fixture
def good(tmp_path: Path) -> tuple[Path, Path]:
    """A model and a tokenizer that fit each other, in a folder of their own."""
    folder = tmp_path / "good"
    folder.mkdir()
    model, tokenizer = folder / "model.bin", folder / "tokenizer.bin"
    model.write_bytes(CHECKPOINTS["valid"]("version 2", vocab_size=VOCABULARY))
    tokenizer.write_bytes(TOKENIZERS["valid"](VOCABULARY))
    return model, tokenizer


def refused(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    broken: Path,
    words: tuple[str, ...],
    *files: object,
) -> None:
    """In this process: exit code 4, one line, and nothing was started."""
    runs = broken.parent / "runs"
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *a, **k: pytest.fail("a process was started"))
    assert main(["--run-dir", str(runs), *map(str, files)]) == 4
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"llmproc: {broken}: ") and err.count("\n") == 1 and err.endswith("\n")
    assert err.rstrip("\n").isprintable()
    for word in words:
        assert word in err
    assert not runs.exists(), "nothing is recorded of a run that did not happen"


def test_there_are_200_of_them() -> None:
    assert len(CASES) + len(INVALID) >= 200
    assert len(IN_WEIGHTS) >= 30 and len(IN_HEADER) >= 100


@pytest.mark.parametrize("case", IN_HEADER, ids=names)
def test_a_broken_checkpoint_is_refused(
    case: tuple,
    good: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, build, words = case
    broken = tmp_path / "broken.bin"
    broken.write_bytes(build())
    refused(capsys, monkeypatch, broken, words, "--model", broken, "--tokenizer", good[1])


@pytest.mark.parametrize("case", INVALID, ids=names)
def test_a_broken_tokenizer_is_refused(
    case: tuple,
    good: tuple[Path, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, build, sidecar, words = case
    broken = named = tmp_path / "tokenizer.bin"
    broken.write_bytes(build(VOCABULARY))
    if sidecar is not None:
        named = tmp_path / "tokenizer.meta.json"
        named.write_text(sidecar)
    refused(capsys, monkeypatch, named, words, "--model", good[0], "--tokenizer", broken)


@pytest.mark.parametrize("kind", ["missing", "folder", "FIFO", "loop", "device"])
@pytest.mark.parametrize("which", ["--model", "--tokenizer"])
def test_what_is_no_file_is_refused(
    kind: str, which: str, good: tuple[Path, Path], tmp_path: Path,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    path = tmp_path / "thing"
    if kind == "folder":
        path.mkdir()
    elif kind == "FIFO":
        os.mkfifo(path)
    elif kind == "loop":
        path.symlink_to(path)
    elif kind == "device":
        path = Path("/dev/zero")
    files = {"--model": good[0], "--tokenizer": good[1], which: path}
    monkeypatch.setattr("subprocess.Popen.__init__", lambda *a, **k: pytest.fail("a process was started"))
    assert main(["--run-dir", "none", *(str(part) for pair in files.items() for part in pair)]) == 4
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1) and err.startswith(f"llmproc: {path}: ")


def through_the_program(folder: Path, case: tuple) -> None:
    """NaN and infinity are found by the template: a prompt may stand there by then."""
    _, build, (named, rule) = case
    label, _, _ = named.partition(" is ")  # the template says in which row, not at which index
    words = (label.removesuffix(" scales").replace("final_norm", "final norm"), "NaN or infinity", rule)
    broken = folder / "broken.bin"
    broken.write_bytes(build())
    (folder / "tokenizer.bin").write_bytes(TOKENIZERS["valid"](12))
    (folder / "tokenizer.meta.json").write_text(TOKENIZERS["PLAIN_SIDECAR"])
    code, out, err = run(folder, "--model", broken, text="")
    assert code == 4
    assert out.replace(PROMPT, "").strip() == ""
    assert err.startswith(f"llmproc: {broken}: ") and err.count("\n") == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize("case", IN_WEIGHTS[::13], ids=names)
def test_broken_weights_are_refused(case: tuple, tmp_path: Path) -> None:
    through_the_program(tmp_path, case)


@pytest.mark.soak
@pytest.mark.parametrize("case", IN_WEIGHTS, ids=names)
def test_all_broken_weights_are_refused(case: tuple, tmp_path: Path) -> None:
    through_the_program(tmp_path, case)


@pytest.mark.parametrize("case", [IN_HEADER[0], IN_HEADER[-1], INVALID[0], INVALID[-1]], ids=names)
def test_refused_before_the_first_prompt(case: tuple, good: tuple[Path, Path], tmp_path: Path) -> None:
    """By the program as a whole; every case was judged in this process above."""
    broken = tmp_path / "tokenizer.bin"
    if len(case) == 3:
        broken.write_bytes(case[1]())
        files = ("--model", broken, "--tokenizer", good[1])
    else:
        broken.write_bytes(case[1](VOCABULARY))
        if case[2] is not None:
            (tmp_path / "tokenizer.meta.json").write_text(case[2])
        files = ("--model", good[0], "--tokenizer", broken)
    code, out, err = run(tmp_path, *files, text="Hello\n")
    assert (code, out) == (4, "")
    assert err.count("\n") == 1 and err.startswith(f"llmproc: {tmp_path}/tokenizer.")
    for word in case[-1]:
        assert word in err
