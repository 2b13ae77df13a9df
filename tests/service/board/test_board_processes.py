"""The board among real processes: main appends, forked children take with compiled code, some die by SIGKILL.

Nothing is lost, nothing doubled, all slots are free at the end, nothing was compiled in a child.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.compiled import environment

HERE = Path(__file__).resolve().parent


def run(program: str, *arguments: str, timeout: float) -> str:
    done = subprocess.run(
        [sys.executable, HERE / program, *arguments], env=environment(), capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def board(requests: int, timeout: float = 100, **orders: Any) -> dict[str, Any]:
    """Run the program and check what holds whatever the orders were."""
    found: dict[str, Any] = json.loads(
        run("board_program.py", json.dumps({"requests": requests, **orders}), timeout=timeout)
    )
    assert found["once"] == requests, "lost or doubled"
    assert found["twice"] == 0, "an attempt was taken by two"
    assert found["codes"] == [0] * orders.get("workers", 3)
    assert (found["free"], found["stranded"]) == (orders.get("slots", 400), 0)
    assert found["killed"] >= orders.get("kills", 0) // 2, "they ended too soon to be killed"
    return found


@pytest.mark.parametrize("producer", ["main", "owner"])
def test_a_hundred_thousand_requests_by_four_processes(producer: str) -> None:
    board(100_000 if producer == "main" else 30_000, producer=producer)


@pytest.mark.parametrize("producer", ["main", "owner"])
def test_a_ring_of_one_cell(producer: str) -> None:
    board(3000, cells=1, slots=7, producer=producer)


def test_nobody_steals() -> None:
    board(10_000, steals=False)


@pytest.mark.parametrize("producer", ["main", "owner"])
def test_children_that_are_killed_while_they_take(producer: str) -> None:
    found = board(20_000, kills=30, producer=producer)
    assert found["taken_back"] > 0, "none had anything in hand: the test tests nothing"


@pytest.mark.parametrize("producer", ["main", "owner"])
def test_children_that_are_killed_while_they_work(producer: str) -> None:
    found = board(10_000, kills=30, producer=producer, python=True)
    assert found["taken_back"] > 0


@pytest.mark.soak
def test_ten_million_requests_by_four_processes() -> None:
    board(10_000_000, timeout=3000)


@pytest.mark.soak
@pytest.mark.parametrize("python", [True, False])
@pytest.mark.parametrize("producer", ["main", "owner"])
@pytest.mark.parametrize(("cells", "slots", "requests"), [(64, 400, 50_000), (1, 7, 15_000)])
def test_hundreds_of_kills(producer: str, python: bool, cells: int, slots: int, requests: int) -> None:
    found = board(requests, 1200, kills=300, producer=producer, python=python, cells=cells, slots=slots)
    assert found["taken_back"] > 10


def test_nobody_sees_half_of_what_python_stores_through_a_view() -> None:
    torn, changes = map(int, run("store_program.py", "view", "1000000", timeout=100).split())
    assert torn == 0 and changes >= 1000


def test_half_a_store_would_be_seen() -> None:
    """The control of the test above: struct in a fixed byte order stores byte by byte."""
    torn, _ = map(int, run("store_program.py", "bytes", "1000000", timeout=100).split())
    assert torn > 0


@pytest.mark.soak
def test_nobody_sees_half_of_a_billion_loads() -> None:
    torn, _ = map(int, run("store_program.py", "view", "1000000000", timeout=300).split())
    assert torn == 0
