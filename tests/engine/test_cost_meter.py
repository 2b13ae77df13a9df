"""What an engine's requests cost: fake readings through real steps, and what the kernel says of this process."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from engine.asking import request
from engine.fake_forward import POISON, FakeForward, drain, make_engine
from support.waiting import until

from llmproc.engine.batch import PAGE
from llmproc.engine.cost_meter import CostMeter, ProcessTimes
from llmproc.engine.costs import Times
from llmproc.engine.engine import Engine
from llmproc.engine.events import Finish

PAGE_BYTES = 1000


class FakeProcess:
    """A process that takes a second of CPU time, a fifth of it in the kernel, whenever its clock is read."""

    def __init__(self) -> None:
        self.cpu_s = 100.0
        self.reads = 0

    def cpu(self) -> float:
        self.cpu_s += 1
        return self.cpu_s

    def times(self) -> Times:
        self.reads += 1
        return Times(0.8 * self.cpu_s, 0.2 * self.cpu_s, 3 * self.cpu_s)

    def meter(self, clock: float = 0.0) -> CostMeter:
        return CostMeter(PAGE_BYTES, self.times, self.cpu, lambda: clock)


def finishes(engine: Engine) -> dict[int, Finish]:
    return {event.request_id: event for event in drain(engine) if isinstance(event, Finish)}


def test_every_second_of_the_steps_is_on_a_bill() -> None:
    process = FakeProcess()
    engine = make_engine(FakeForward(12, 64), 3, 16, meter=process.meter())
    for number in range(6):
        engine.add(request(number, tuple(range(number, number + 20)), 5 + 6 * number))
    began = process.cpu_s
    ends = finishes(engine).values()
    spent = process.cpu_s - began
    assert sum(end.user_s for end in ends) == pytest.approx(0.8 * spent)
    assert sum(end.system_s for end in ends) == pytest.approx(0.2 * spent)
    assert sum(end.wait_s for end in ends) == pytest.approx(3 * spent)
    assert all(end.user_s > 0 and end.kv_bytes > 0 for end in ends)
    assert process.reads == 1 + 6, "when the first came, and for each that ended: the clock stands still"


def test_more_ids_cost_more() -> None:
    engine = make_engine(FakeForward(64, 200), 2, 256, meter=FakeProcess().meter())
    engine.add(request(1, tuple(range(5, 14)), 1))
    engine.add(request(2, tuple(n % POISON for n in range(90)), 1))
    ends = finishes(engine)
    assert ends[2].user_s == pytest.approx(10 * ends[1].user_s)
    assert (ends[1].kv_bytes, ends[2].kv_bytes) == (PAGE_BYTES, 6 * PAGE_BYTES)


def test_a_preempted_sequence_pays_for_all_its_passes_and_a_page_held_twice_counts_once() -> None:
    process = FakeProcess()
    engine = make_engine(FakeForward(4), 2, meter=process.meter())
    for number in (1, 2):
        engine.add(request(number, tuple(range(number, number + 31)), 20))
    began, ends = process.cpu_s, finishes(engine)
    assert engine.preempted > 0
    assert sum(end.user_s for end in ends.values()) == pytest.approx(0.8 * (process.cpu_s - began))
    assert [end.kv_bytes for end in ends.values()] == [-(-50 // PAGE) * PAGE_BYTES] * 2


def test_cancelled_and_failed_requests_have_bills_and_time_without_requests_has_none() -> None:
    process = FakeProcess()
    engine = make_engine(FakeForward(), 2, meter=process.meter())
    engine.add(request(1, (POISON, 3), 9))
    failed = finishes(engine)[1]
    assert failed.reason == "failed" and failed.user_s == pytest.approx(0.8) and failed.kv_bytes == PAGE_BYTES
    process.cpu_s += 1000  # nothing runs
    engine.add(request(2, (4, 3), 9))
    engine.step()
    engine.cancel(2)
    cancelled = finishes(engine)[2]
    assert cancelled.reason == "cancelled" and cancelled.user_s == pytest.approx(0.8)
    engine.add(request(3, (4, 3), 9))
    engine.cancel(3)
    assert finishes(engine)[3].user_s == 0, "no step was made for it"


def test_long_requests_are_told_of_waiting_every_50_ms() -> None:
    process, now = FakeProcess(), [0.0]
    meter = CostMeter(PAGE_BYTES, process.times, process.cpu, lambda: now[0])
    engine = make_engine(FakeForward(), 1, meter=meter)
    engine.add(request(1, (4, 3), 40))
    for step in range(30):
        now[0] = step * 0.0101
        engine.step()
    assert process.reads == 1 + 5


def test_an_engine_without_a_meter_tells_no_costs() -> None:
    engine = make_engine()
    engine.add(request(1))
    end = finishes(engine)[1]
    assert (end.user_s, end.system_s, end.wait_s, end.kv_bytes) == (0, 0, 0, 0)


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_the_kernel_tells_the_time_of_all_threads() -> None:
    stop, ready = threading.Event(), threading.Event()

    def work() -> None:
        ready.set()
        stop.wait()
        burn(0.05)

    thread = threading.Thread(target=work)
    thread.start()
    ready.wait()
    times = ProcessTimes()
    try:
        before = times.read()
        stop.set()
        burn(0.05)
        thread.join()
        until(lambda: str(thread.native_id) not in os.listdir("/proc/self/task"))
        after = times.read()
    finally:
        times.close()
    assert after.user_s + after.system_s - before.user_s - before.system_s >= 0.09
    assert after.wait_s == before.wait_s, "a thread has ended: from here on waiting is not known"


def test_waiting_grows_while_two_threads_share_a_cpu() -> None:
    allowed, ended = os.sched_getaffinity(0), threading.Event()
    started, done = threading.Event(), threading.Event()

    def work() -> None:
        os.sched_setaffinity(0, {min(allowed)})
        started.set()
        while not done.is_set():
            burn(0.001)
        ended.wait()

    thread = threading.Thread(target=work)
    thread.start()
    started.wait()
    times = ProcessTimes()
    try:
        before = times.read()
        os.sched_setaffinity(0, {min(allowed)})
        burn(0.05)
        after = times.read()
    finally:
        os.sched_setaffinity(0, allowed)
        times.close()
        times.close()
        done.set()
        ended.set()
        thread.join()
    assert after.wait_s - before.wait_s > 0.01


def test_where_the_kernel_does_not_count_waiting_it_is_zero(tmp_path: Path) -> None:
    times = ProcessTimes(str(tmp_path))
    read = times.read()
    assert read.wait_s == 0 and read.user_s > 0
    times.close()
