"""The patterns: each is a short program; each runs as it stands and shows what it promises."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.paths import ROOT
from support.programs import program

FOLDER = ROOT / "llmproc" / "api" / "examples"
SHOWN = {
    "two_sequences": (r"\AUser: Hi there, how are you\?\nAI: \S.*\nUser: How much is 6\+6\?\nAI: .*\b12\b.*\n\Z",),
    "many_users": (
        r"Bob: What is a pipe\?\n     A pipe is a one-way channel",
        r"Eve: And of Italy\?\n     The capital of Italy is Rome\.  \[[1-9]\d* of",  # its history was still there
        r"4 users, \d+ tokens\n\Z",
    ),
    "agents": (
        r"\[threads\] A thread is .*\n    \S",
        r"\[moderator\] 4 experts",
        r"\n    Processes have separate memory",
    ),
    "pipeline": (r"\AFrance: Paris, 5 letters; plus 1 is 6 \(right\)\nItaly: Rome", r"Egypt: Cairo.*\n\Z"),
    "evaluate": (r"\Agreedy   [5-8] of 8 right", r"seed 3 ", r"32 requests, 0 failed, median TTFT \d+ ms\n\Z"),
    "compare_systems": (r"\(seed 2\)\n  A .*\n  B ", r"words per answer: A \d+\.\d, B \d+\.\d; \d+ of 10 answers"),
}


def test_every_pattern_is_run() -> None:
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(SHOWN)


@pytest.mark.parametrize("name", SHOWN)
def test_a_pattern_runs_and_shows_it(name: str, tmp_path: Path) -> None:
    assert len((FOLDER / f"{name}.py").read_text().splitlines()) < 40
    ended = program(["-m", f"llmproc.api.examples.{name}"], tmp_path)
    assert (ended.code, ended.err, ended.left) == (0, "", [])
    for pattern in SHOWN[name]:
        assert re.search(pattern, ended.out), f"{pattern}\n{ended.out}"
    assert list(tmp_path.iterdir()) == [], "it leaves no run folder"
