"""The barrier, with threads and with processes, with more ranks than cores too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.paths import PYTHONPATH

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "barrier_program.py"


def run(*arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(
        [sys.executable, PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("kind", ["threads", "processes"])
@pytest.mark.parametrize("ranks", ["1", "2", "3", "5"])
def test_nobody_leaves_before_everybody_has_come(kind: str, ranks: str) -> None:
    assert run(kind, ranks, "2000" if ranks in "12" else "300") == "0"


def test_a_rank_that_waits_long_sleeps() -> None:
    assert float(run("sleep")) < 0.3


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_a_million_rounds(kind: str) -> None:
    assert run(kind, "2", "1000000") == "0"
