"""The bounded queue: nothing is lost uncounted, in whatever order things happen."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st
from telemetry.records import request_record

from llmproc.telemetry.queue import SpanCounts, SpanQueue


def test_a_full_queue_drops_what_comes_last() -> None:
    queue = SpanQueue(most=2)
    for seed in range(3):
        queue.put(request_record(input_tokens=seed))
    assert [record.input_tokens for record in queue.take(9)] == [0, 1]
    assert queue.counts() == SpanCounts(queue_full=1)


def test_texts_are_bounded_in_bytes_and_a_single_one_always_fits() -> None:
    queue = SpanQueue(most_bytes=100)
    for weight in (500, 1):
        queue.put(request_record(weight=weight))
    assert queue.counts().queue_full == 1 and len(queue.take(9)) == 1
    queue.put(request_record(weight=99))
    queue.put(request_record(weight=1))
    assert queue.counts().queue_full == 1, "room is given back when records are taken"


def test_what_is_left_at_the_end_is_dropped_and_counted_once() -> None:
    queue = SpanQueue()
    for _ in range(5):
        queue.put(request_record())
    queue.take(2)
    assert queue.close_counts() == SpanCounts(shutdown=5)
    queue.settle(exported=2)  # the exporter's thread comes back late
    queue.put(request_record())
    assert queue.counts() == SpanCounts(shutdown=6) and not queue.take(9)


def test_enough_records_end_the_sleep() -> None:
    queue, woken = SpanQueue(), threading.Event()
    sleeper = threading.Thread(target=lambda: (queue.wait(60), woken.set()))
    sleeper.start()
    queue.put(request_record(), wake_at=2)
    assert not woken.wait(0.05)
    queue.put(request_record(), wake_at=2)
    assert woken.wait(20)
    sleeper.join()


@given(st.lists(st.sampled_from(["put", "take", "sent", "lost", "unwanted"]), max_size=60), st.integers(1, 5))
def test_every_record_is_counted_exactly_once(steps: list[str], most: int) -> None:
    queue, put, taken, unwanted = SpanQueue(most=most), 0, 0, 0
    for step in steps:
        if step == "put":
            queue.put(request_record())
            put += 1
        elif step == "take":
            taken += len(queue.take(2))
        elif taken:
            taken -= 1
            unwanted += step == "unwanted"
            queue.settle(int(step == "sent"), int(step == "lost"), int(step == "unwanted"))
    counts = queue.close_counts()
    assert counts.exported + counts.dropped + unwanted == put
