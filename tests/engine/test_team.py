"""The team of ranks: named, quiet when idle, all gone when closed; as many as asked, also without CPUs for them."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from engine.one_sequence import Model, OneSequence, bits, one_sequence
from support.waiting import until

from llmproc.config import EngineOptions
from llmproc.engine.loading import open_weights
from llmproc.errors import RequestError

TASKS = Path("/proc/self/task")
IDS = [3, 1, 4, 1, 5, 9, 2, 6]


@pytest.fixture
def model(make_model) -> Model:
    return make_model(4, "int8", 16, dim=64, hidden_dim=160, vocab_size=200)


def ranks() -> dict[str, int]:
    """Name -> task, of the ranks that have a thread of their own."""
    names: dict[str, int] = {}
    for task in os.listdir(TASKS):
        with contextlib.suppress(OSError):  # it ends just now
            names[(TASKS / task / "comm").read_text().strip()] = int(task)
    return {name: task for name, task in names.items() if name.startswith("rank-")}


def no_ranks() -> bool:
    """Soon: the kernel lists a thread for a moment after it has been joined."""
    end = time.monotonic() + 5
    while ranks() and time.monotonic() < end:
        time.sleep(0.001)
    return not ranks()


def cpu_ns(task: int) -> int:
    """What a task has spent on a CPU, in nanoseconds."""
    return int((TASKS / str(task) / "schedstat").read_text().split()[0])


def logits(sequence: OneSequence) -> np.ndarray:
    return np.array([sequence.forward(token, position) for position, token in enumerate(IDS)])


@pytest.fixture
def expected(model: Model) -> np.ndarray:
    with one_sequence(model, EngineOptions(threads=1)) as sequence:
        return logits(sequence)


@pytest.mark.parametrize(
    ("threads", "leads", "names"),
    [
        (0, True, []),
        (0, False, []),
        (1, True, []),
        (1, False, ["rank-0"]),
        (3, True, ["rank-1", "rank-2"]),
        (3, False, ["rank-0", "rank-1", "rank-2"]),
    ],
)
def test_ranks_have_names_and_end_with_the_team(
    model: Model, expected: np.ndarray, threads: int, leads: bool, names: list[str]
) -> None:
    assert no_ranks()
    with one_sequence(model, EngineOptions(threads=threads, leads=leads)) as sequence:
        found = logits(sequence)
        until(lambda: sorted(ranks()) == names, "not every rank has its name")  # a step does not wait for all of them
    assert no_ranks()
    np.testing.assert_array_equal(bits(found), bits(expected))


def test_sixteen_threads_on_few_cpus_finish_with_the_same_bits(model: Model, expected: np.ndarray) -> None:
    for leads in (True, False):
        with one_sequence(model, EngineOptions(threads=16, leads=leads)) as sequence:
            np.testing.assert_array_equal(bits(logits(sequence)), bits(expected))


@pytest.mark.parametrize("leads", [True, False])
def test_an_idle_team_uses_no_cpu(model: Model, leads: bool) -> None:
    with one_sequence(model, EngineOptions(threads=3, leads=leads)) as sequence:
        logits(sequence)
        until(lambda: len(ranks()) == 3 - leads, "not every rank has its name")
        tasks = list(ranks().values())
        end = time.monotonic() + 10
        before = [-1]
        while (now := [cpu_ns(task) for task in tasks]) != before and time.monotonic() < end:
            before = now  # until they sleep
            time.sleep(0.05)
        time.sleep(0.3)  # what is measured, not a synchronisation
        assert [cpu_ns(task) for task in tasks] == before, "a rank that nobody woke ran"
        states = [(TASKS / str(task) / "stat").read_text().rpartition(")")[2].split()[0] for task in tasks]
        assert set(states) == {"S"}
        logits(sequence)
        until(lambda: all(cpu_ns(task) > was for task, was in zip(tasks, before, strict=True)), "a rank was not woken")


def test_a_thread_that_does_not_lead_computes_nothing(make_model) -> None:
    heavy = make_model(1, "int8", 64, dim=256, hidden_dim=1024, n_layers=4, n_heads=4, n_kv_heads=4, vocab_size=500)
    with one_sequence(heavy, EngineOptions(threads=1, leads=False)) as sequence:
        sequence.read([7] * 60, 0)
        (task,) = ranks().values()
        here, there = time.thread_time_ns(), cpu_ns(task)
        for _ in range(40):
            sequence.read([7] * 60, 0)
        here, there = time.thread_time_ns() - here, cpu_ns(task) - there
    assert here < there / 5, (here, there)


def test_closing_twice_and_without_a_step(model: Model) -> None:
    for threads in (0, 1, 3):
        for leads in (True, False):
            forward = open_weights(*model, EngineOptions(threads=threads, leads=leads))
            forward.close()
            forward.close()
    assert no_ranks() and threading.active_count() == 1


def test_a_failed_call_leaves_the_team_usable(model: Model, expected: np.ndarray) -> None:
    with one_sequence(model, EngineOptions(threads=2)) as sequence:
        for _ in range(3):
            with pytest.raises(RequestError):
                sequence.forward(200, 0)
        np.testing.assert_array_equal(bits(logits(sequence)), bits(expected))


def test_two_teams_at_once_do_not_meet(model: Model, expected: np.ndarray) -> None:
    options = EngineOptions(threads=2)
    with one_sequence(model, options) as one, one_sequence(model, replace(options, leads=False)) as other:
        for position, token in enumerate(IDS):
            for sequence in (one, other):
                np.testing.assert_array_equal(bits(sequence.forward(token, position)), bits(expected[position]))


def test_a_forked_worker_has_a_team_of_its_own(model: Model, expected: np.ndarray) -> None:
    assert threading.active_count() == 1, "a template has one thread"
    child = os.fork()
    if child == 0:
        code = 7
        try:
            with one_sequence(model, EngineOptions(threads=2, leads=False)) as sequence:
                equal = (logits(sequence) == expected).all()
                code = 0 if equal and sorted(ranks()) == ["rank-0", "rank-1"] else 8
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
