"""The grid: a thread that ticks while it is wanted, once when asked, and otherwise is never woken."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.waiting import PATIENCE_S

from llmproc.monitor.grid import Grid


class Counting:
    """A grid whose ticks are counted, and who may be waited for."""

    def __init__(self, interval_s: float, count: int = 1) -> None:
        self.ticks, self.reached, self._count = 0, threading.Event(), count
        self.thread = 0
        self.grid = Grid(interval_s, self.tick, "test")

    def tick(self) -> None:
        self.ticks += 1
        self.thread = threading.get_native_id()
        self.grid.passed(self.grid._clock())
        if self.ticks >= self._count:
            self.reached.set()

    def wakeups(self) -> int:
        """How often the grid's thread has gone to sleep, as the kernel counts it."""
        text = Path(f"/proc/self/task/{self.thread}/status").read_text()
        return int(text.rpartition("\nvoluntary_ctxt_switches:")[2].split()[0])


@pytest.fixture
def counting():
    made: list[Counting] = []

    def make(interval_s: float, count: int = 1) -> Counting:
        made.append(Counting(interval_s, count))
        made[-1].grid.start()
        return made[-1]

    yield make
    for one in made:
        one.grid.stop()


def test_it_ticks_while_it_is_wanted(counting) -> None:
    one = counting(0.002, 5)
    assert one.ticks == 0 and one.grid.next is None
    one.grid.begin()
    assert one.reached.wait(PATIENCE_S)
    one.grid.end()
    assert one.grid.next is None


def test_once_is_one_tick_and_then_nobody_wakes(counting) -> None:
    one = counting(0.005)
    for _ in range(10):
        one.grid.once()
    assert one.reached.wait(PATIENCE_S)
    before = one.wakeups()
    threading.Event().wait(0.2)  # forty intervals in which nothing may happen: this is what is tested
    assert one.wakeups() - before <= 1, "it went to sleep once after the tick"
    assert one.ticks == 1 and one.grid.next is None


def test_once_comes_soon_however_wide_the_grid_is(counting) -> None:
    one = counting(3600)
    one.grid.once()
    assert one.reached.wait(PATIENCE_S)


def test_a_running_grid_needs_no_extra_tick(clock) -> None:
    grid = Grid(60, lambda: None, "test", clock)
    grid.begin()
    point = grid.next
    grid.once()
    assert grid.next == point == 1060


def test_what_changes_during_the_single_tick_asks_for_another(counting) -> None:
    asked = []

    class Again(Counting):
        def tick(self) -> None:
            if not asked:
                asked.append(1)
                self.grid.once()
            super().tick()

    one = Again(0.002, 2)
    one.grid.start()
    try:
        one.grid.once()
        assert one.reached.wait(PATIENCE_S)
    finally:
        one.grid.stop()


def test_begin_twice_keeps_the_points(clock) -> None:
    grid = Grid(0.3, lambda: None, "test", clock)
    grid.begin()
    clock.now += 0.2
    grid.begin()
    assert grid.next == pytest.approx(1000.3)
    clock.now = 1000.3
    grid.passed(clock.now)
    assert grid.next == pytest.approx(1000.6)


def test_stop_ends_the_thread_and_says_whether_there_was_one(counting) -> None:
    one = counting(0.002)
    assert one.grid.stop() is True
    assert one.grid.stop() is False
    assert not any(thread.name == "test" for thread in threading.enumerate())
