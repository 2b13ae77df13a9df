"""A queue whose waits end when they should: order, signals at the worst moment, many writers."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Iterator

import pytest

from llmproc.processes.mailbox import Mailbox

LATE_S = 20.0


@pytest.fixture
def storm() -> Iterator[None]:
    """Signals that mean nothing, thousands a second, to the main thread."""
    before, main, over = signal.signal(signal.SIGURG, lambda *_: None), threading.get_ident(), threading.Event()

    def fire() -> None:
        while not over.wait(0.0001):
            signal.pthread_kill(main, signal.SIGURG)

    thread = threading.Thread(target=fire)
    thread.start()
    yield
    over.set()
    thread.join()
    signal.signal(signal.SIGURG, before)


def test_what_is_put_is_taken_in_order() -> None:
    box: Mailbox[int] = Mailbox()
    assert box.empty() and box.take(0) is None and box.take(0.001) is None
    for item in range(5):
        box.put(item)
    assert not box.empty()
    assert [box.take() for _ in range(5)] == [0, 1, 2, 3, 4]
    assert box.empty() and box.take(0) is None


def test_a_wait_ends_though_signals_come_when_its_time_runs_out(storm: None) -> None:
    """With queue.SimpleQueue of Python 3.11 and 3.12 one of the first ten of these waits never ends."""
    box: Mailbox[str] = Mailbox()
    rescue = threading.Timer(LATE_S, box.put, ["it hung"])
    rescue.start()
    assert [box.take(0.001) for _ in range(300)] == [None] * 300
    rescue.cancel()
    rescue.join()


def test_nothing_is_lost_between_writers_and_a_reader_that_hurries(storm: None) -> None:
    box: Mailbox[tuple[int, int]] = Mailbox()
    chance = random.Random(3)

    def write(writer: int) -> None:
        for number in range(2000):
            box.put((writer, number))

    writers = [threading.Thread(target=write, args=(writer,)) for writer in range(3)]
    for thread in writers:
        thread.start()
    taken: dict[int, list[int]] = {0: [], 1: [], 2: []}
    while sum(map(len, taken.values())) < 6000:
        item = box.take(chance.choice((None, 0, 0.0001, 1)))
        if item is not None:
            taken[item[0]].append(item[1])
    for thread in writers:
        thread.join()
    assert all(numbers == list(range(2000)) for numbers in taken.values()) and box.empty()


def test_a_signal_handler_may_put(storm: None) -> None:
    box: Mailbox[str] = Mailbox()
    before = signal.signal(signal.SIGALRM, lambda *_: box.put("from the handler"))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        assert box.take(LATE_S) == "from the handler"
    finally:
        signal.signal(signal.SIGALRM, before)
