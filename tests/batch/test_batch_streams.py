"""Results on a stream are in input order; the clocks of the stages."""

from __future__ import annotations

import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.batch.event_queue import Broken, EventQueue
from llmproc.batch.record import ResultRow
from llmproc.batch.rows import Refused
from llmproc.batch.source import StoppedError
from llmproc.batch.stages import StageClock, Stages
from llmproc.batch.writer import InOrder, Writer

# -- the order on a stream --------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(order=st.permutations(range(12)))
def test_a_stream_has_input_order_whatever_the_order_of_ends(order: list[int]) -> None:
    read, write = os.pipe()
    sink = InOrder(write, "stdout")
    try:
        counts = [sink.append(index, b"%d\n" % index, False) for index in order]
        assert sum(counts) == 12 and os.read(read, 4096).split() == [b"%d" % index for index in range(12)]
        for place, count in enumerate(counts):
            assert (count == 0) == (not set(range(order[place])) <= set(order[:place]))
    finally:
        sink.close()
        os.close(read)
        os.close(write)


def test_a_stream_that_nobody_reads_can_be_given_up() -> None:
    read, write = os.pipe()
    sink, events = InOrder(write, "stdout"), EventQueue()
    writer = Writer(sink, events, Stages())
    writer.start()
    try:
        writer.put(ResultRow(id=0, index=0, status="ok", text="x" * 1_000_000))
        assert os.read(read, 10) == b'{"id":0,"i'
        assert not writer.close(0.01), "it waits for the reader"
        sink.stop()
        assert writer.close(20)
        message = events.take(5)
        assert isinstance(message, Broken) and isinstance(message.error, StoppedError)
    finally:
        sink.close()
        os.close(read)
        os.close(write)


def test_a_stream_whose_reader_is_slow_or_gone() -> None:
    read, write = os.pipe()
    os.set_blocking(write, False)
    sink = InOrder(write, "stdout")
    text = bytes(range(65, 91)) * 20_000
    got: list[bytes] = []
    thread = threading.Thread(target=lambda: got.extend(iter(lambda: os.read(read, 1000), b"")))
    thread.start()
    try:
        assert sink.append(0, text, False) == 1
        os.close(write)
        thread.join(20)
        assert b"".join(got) == text
    finally:
        sink.close()
        os.close(read)
    read, write = os.pipe()
    os.close(read)
    sink = InOrder(write, "stdout")
    try:
        with pytest.raises(BrokenPipeError):
            sink.append(0, b"x", False)
    finally:
        sink.close()
        os.close(write)


# -- clocks -----------------------------------------------------------------------------------------------------------


def test_a_stage_clock() -> None:
    now = [100.0]
    clock = StageClock(lambda: now[0])
    assert clock.busy_s == clock.waiting_s == 0
    clock.start()
    now[0] = 103
    with clock.waiting():
        now[0] = 104
        assert (clock.busy_s, clock.waiting_s) == (3, 1), "read in the middle"
        now[0] = 105
    now[0] = 106
    clock.pause()
    now[0] = 110
    clock.pause()
    clock.go_on(since=108)
    clock.go_on()
    assert (clock.busy_s, clock.waiting_s) == (6, 4)
    clock.pause()
    now[0] = 111
    clock.stop()
    now[0] = 200
    clock.start()
    clock.stop()
    assert (clock.busy_s, clock.waiting_s) == (6, 5)


def test_refused_rows_are_what_they_say() -> None:
    row = Refused(3, 9, 0, "k", "id", "line 9: no")
    assert (row.index, row.extra) == (3, {})
