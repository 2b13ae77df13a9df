"""What watching costs and survives: errors, CPU time, and how often thread rows may be taken."""

from __future__ import annotations

import time

import pytest

from llmproc.monitor.overhead import Overhead


class Heard:
    def __init__(self, clock, interval_s: float = 0.3) -> None:
        self.events: list[tuple[str, dict[str, object]]] = []
        self.notices: list[str] = []
        self.overhead = Overhead(
            interval_s, clock, lambda kind, **f: self.events.append((kind, f)), self.notices.append
        )


def burn(cpu_s: float) -> None:
    end = time.thread_time() + cpu_s
    while time.thread_time() < end:
        pass


def test_an_error_stays_inside_and_is_told_once(clock) -> None:
    heard = Heard(clock)
    for _ in range(5):
        heard.overhead.guarded(lambda: 1 / 0)
    assert [kind for kind, _ in heard.events] == ["watch_error"] * 3
    assert heard.notices == ["the watch met an error and goes on: ZeroDivisionError: division by zero"]
    assert heard.overhead.report(0)["errors"] == 5


def test_what_is_no_error_passes(clock) -> None:
    with pytest.raises(KeyboardInterrupt):
        Heard(clock).overhead.guarded(lambda: (_ for _ in ()).throw(KeyboardInterrupt))


def test_cpu_time_is_counted_once(clock) -> None:
    overhead = Heard(clock).overhead
    overhead.guarded(lambda: burn(0.02))
    overhead.guarded(lambda: burn(0.02), counted=False)  # a grid point's, which reports it itself
    clock.now += 1
    assert 0.02 <= overhead.cost() < 0.04
    overhead.grid_point(0.5)
    report = overhead.report(7)
    assert 0.52 <= float(report["cpu_s"]) < 0.54
    assert (report["grid_points"], report["wall_s"], report["skipped_lines"]) == (1, 1.0, 7)


def test_cheap_points_are_all_detailed_and_dear_ones_are_not(clock) -> None:
    overhead = Heard(clock, 0.3).overhead
    for _ in range(5):
        assert overhead.detailed
        overhead.grid_point(0.0002)
    overhead.grid_point(0.0072)  # 2.4 % of a core, at 0.6 % allowed
    detailed = []
    for _ in range(8):
        detailed.append(overhead.detailed)
        overhead.grid_point(0.0072 if overhead.detailed else 0.001)
    assert detailed == [False, False, False, True] * 2
    assert overhead.report(0)["thread_stride"] == 4


def test_the_cost_is_told_every_ten_seconds(clock) -> None:
    heard = Heard(clock)
    for _ in range(25):
        clock.now += 1
        heard.overhead.tell_cost(0)
    heard.overhead.tell_cost(3, at_once=True)
    assert [fields["wall_s"] for _, fields in heard.events] == [10, 20, 25]
    assert heard.events[-1][1]["skipped_lines"] == 3


def test_without_anybody_to_tell(clock) -> None:
    overhead = Overhead(0.3, clock)
    overhead.guarded(lambda: 1 / 0)
    overhead.tell_cost(0, at_once=True)
    assert overhead.report(0)["errors"] == 1
