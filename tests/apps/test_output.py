"""How verbs end: one line at most, and the right exit code, whatever stops them or stdout."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import ROOT

from llmproc.apps import exits
from llmproc.apps.exits import exit_code_of
from llmproc.errors import LlmprocError, StartError, UsageError
from llmproc.files.streams import OutputLostError, print_result, put

LOST = "llmproc: stdout: cannot be written: No space left on device\n"


class Full(io.StringIO):
    """What stdout is when the disk is full, or its reader gone."""

    def __init__(self, error: type[OSError] = OSError) -> None:
        super().__init__()
        self._error = error

    def flush(self) -> None:
        raise self._error(28, "No space left on device")


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (LlmprocError("it broke"), 1, "llmproc: it broke\n"),
        (UsageError("--seed is x"), 2, "llmproc: --seed is x\n"),
        (StartError("no memory"), 3, "llmproc: no memory\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_what_ends_a_verb_is_one_line_and_a_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def verb() -> int:
        raise error

    assert exit_code_of(verb) == code and exit_code_of(lambda: 7) == 7
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(("error", "code", "said"), [(OSError, 1, LOST), (BrokenPipeError, 141, "")])
def test_what_stdout_does_not_take(
    error: type[OSError], code: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    forgotten: list[bool] = []
    monkeypatch.setattr(exits, "forget_stdout", lambda: forgotten.append(True))
    monkeypatch.setattr(sys, "stdout", Full(error))
    assert exit_code_of(lambda: print_result("x") or 0) == code and forgotten == [True]  # type: ignore[func-returns-value]
    assert capsys.readouterr().err == said


def test_a_fault_of_our_own_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        exit_code_of(lambda: 1 // 0)


def test_the_stream_that_refuses_is_named() -> None:
    with pytest.raises(OutputLostError, match=r"^stderr: cannot be written: No space left"):
        put(Full(), "x")


@pytest.mark.parametrize("verb", ["doctor", "doctor --json", "synth --shape tiny -o x.bin", "top --once --json"])
def test_a_full_disk(verb: str, tmp_path: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "llmproc", *verb.split()], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE,
            text=True, env={"PYTHONPATH": str(ROOT), "LLMPROC_RUNTIME_DIR": str(tmp_path)},
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, LOST)


@pytest.mark.parametrize(
    "verb",
    [
        "batch p.txt",
        "batch p.txt -o r.jsonl --json",
        "batch p.txt --stream",
        "top --once",
        "compare-modes p.txt --json",
    ],
)
def test_a_closed_stdout_is_said_before_any_work(verb: str, tmp_path: Path) -> None:
    """Its descriptor is a stand-in that takes everything, so nothing would fail later."""
    assert closed(1, tmp_path, verb) == (1, "llmproc: stdout: cannot be written: it is closed\n")
    assert [file.name for file in tmp_path.iterdir()] == ["p.txt"]


def test_a_closed_stdin_is_no_empty_one(tmp_path: Path) -> None:
    assert closed(0, tmp_path, "batch -") == (2, "llmproc: stdin: cannot be read: it is closed\n")


@pytest.mark.parametrize("name", ["", ".", "/"])
@pytest.mark.parametrize("verb", ["batch p.txt", "compare-modes p.txt", "chat"])
def test_a_model_without_a_name(verb: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "p.txt").write_text("Hello\n")
    done = subprocess.run(
        [sys.executable, "-m", "llmproc", *verb.split(), "--model", name], cwd=tmp_path, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, env={"PYTHONPATH": str(ROOT)}, timeout=60,
    )  # fmt: skip
    assert done.returncode == 4 and done.stderr.count("\n") == 1 and "is a directory" in done.stderr, done.stderr


def closed(fd: int, folder: Path, verb: str) -> tuple[int, str]:
    (folder / "p.txt").write_text("Hello\n")
    done = subprocess.run(
        [sys.executable, "-m", "llmproc", *verb.split()], cwd=folder, stderr=subprocess.PIPE, text=True, timeout=60,
        env={"PYTHONPATH": str(ROOT), "LLMPROC_RUNTIME_DIR": str(folder)}, preexec_fn=lambda: os.close(fd),
    )  # fmt: skip
    return done.returncode, done.stderr
