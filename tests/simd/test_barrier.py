"""The barrier, with threads and with processes, with more ranks than cores too."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from support.compiled import environment

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "barrier_program.py"
KINDS = ("threads", "processes")
ROUNDS = {"1": "2000", "2": "2000", "3": "300", "5": "300"}  # by ranks


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, PROGRAM, *arguments], env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@cache
def all_of_them() -> dict[tuple[str, str], str]:
    """Wrong counts by (kind, ranks), found by one process: Numba takes longer to import than a barrier to pass."""
    orders = [(kind, ranks) for kind in KINDS for ranks in ROUNDS]
    said = run(*(word for kind, ranks in orders for word in (kind, ranks, ROUNDS[ranks])))
    return dict(zip(orders, said.splitlines(), strict=True))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ranks", ROUNDS)
def test_nobody_leaves_before_everybody_has_come(kind: str, ranks: str) -> None:
    assert all_of_them()[kind, ranks] == "0"


def test_a_rank_that_waits_long_sleeps() -> None:
    assert float(run("sleep")) < 0.3


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS)
def test_a_million_rounds(kind: str) -> None:
    assert run(kind, "2", "1000000") == "0"
