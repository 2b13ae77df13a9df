"""The exit code of a run, as a table: what ended it, which signal came, whether a request failed."""

from __future__ import annotations

import signal

import pytest

from llmproc.apps.exits import exit_code, exit_code_of
from llmproc.errors import (
    CheckpointError,
    LlmprocError,
    RequestError,
    StartError,
    TokenizerError,
    UsageError,
    WorkersLostError,
)
from llmproc.files.streams import OutputLostError

INVALID = ("model.bin", "magic", "0", "must be right")
TABLE = [
    # what ended the run            the signal       a request failed   exit code
    (None, 0, False, 0),
    (None, 0, True, 1),
    (None, signal.SIGINT, False, 130),
    (None, signal.SIGTERM, False, 143),
    (None, signal.SIGHUP, True, 129),
    (RequestError("too long"), 0, False, 1),
    (LlmprocError("anything else"), 0, False, 1),
    (OutputLostError("stdout: full"), 0, False, 1),
    (OutputLostError("stdout: gone with its terminal"), signal.SIGHUP, False, 129),
    (UsageError("--nice is 20"), 0, False, 2),
    (StartError("died"), 0, False, 3),
    (CheckpointError(*INVALID), 0, False, 4),
    (TokenizerError(*INVALID), 0, False, 4),
    (WorkersLostError("died five times"), 0, True, 5),
    (WorkersLostError("died five times"), signal.SIGINT, False, 5),
]


@pytest.mark.parametrize(("failure", "ended_by", "failed", "code"), TABLE)
def test_exit_codes(failure: LlmprocError | None, ended_by: int, failed: bool, code: int) -> None:
    assert exit_code(failure, ended_by, failed) == code


@pytest.mark.parametrize(
    ("error", "code"),
    [(StartError("died"), 3), (BrokenPipeError(), 141), (KeyboardInterrupt(), 130), (UsageError("no"), 2)],
)
def test_what_ends_a_verb_early_becomes_its_exit_code(
    error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("llmproc.apps.exits.forget_stdout", lambda: None)

    def verb() -> int:
        raise error

    assert exit_code_of(verb) == code
    assert capsys.readouterr().err == (f"llmproc: {error}\n" if isinstance(error, LlmprocError) else "")
