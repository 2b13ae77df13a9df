"""What `top` knows: rows of real processes, rates between looks, tokens per second from main's writings."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apps.topping import BUSY, Stage, count, instance, spend

from llmproc.monitor.instances import Instance, running
from llmproc.monitor.live import LiveMonitor, LiveView, ProcessRow, _Watched
from llmproc.monitor.proc import SchedStat
from llmproc.monitor.subject import Subject


class Clock:
    """Real time, plus what a test adds."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path / "place") as made:
        yield made


def rows(view: LiveView) -> dict[str, ProcessRow]:
    assert len(view.groups) == 1
    return {row.name: row for row in view.groups[0].rows}


def test_a_busy_worker_and_a_quiet_one(stage: Stage) -> None:
    quiet, busy = stage.worker(0), stage.worker(1, BUSY)
    look = LiveMonitor(find=lambda: running([stage.place]))
    first = rows(look.view())
    assert list(first) == ["main", "worker 0", "worker 1"]
    assert first["worker 1"].user_percent is None, "one look makes no rate"
    spend(0.4)
    found = rows(look.view())
    assert (found["worker 0"].pid, found["worker 1"].pid, found["main"].pid) == (quiet, busy, os.getpid())
    assert (found["worker 0"].state, found["worker 0"].user_percent) == ("S", 0.0)
    used = (found["worker 1"].user_percent or 0) + (found["worker 1"].system_percent or 0)
    assert 0 < used <= 101 and found["worker 1"].wait_percent is not None
    assert used + (found["worker 1"].wait_percent or 0) > 60, "it runs or waits for a core all the time"
    own = found["main"]
    assert (own.user_percent or 0) > 0
    assert sum((own.user_percent or 0, own.system_percent or 0, own.wait_percent or 0)) > 60, "this test itself"
    for row in found.values():
        assert row.policy == "OTHER" and row.nice == os.getpriority(os.PRIO_PROCESS, 0)
        assert row.core in os.sched_getaffinity(0) and row.allowed == tuple(sorted(os.sched_getaffinity(0)))
        assert row.pss is not None and 100_000 < row.pss < 2_000_000_000
        assert row.switches_per_s is not None


def test_looks_in_quick_succession_keep_the_rates() -> None:
    """A key pressed between two looks must not make nonsense of a window of a millisecond."""
    clock, own = Clock(), instance()
    look = LiveMonitor(clock, lambda: [own])
    look.view()
    spend(0.2)
    clock.now += 1.0
    before = rows(look.view())["main"].user_percent
    assert before is not None and 1 < before < 60
    clock.now += 0.05
    assert rows(look.view())["main"].user_percent == before
    clock.now += 0.05
    assert rows(look.view())["main"].user_percent != before


def test_counts_come_from_the_announcement(stage: Stage) -> None:
    stage.worker(0)
    stage.worker(1)
    for request, worker in ((1, 0), (2, 0), (3, 1)):
        stage.tell("request_arrived", request=request)
        stage.tell("request_queued", request=request, ring=worker)
    stage.tell("request_arrived", request=4)
    stage.tell("request_dispatched", request=1, worker=0, ring=0)
    stage.tell("request_dispatched", request=2, worker=1, ring=0)
    found = rows(LiveMonitor(find=lambda: running([stage.place])).view())
    assert [(r.sequences, r.queue, r.steals) for r in found.values()] == [(2, 1, None), (1, 0, 0), (1, 1, 1)]


def test_a_worker_that_died_keeps_its_row_without_a_process(stage: Stage) -> None:
    pid = stage.worker(0)
    stage.kill(pid)
    look = LiveMonitor(find=lambda: running([stage.place]))
    assert (rows(look.view())["worker 0"].pid, rows(look.view())["worker 0"].state) == (0, "X"), "main knows it later"
    stage.tell("worker_died", worker=0, pid=pid, status=-9)
    assert rows(look.view())["worker 0"].state == "X"
    replacement = stage.worker(0)
    assert rows(look.view())["worker 0"].pid == replacement


def test_somebody_elses_process_is_never_a_worker() -> None:
    """A pid may be used again before main has noticed a death: 1 is no child of ours."""
    look = LiveMonitor(find=lambda: [instance(count(0, 1), template=1)])
    found = rows(look.view())
    assert (found["worker 0"].pid, found["worker 0"].policy, found["template"].state) == (0, "", "X")


def test_the_template_has_a_row(stage: Stage) -> None:
    stage.tell("template_started", pid=stage.child().pid)
    found = rows(LiveMonitor(find=lambda: running([stage.place])).view())
    assert list(found) == ["main", "template"] and found["template"].state == "S"
    assert found["template"].sequences is None


def test_what_ended_is_forgotten(stage: Stage) -> None:
    look = LiveMonitor(find=lambda: running([stage.place]))
    pid = stage.worker(0)
    look.view()
    assert len(look._watched) == 2 and len(look._speeds) == 1
    stage.kill(pid)
    look.view()
    assert len(look._watched) == 1
    stage.announcement.close()
    assert look.view().groups == () and (look._watched, look._speeds) == ({}, {})


def speeds(*seen: tuple[float, dict[str, object]]) -> list[float | None]:
    """tokens/s at each look: (time of the look, what main had written of the worker)."""
    clock, now = Clock(), instance()
    found: list[Instance] = [now]
    look, told = LiveMonitor(clock, lambda: found), []
    for t, fields in seen:
        clock.now = t
        found[0] = replace(now, workers=(count(**fields),))  # type: ignore[arg-type]
        told.append(rows(look.view())["worker 0"].tokens_per_s)
    return told


def running_with(tokens: int, as_of: float) -> dict[str, object]:
    return {"tokens": tokens, "as_of": as_of, "sequences": 1}


def test_tokens_per_second_of_a_running_request() -> None:
    """Between the moments at which the count was exact, not between the looks."""
    told = speeds((10.0, running_with(100, 9.9)), (11.0, running_with(180, 10.7)), (12.0, running_with(280, 11.7)))
    assert told == [None, pytest.approx(100), pytest.approx(100)]


def test_tokens_per_second_between_two_writings_stay() -> None:
    told = speeds((10.0, running_with(0, 9.9)), (10.3, running_with(20, 10.1)), (10.4, running_with(20, 10.1)))
    assert told[2] == told[1] == pytest.approx(100)


def test_a_request_that_is_not_heard_of_makes_no_tokens() -> None:
    told = speeds((10.0, running_with(0, 9.9)), (10.3, running_with(20, 10.1)), (12.0, running_with(20, 10.1)))
    assert told == [None, pytest.approx(100), 0.0]


def test_idle_is_zero() -> None:
    idle: dict[str, object] = {"tokens": 50, "as_of": 9.0}
    assert speeds((10.0, idle), (11.0, idle), (12.0, idle)) == [None, 0.0, 0.0]


def test_a_beginning_is_not_spread_over_the_idle_time_before() -> None:
    told = speeds((10.0, {"tokens": 50, "as_of": 2.0}), (60.0, {"tokens": 50, "as_of": 2.0}),
                  (61.0, running_with(100, 60.9)))  # fmt: skip
    assert told[2] == pytest.approx(50 / 1.4), "from half a second before the last look, which saw it idle"


def test_the_end_of_a_request_counts_until_main_wrote_it() -> None:
    told = speeds((10.0, running_with(100, 9.9)), (11.0, {"tokens": 150, "as_of": 10.9}))
    assert told == [None, pytest.approx(50)]


def test_main_has_the_sum(stage: Stage) -> None:
    clock, found = Clock(), [instance(count(0), count(1))]
    look = LiveMonitor(clock, lambda: found)
    assert rows(look.view())["main"].tokens_per_s is None
    clock.now += 1
    workers = (count(0, tokens=30, as_of=101.0), count(1, tokens=60, as_of=101.0))
    found[0] = replace(found[0], workers=workers)
    assert rows(look.view())["main"].tokens_per_s == pytest.approx(60)


def test_as_json(stage: Stage) -> None:
    stage.worker(0)
    look = LiveMonitor(find=lambda: running([stage.place]))
    told = json.loads(json.dumps(look.view().as_json()))
    (only,) = told["instances"]
    assert only["pid"] == os.getpid() and only["run_folder"] == "/logs/some-run" and "command" in only
    main, worker = only["processes"]
    assert (main["role"], worker["role"], worker["slot"], worker["user_percent"]) == ("main", "worker", 0, None)


def test_what_threads_waited_stays_when_they_end() -> None:
    watched = _Watched(Subject(os.getpid()))
    assert watched.waited(None) is None
    assert watched.waited({1: SchedStat(0, 100, 0), 2: SchedStat(0, 50, 0)}) == pytest.approx(150e-9)
    assert watched.waited({1: SchedStat(0, 130, 0)}) == pytest.approx(180e-9)
    assert watched.waited(None) == pytest.approx(180e-9), "this look could not read them"
    assert watched.waited({1: SchedStat(0, 131, 0), 3: SchedStat(0, 9, 0)}) == pytest.approx(190e-9)


def test_cpu_time_in_all() -> None:
    own = rows(LiveMonitor(find=lambda: [instance()]).view())["main"]
    used = os.times()
    assert 0 < (own.user_s or 0) <= used.user and 0 <= (own.system_s or 0) <= used.system
    assert own.wait_s is None or own.wait_s >= 0
