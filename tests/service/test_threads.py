"""The threads of a service: what is chosen beside other instances, what is announced, and what is said about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llmproc.config import EngineOptions
from llmproc.hardware.cpus import CpuBudget, CpuLimit
from llmproc.monitor import claiming, instances
from llmproc.monitor.events import Event, ThreadsChosen
from llmproc.monitor.instances import Instance
from llmproc.monitor.presence import PresenceFile
from llmproc.monitor.run_recorder import RunRecorder
from llmproc.service.threads import choose_threads

FOUR = (0, 1, 2, 3)


def beside(pid: int, threads: int, cpus: tuple[int, ...] = FOUR, limits: tuple[str, ...] = ()) -> Instance:
    """An instance that runs already."""
    return Instance(1, pid, 1, "", "", 0.0, "", None, 0.0, 0, 0, (), threads, cpus, limits)


def chosen(
    threads: int | None, workers: int = 1, others: tuple[Instance, ...] = (), adapt: bool = True, **limits: float
) -> tuple[ThreadsChosen, EngineOptions, list[str]]:
    """What is announced, the options, and what is said, on four CPUs with limits as group=CPUs."""
    events: list[Event] = []
    said: list[str] = []
    found = tuple(CpuLimit(cpus, group, group) for group, cpus in limits.items())
    granted = CpuBudget(FOUR, None, max(1, int(min([4, *limits.values()]))), limits=found)
    options = choose_threads(
        EngineOptions(threads=threads, adapt=adapt), workers, events.append, said.append, lambda: granted,
        lambda: list(others),
    )  # fmt: skip
    (event,) = events
    assert isinstance(event, ThreadsChosen)
    return event, options, said


@pytest.mark.parametrize(
    ("given", "threads"),
    [
        ({}, 4),
        ({"workers": 2}, 2),
        ({"workers": 3}, 1),
        ({"quota": 2.5}, 2),
        ({"quota": 3.0, "ray": 1}, 1),
        ({"others": (beside(7, 3),)}, 1),
        ({"others": (beside(7, 4), beside(8, 1))}, 1),
        ({"others": (beside(7, 2),), "workers": 2}, 1),
        ({"others": (beside(7, 4, (8, 9)),)}, 4),
        ({"others": (beside(7, 0, ()),)}, 4),
        ({"others": (beside(7, 1, limits=("quota",)),), "quota": 2.0}, 1),
    ],
)
def test_defaults(given: dict[str, Any], threads: int) -> None:
    event, options, _ = chosen(None, **given)
    assert event.threads == options.threads == threads
    assert event.workers == given.get("workers", 1) and not event.asked


def test_a_number_that_was_asked_for_is_taken_and_announced() -> None:
    event, options, _ = chosen(3, 2, (beside(7, 4),))
    assert (event.threads, event.asked, event.others, options.threads) == (3, True, 4, 3)
    event, options, _ = chosen(0)
    assert (event.threads, options.threads) == (1, 0), "the worker's own thread computes"


def test_the_announcement_names_what_it_shares() -> None:
    event, _, _ = chosen(None, quota=2.0)
    assert (event.cpus, event.limits, event.granted) == (FOUR, ("quota",), 2)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"threads": None}, ()),
        ({"threads": 4}, ()),
        ({"threads": 2, "workers": 2}, ()),
        ({"threads": None, "quota": 1.0}, ()),
        ({"threads": None, "others": (beside(7, 3),)}, ("1 thread instead of 4", "pid 7", "--threads")),
        ({"threads": None, "workers": 2, "others": (beside(7, 1), beside(9, 1))}, ("1 thread per worker", "7, 9")),
        ({"threads": 2, "others": (beside(7, 4),)}, ()),  # it was asked for
        ({"threads": 2, "workers": 4}, ("4 workers with 2 threads per worker for 4 CPUs", "fewer threads run")),
        ({"threads": 8}, ("8 threads for 4 CPUs",)),
        ({"threads": None, "workers": 6}, ("6 workers with 1 thread per worker for 4 CPUs",)),
        ({"threads": None, "quota": 1.0, "adapt": False}, ("--fixed-threads has no effect",)),
    ],
)
def test_what_is_said(given: dict[str, Any], words: tuple[str, ...]) -> None:
    _, _, said = chosen(**given)
    assert len(said) == bool(words)
    for word in words:
        assert word in said[0]


def test_threads_that_stay_are_not_said_to_become_fewer() -> None:
    _, _, said = chosen(8, adapt=False)
    assert "fewer" not in said[0]


def test_one_that_starts_later_counts_what_was_announced_before() -> None:
    """Under the lock the event comes before it is let go: the next one sees it."""
    running: list[Instance] = []
    for number, expected in enumerate((4, 1, 1)):

        def announce(event: Event, pid: int = number) -> None:
            assert isinstance(event, ThreadsChosen)
            running.append(beside(pid, event.threads * event.workers, event.cpus, event.limits))

        options = choose_threads(
            EngineOptions(), 1, announce, lambda text: None, lambda: CpuBudget(FOUR, None, 4), lambda: list(running)
        )
        assert options.threads == expected


def test_others_are_counted_and_told_under_one_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that of two instances that start together the second counts what the first takes."""
    monkeypatch.setenv("LLMPROC_RUNTIME_DIR", str(tmp_path / "place"))
    held: list[bool] = []

    def look(event: Event | None = None) -> None:
        with claiming.alone(patience_s=0) as got:
            held.append(not got)

    def count() -> list[Instance]:
        look()
        return []

    choose_threads(EngineOptions(), 1, look, lambda text: None, lambda: CpuBudget(FOUR, None, 4), count)
    assert held == [True, True]
    look()
    assert held == [True, True, False]


@pytest.mark.parametrize("kind", ["presence", "recorder"])
def test_an_announcement_is_there_before_the_lock_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """By the two observers that announce: a run folder's, and that of the Python API."""
    monkeypatch.setenv("LLMPROC_RUNTIME_DIR", str(tmp_path / "place"))
    observer: PresenceFile | RunRecorder = PresenceFile()
    if kind == "recorder":
        observer = RunRecorder(0.3, None, False, "none", lambda text: None)
    try:
        choose_threads(
            EngineOptions(threads=3), 2, observer.on_event, lambda text: None, lambda: CpuBudget(FOUR, None, 4), list
        )
        assert [(found.threads, found.cpus) for found in instances.running()] == [(6, FOUR)]
    finally:
        observer.close()
    assert instances.running() == []
