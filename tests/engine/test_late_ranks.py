"""Ranks that come late or stop: the rest goes on with the same bytes, and waits only for a portion that is held."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from engine.one_sequence import Model, OneSequence, bits, one_sequence
from engine.rank_stops import AFTER_LAST, AT_GATE, IN_PORTION, WITH_TICKET, clear_stops, stop_at
from support.paths import PYTHONPATH
from support.waiting import until

from llmproc.config import EngineOptions
from llmproc.kernels.records import PHASES, RING_BYTES

PROGRAM = Path(__file__).resolve().parent / "stopped_ranks_program.py"
IDS = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture
def model(make_model) -> Model:
    return make_model(4, "int8", 16, dim=64, hidden_dim=160, vocab_size=200)


@pytest.fixture
def expected(model: Model) -> np.ndarray:
    with one_sequence(model, EngineOptions(threads=1)) as sequence:
        return logits(sequence)


def logits(sequence: OneSequence) -> np.ndarray:
    return np.array([sequence.forward(token, position) for position, token in enumerate(IDS)])


def records(sequence: OneSequence, rank: int) -> int:
    """How many records a rank has written so far."""
    ring = sequence.forward_pass.workspace.rings[rank]
    assert len(ring) == RING_BYTES
    return int(ring[:8].view(np.int64)[0])


@pytest.fixture(params=[True, False], ids=["leads", "opens"])
def team(model: Model, request: pytest.FixtureRequest) -> Iterator[OneSequence]:
    """Three ranks that leave a trace; every stop is lifted at the end."""
    with one_sequence(model, EngineOptions(threads=3, traced=True, leads=request.param)) as sequence:
        yield sequence
        for rank in range(3):
            clear_stops(sequence.forward_pass, rank)


def run_until_both_have_worked(sequence: OneSequence) -> None:
    until(lambda: logits(sequence) is not None and all(records(sequence, rank) for rank in (1, 2)))


@pytest.mark.parametrize("where", [AT_GATE, AFTER_LAST])
def test_a_rank_without_a_portion_is_not_waited_for(team: OneSequence, expected: np.ndarray, where: int) -> None:
    run_until_both_have_worked(team)
    for rank in (1, 2):
        stop_at(team.forward_pass, rank, where)
    counts = [0, 0]

    def all_stopped() -> bool:
        before, counts[:] = list(counts), [records(team, 1), records(team, 2)]
        np.testing.assert_array_equal(bits(logits(team)), bits(expected))
        return counts == before

    until(all_stopped, "ranks go on working")
    for _ in range(5):
        np.testing.assert_array_equal(bits(logits(team)), bits(expected))
    assert [records(team, 1), records(team, 2)] == counts
    for rank in (1, 2):
        clear_stops(team.forward_pass, rank)
    until(lambda: logits(team) is not None and records(team, 1) > counts[0] and records(team, 2) > counts[1])
    np.testing.assert_array_equal(bits(logits(team)), bits(expected))


@pytest.mark.parametrize("where", [WITH_TICKET, IN_PORTION])
def test_a_rank_that_holds_a_portion_is_waited_for_and_named(
    team: OneSequence, expected: np.ndarray, where: int
) -> None:
    run_until_both_have_worked(team)
    until(lambda: waits_for_rank_1(team, expected, where), "nothing tells who was waited for")


def waits_for_rank_1(team: OneSequence, expected: np.ndarray, where: int) -> bool:
    """Stop rank 1 with a portion until nothing goes on any more; tell whether the others' traces name it.

    A rank that wakes late may find the name of a later phase, and rank 1 may have stopped where it had found no portion
    left, so that the others go on: then there is another try.
    """
    stop_at(team.forward_pass, 1, where)
    found: list[np.ndarray] = []
    words = team.forward_pass.workspace.team_words[:2].view(np.int64)
    over = threading.Event()

    def run() -> None:
        while not over.is_set():
            found.append(logits(team))

    thread = threading.Thread(target=run)
    thread.start()
    seen = [(-1, -1, -1)]

    def rank_1_stands_still() -> bool:
        seen.append((records(team, 1), int(words[0]), len(found)))
        return len(seen) > 200 and len({written for written, *_ in seen[-200:]}) == 1

    try:
        until(rank_1_stands_still, "rank 1 does not stop")
    finally:
        over.set()
        clear_stops(team.forward_pass, 1)
        thread.join()
    for each in found:
        np.testing.assert_array_equal(bits(each), bits(expected))
    if len(set(seen[-100:])) > 1:
        return False
    rings = team.forward_pass.trace()
    return any(r["by"] == 1 for rank in (0, 2) for r in rings[rank] if PHASES[r["what"]] in ("wait", "sleep"))


def test_ranks_that_are_not_in_use_sleep(team: OneSequence, expected: np.ndarray) -> None:
    run_until_both_have_worked(team)
    forward = team.forward_pass
    forward.use(1)
    until(lambda: (before := records(team, 1) + records(team, 2)) is not None and logits(team) is not None
          and before == records(team, 1) + records(team, 2))  # fmt: skip
    before = [records(team, 1), records(team, 2)]
    for _ in range(5):
        np.testing.assert_array_equal(bits(logits(team)), bits(expected))
    assert [records(team, 1), records(team, 2)] == before
    forward.use(2)
    until(lambda: logits(team) is not None and records(team, 1) > before[0], "rank 1 is not woken")
    assert records(team, 2) == before[1]
    forward.use(3)
    until(lambda: logits(team) is not None and records(team, 2) > before[1], "rank 2 is not woken")
    np.testing.assert_array_equal(bits(logits(team)), bits(expected))


def test_ranks_in_use_are_checked(model: Model) -> None:
    with one_sequence(model, EngineOptions(threads=2)) as sequence:
        forward = sequence.forward_pass
        assert (forward.ranks, forward.in_use) == (2, 2)
        assert len(forward.rank_tasks()) == 2 and forward.rank_tasks()[0] == threading.get_native_id()
        for wrong in (0, 3, -1):
            with pytest.raises(ValueError, match="ranks"):
                forward.use(wrong)


def stopped(how: str, count: int, seed: int) -> tuple[int, int]:
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    done = subprocess.run(
        [sys.executable, PROGRAM, how, str(count), str(seed)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    steps, stops = done.stdout.split()
    return int(steps), int(stops)


@pytest.mark.parametrize("how", ["signal", "hook"])
def test_processes_that_are_stopped_at_random_change_nothing(how: str) -> None:
    steps, stops = stopped(how, 200, 1)
    assert steps >= 200 and stops >= 5


@pytest.mark.soak
@pytest.mark.parametrize("how", ["signal", "hook"])
def test_ten_thousand_steps_with_ranks_stopped_at_random(how: str) -> None:
    steps, stops = stopped(how, 10_000, 2)
    assert steps >= 10_000 and stops >= 300
