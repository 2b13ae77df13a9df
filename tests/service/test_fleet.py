"""Several workers on one service: whoever is killed, stopped or slow, every answer is the one it would have been alone.

The small counts are logic; the big ones (`-m soak`) are what the issue asks to be shown.
"""

from __future__ import annotations

import contextlib
import os
import random
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from service.serving import Recorder, collect, serving, slow_model
from support.orders import order
from support.waiting import until

from llmproc.config import EngineOptions, shipped_file
from llmproc.dispatch import POLICIES
from llmproc.service.messages import Generate
from llmproc.service.service import Service
from llmproc.service.ticket import Tokens

KILL_EVERY_S = 0.3
MODES = list(POLICIES)
NAMES = {"ws": "workstealing", "sp": "static", "seq": "sequential", "lpt": "longest first"}


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return slow_model(tmp_path_factory.mktemp("model"))


def shipped() -> Path:
    return shipped_file("model", "model.bin")


def orders(count: int, seed: int = 1) -> list[Generate]:
    """Prompts and answers of many lengths, some greedy, some that share a beginning."""
    chance, found = random.Random(seed), []
    common = [1, *(chance.randint(3, 400) for _ in range(40))]
    for number in range(count):
        ids = [*common[: chance.choice((1, 20, 41))], *(chance.randint(3, 400) for _ in range(chance.randint(1, 20)))]
        temperature = 0.0 if number % 3 == 0 else 0.8
        found.append(order(ids, chance.randint(1, 60), temperature, seed=number, end_tokens=[2, 7]))
    return found


Answers = list[tuple[list[int], str, int, int]]


def answers(service: Service, asked: list[Generate]) -> Answers:
    """Ids, reason, draws and positions of each."""
    tickets = [service.submit(one) for one in asked]
    ends = [collect(ticket) for ticket in tickets]
    assert all(ticket.next(0) is None for ticket in tickets), "one end each"
    return [(ids, end.reason, end.draws, end.positions) for ids, end in ends]


def undisturbed(checkpoint: Path, asked: list[Generate]) -> Answers:
    """By one worker, one at a time."""
    with serving(checkpoint, engine=EngineOptions(threads=1)) as service:
        return answers(service, asked)


def all_ready(service: Service) -> list[int]:
    """Pids, once every worker is there."""
    service.wait_ready(120)
    end = time.monotonic() + 60
    while any(worker.state != "ready" for worker in service.workers()):
        assert time.monotonic() < end, "not all workers come"
        time.sleep(0.001)
    return [worker.pid for worker in service.workers()]


@contextlib.contextmanager
def in_the_background(act: Callable[[], object], every_s: float) -> Iterator[None]:
    stop = threading.Event()

    def loop() -> None:
        while not stop.wait(every_s):
            act()

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def hurt(service: Service, number: int, chance: random.Random, done: list[int]) -> None:
    """Send a signal to a worker that is there."""
    pids = [worker.pid for worker in service.workers() if worker.state == "ready"]
    if pids:
        pid = chance.choice(pids)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
            done.append(pid)


@pytest.mark.parametrize("mode", MODES, ids=NAMES.get)
def test_every_mode_gives_the_same_answers(mode: str) -> None:
    asked = orders(24)
    expected = undisturbed(shipped(), asked)
    recorder = Recorder()
    with serving(shipped(), recorder, workers=3, mode=mode, engine=EngineOptions(threads=1, sequences=2)) as service:
        all_ready(service)
        assert answers(service, asked) == expected
    taken = [fields for kind, fields in recorder.events if kind == "request_dispatched"]
    by_worker = Counter(fields["worker"] for fields in taken)
    if mode == "seq":
        assert by_worker == {0: 24}
    elif mode == "sp":
        assert by_worker == {0: 8, 1: 8, 2: 8} and not recorder.named("request_stolen")
    else:
        assert sum(by_worker.values()) == 24


def test_thieves_take_what_a_busy_owner_has_not_begun(slow: Path) -> None:
    """Worker 0 is dealt all that is long: the other one runs what waits behind it, and says from whom it has it."""
    recorder = Recorder()
    with serving(slow, recorder, workers=2, mode="ws", engine=EngineOptions(threads=1)) as service:
        pids = all_ready(service)
        os.kill(pids[0], signal.SIGSTOP)
        try:
            tickets = [service.submit(order([1, 5 + number], 3)) for number in range(8)]
            found = [collect(ticket) for ticket in tickets]
        finally:
            os.kill(pids[0], signal.SIGCONT)
    assert [end.reason for _, end in found] == ["length"] * 8
    assert {ticket.worker for ticket in tickets} == {1}
    stolen = [fields for kind, fields in recorder.events if kind == "request_stolen"]
    assert {fields["request"] for fields in stolen} == {1, 3, 5, 7}
    assert {(fields["worker"], fields["ring"]) for fields in stolen} == {(1, 0)}
    assert all(0 < fields["at"] <= time.monotonic() for fields in stolen)


@pytest.mark.parametrize("mode", MODES, ids=NAMES.get)
def test_random_workers_are_killed_and_nobody_notices(mode: str) -> None:
    under_fire(mode, count=60, workers=2 if mode == "seq" else 3, every_s=0.05, least=3)


@pytest.mark.soak
@pytest.mark.parametrize("mode", ["ws", "sp"])
def test_a_thousand_requests_while_workers_are_killed(mode: str) -> None:
    under_fire(mode, count=1000, workers=4, every_s=KILL_EVERY_S, least=10)


def under_fire(mode: str, count: int, workers: int, every_s: float, least: int) -> None:
    """Ask `count` while a random worker is killed again and again; compare with nobody killed."""
    asked = orders(count)
    expected = undisturbed(shipped(), asked)
    recorder, chance, killed, rounds = Recorder(), random.Random(5), [], 0
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ended_at = 0

    def fire() -> None:
        """Not faster than answers come: who dies three times without a token between is to blame, by the rule."""
        nonlocal ended_at
        if (ended := len(recorder.named("request_done"))) >= ended_at + 4 * workers:
            hurt(service, signal.SIGKILL, chance, killed)
            ended_at = ended

    with serving(
        shipped(), recorder, workers=workers, mode=mode, engine=EngineOptions(threads=1, sequences=2)
    ) as service:
        all_ready(service)
        fds = len(os.listdir("/proc/self/fd"))
        with in_the_background(fire, every_s):
            while len(killed) < least:  # a quick machine is done before it hurts
                assert answers(service, asked) == expected
                rounds += 1
        all_ready(service)
        until(lambda: len(os.listdir("/proc/self/fd")) == fds, "descriptors of dead workers are not closed")
        assert not any(worker.requests for worker in service.workers())
    ended = [fields["reason"] for kind, fields in recorder.events if kind == "request_done"]
    assert len(ended) == rounds * count and set(ended) <= {"length", "end"}
    assert recorder.named("worker_died").count("worker_died") >= len(killed)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 100_000, f"main grew by {grown} KB"


def test_a_stopped_worker_is_found_stuck_and_its_requests_move(slow: Path) -> None:
    stuck(slow, count=8, workers=2, stops=1)


@pytest.mark.soak
def test_a_thousand_requests_while_workers_are_stopped() -> None:
    stuck(shipped(), count=1000, workers=4, stops=5)


def stuck(checkpoint: Path, count: int, workers: int, stops: int) -> None:
    """SIGSTOP, and nobody continues them."""
    asked = orders(count)
    expected = undisturbed(checkpoint, asked)
    recorder, chance, stopped = Recorder(), random.Random(5), []
    options = EngineOptions(threads=1, sequences=2)
    with serving(checkpoint, recorder, workers=workers, mode="ws", engine=options, stuck_after_s=1.0) as service:
        all_ready(service)

        def stop() -> None:
            busy = [worker for worker in service.workers() if worker.state == "ready" and worker.requests]
            if busy and len(stopped) < stops:
                pid = chance.choice(busy).pid
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
                    stopped.append(pid)

        with in_the_background(stop, 0.05):
            while len(stopped) < stops:
                assert answers(service, asked) == expected
        died = {fields["pid"] for kind, fields in recorder.events if kind == "worker_died"}
        assert set(stopped) <= died, "who neither runs nor waits is ended, so that his requests can go on"


def test_a_dead_worker_is_replaced_quickly_and_its_request_goes_on(
    slow: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How quickly is printed, not asserted: the machine may be busy with something else."""
    asked = order([1, 5, 9], 40)
    expected = undisturbed(slow, [asked])
    recorder = Recorder()
    with serving(slow, recorder, workers=2, engine=EngineOptions(threads=1)) as service:
        all_ready(service)
        ticket = service.submit(asked)
        first = ticket.next(30)
        assert isinstance(first, Tokens) and ticket.worker is not None
        killed = time.monotonic()
        os.kill(service.workers()[ticket.worker].pid, signal.SIGKILL)
        while len(recorder.named("worker_ready")) < 3:
            time.sleep(0.001)
        took = time.monotonic() - killed
        rest, end = collect(ticket)
        with capsys.disabled():
            print(f"\na killed worker's successor was ready after {1000 * took:.0f} ms")
        assert [(end.reason, end.draws, end.positions)] == [part[1:] for part in expected]
        assert [*first.ids, *rest] == expected[0][0] and ticket.attempts == 2
    kinds = recorder.named("worker_died", "worker_replaced")
    assert kinds[:2] == ["worker_died", "worker_replaced"]
