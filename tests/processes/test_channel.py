"""Channels: partial writes, full pipes, broken pipes, the control socket with descriptors, waking up."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.errors import ProtocolError
from llmproc.processes.channel import (
    CONTROL_PAYLOAD,
    OUTBOX_LIMIT,
    ControlSocket,
    OutboxFullError,
    WorkerChannel,
    WorkerPipes,
)
from llmproc.processes.frames import MAX_PAYLOAD, Frame, encode_frame

BIG = Frame(16, 1, bytes(range(256)) * 2000)  # 512,000 bytes: eight pipes full


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for fd in ends:
        try:
            os.close(fd)
        except OSError:
            continue


def loop(pipe: tuple[int, int]) -> WorkerPipes:
    """Both ends of one pipe as main's two: it reads what it has sent."""
    return WorkerPipes(pipe[1], pipe[0])


@pytest.fixture
def control() -> Iterator[tuple[ControlSocket, socket.socket]]:
    ours, theirs = ControlSocket.pair()
    yield ours, theirs
    ours.close()
    theirs.close()


# -- outbox and inbox -----------------------------------------------------------------------------------------------


def test_a_full_pipe_does_not_block_and_partial_writes_lose_nothing(pipe: tuple[int, int]) -> None:
    outbox = inbox = loop(pipe)
    outbox.put(BIG)
    outbox.put(Frame(17, 2, b"after"))
    assert not outbox.flush()
    waiting = outbox.size
    assert 0 < waiting < len(BIG.payload)
    got: list[Frame] = []
    for _ in range(100):
        got += inbox.read(everything=True)
        if outbox.flush() and outbox.size == 0:
            break
    got += inbox.read(everything=True)
    assert got == [BIG, Frame(17, 2, b"after")]
    assert outbox.size == 0


def test_an_empty_outbox_has_nothing_to_wait_for(pipe: tuple[int, int]) -> None:
    assert loop(pipe).flush()


def test_the_cap_refuses_a_frame_as_a_whole(pipe: tuple[int, int]) -> None:
    frame = Frame(16, 1, bytes(100))
    size = len(encode_frame(frame))
    outbox = WorkerPipes(pipe[1], pipe[0], limit=2 * size)
    outbox.put(frame)
    outbox.put(frame)
    with pytest.raises(OutboxFullError, match="does not read") as error:
        outbox.put(Frame(16))
    assert error.value.http_status == 429
    assert outbox.size == 2 * size
    assert outbox.flush()
    outbox.put(frame)  # what has been written makes room
    assert loop(pipe).read() == [frame, frame]


def test_the_usual_cap_holds_a_few_greatest_frames_but_no_flood(pipe: tuple[int, int]) -> None:
    outbox, frame, count = loop(pipe), Frame(16, 1, bytes(MAX_PAYLOAD)), 0
    with pytest.raises(OutboxFullError):
        while count < 100:
            outbox.put(frame)
            count += 1
    assert 1 <= count <= OUTBOX_LIMIT // MAX_PAYLOAD


def test_a_broken_pipe_empties_the_queue_and_raises_nothing(pipe: tuple[int, int]) -> None:
    outbox = loop(pipe)
    outbox.put(BIG)
    outbox.flush()
    os.close(pipe[0])
    assert outbox.flush()
    assert outbox.size == 0


def test_inbox_reads_one_piece_or_everything(pipe: tuple[int, int]) -> None:
    inbox = loop(pipe)
    assert inbox.read() == []  # nothing there: no blocking
    assert inbox.read(everything=True) == []
    os.write(pipe[1], encode_frame(Frame(16)) * 2)
    os.close(pipe[1])
    assert inbox.read() == [Frame(16)] * 2
    assert not inbox.ended
    assert inbox.read(everything=True) == []
    assert inbox.ended
    assert inbox.read() == []


def test_inbox_reports_foreign_bytes(pipe: tuple[int, int]) -> None:
    os.write(pipe[1], b"Traceback (most recent call last)")
    with pytest.raises(ProtocolError, match="magic"):
        loop(pipe).read()


def test_both_ends_of_main_are_non_blocking(pipe: tuple[int, int]) -> None:
    loop(pipe)
    assert not os.get_blocking(pipe[0])
    assert not os.get_blocking(pipe[1])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=8), st.integers(1, 50))
def test_any_load_crosses_in_order(sizes: list[int], seed: int) -> None:
    read_end, write_end = os.pipe()
    try:
        outbox = inbox = WorkerPipes(write_end, read_end)
        sent = [Frame(16 + n, seed, bytes([n]) * size) for n, size in enumerate(sizes)]
        got: list[Frame] = []
        for frame in sent:
            outbox.put(frame)
            if len(got) % 2 == seed % 2:
                outbox.flush()
            got += inbox.read()
        while not outbox.flush():
            got += inbox.read()
        got += inbox.read(everything=True)
        assert got == sent
    finally:
        os.close(read_end)
        os.close(write_end)


# -- a worker's channel ---------------------------------------------------------------------------------------------


class Ends:
    """A worker's channel, and main's ends of it as plain descriptors."""

    def __init__(self) -> None:
        self.request_read, self.request = os.pipe()
        self.event, self.event_write = os.pipe()
        self.wake_read, self.wake = os.pipe()
        self.channel = WorkerChannel(self.request_read, self.event_write, self.wake_read)

    def close(self, *names: str) -> None:
        for name in names or ("request_read", "request", "event", "event_write", "wake_read", "wake"):
            fd = self.__dict__.pop(name, None)
            if fd is not None:
                os.close(fd)


@pytest.fixture
def ends() -> Iterator[Ends]:
    ends = Ends()
    yield ends
    ends.close()


def test_polling_gives_none_when_there_is_nothing(ends: Ends) -> None:
    assert ends.channel.receive(0) is None
    assert not ends.channel.ended


def test_frames_of_one_read_come_one_by_one_in_order(ends: Ends) -> None:
    os.write(ends.request, b"".join(encode_frame(Frame(16, n)) for n in range(3)))
    assert [ends.channel.receive(0).request_id for _ in range(3)] == [0, 1, 2]
    assert ends.channel.receive(0) is None


def test_half_a_frame_is_waited_for(ends: Ends) -> None:
    data = encode_frame(Frame(16, 1, b"x" * 100))
    os.write(ends.request, data[:50])
    assert ends.channel.receive(0) is None
    os.write(ends.request, data[50:])
    assert ends.channel.receive() == Frame(16, 1, b"x" * 100)


def test_end_of_the_request_pipe_is_told_after_the_last_frame(ends: Ends) -> None:
    os.write(ends.request, encode_frame(Frame(16)))
    ends.close("request")
    assert ends.channel.receive() == Frame(16)
    assert ends.channel.receive() is None
    assert ends.channel.ended


def test_the_wake_descriptor_ends_a_blocking_wait_once(ends: Ends) -> None:
    os.write(ends.wake, b"!!")
    assert ends.channel.receive() is None
    assert not ends.channel.ended
    os.write(ends.request, encode_frame(Frame(16)))
    assert ends.channel.receive() == Frame(16)  # the wake bytes are gone: no spinning, no loss
    assert ends.channel.receive(0) is None


def test_a_wake_up_does_not_hide_a_request(ends: Ends) -> None:
    os.write(ends.request, encode_frame(Frame(16)))
    os.write(ends.wake, b"!")
    assert ends.channel.receive() == Frame(16)


def test_send_waits_for_a_slow_reader_and_loses_nothing(ends: Ends) -> None:
    inbox, got = WorkerPipes(ends.request, ends.event), []
    thread = threading.Thread(target=ends.channel.send, args=(BIG,))
    thread.start()
    while not got:
        got += inbox.read(everything=True)
    thread.join()
    assert got == [BIG]


def test_send_to_a_dead_main_raises(ends: Ends) -> None:
    ends.close("event")
    with pytest.raises(BrokenPipeError):
        ends.channel.send(Frame(16))


def test_a_signal_ends_a_blocking_wait(ends: Ends) -> None:
    os.set_blocking(ends.wake, False)

    def end(number: int, frame: object) -> None:
        ends.channel.ended = True

    before = signal.signal(signal.SIGUSR1, end)
    signal.set_wakeup_fd(ends.wake)
    try:
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert ends.channel.receive() is None
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, before)
    assert ends.channel.ended


# -- the control socket ---------------------------------------------------------------------------------------------


def test_a_packet_carries_its_descriptors(control: tuple[ControlSocket, socket.socket], pipe: tuple[int, int]) -> None:
    ours, theirs = control
    other = ControlSocket(theirs)
    ours.send(Frame(5, 3, b"payload"), [pipe[1], pipe[0]])
    packet = other.receive()
    assert packet is not None
    frame, fds = packet
    try:
        assert frame == Frame(5, 3, b"payload")
        assert [os.fstat(fd).st_ino for fd in fds] == [os.fstat(pipe[1]).st_ino, os.fstat(pipe[0]).st_ino]
        assert not any(map(os.get_inheritable, fds)), "a descriptor that any program started here would keep open"
        os.write(fds[0], b"through")
        assert os.read(pipe[0], 7) == b"through"
    finally:
        for fd in fds:
            os.close(fd)


def test_packets_keep_their_borders(control: tuple[ControlSocket, socket.socket]) -> None:
    ours, theirs = control
    for number in range(3):
        ours.send(Frame(5, number))
    other = ControlSocket(theirs)
    assert [other.receive() for _ in range(3)] == [(Frame(5, number), []) for number in range(3)]


def test_receiving_without_blocking(control: tuple[ControlSocket, socket.socket]) -> None:
    with pytest.raises(BlockingIOError):
        control[0].receive(0)


def test_the_greatest_control_payload_passes_and_more_is_refused(control: tuple[ControlSocket, socket.socket]) -> None:
    ours, theirs = control
    ours.send(Frame(5, 0, bytes(CONTROL_PAYLOAD)))
    assert ControlSocket(theirs).receive() == (Frame(5, 0, bytes(CONTROL_PAYLOAD)), [])
    with pytest.raises(ProtocolError, match=str(CONTROL_PAYLOAD + 1)):
        ours.send(Frame(5, 0, bytes(CONTROL_PAYLOAD + 1)))


@pytest.mark.parametrize(
    "data",
    [
        encode_frame(Frame(5, 0, bytes(CONTROL_PAYLOAD + 1))),  # truncated by the kernel
        encode_frame(Frame(5, 0, b"short"))[:-1],
        encode_frame(Frame(5)) * 2,
        encode_frame(Frame(5)) + b"L",
        b"garbage that is long enough for a header",
    ],
    ids=["too long", "too short", "two frames", "a frame and a byte", "garbage"],
)
def test_a_packet_that_is_not_one_frame_is_refused_and_its_descriptors_closed(
    control: tuple[ControlSocket, socket.socket], pipe: tuple[int, int], data: bytes
) -> None:
    ours, theirs = control
    open_before = len(os.listdir("/proc/self/fd"))
    socket.send_fds(theirs, [data], list(pipe))
    with pytest.raises(ProtocolError):
        packet = ours.receive()
        pytest.fail(f"took {packet}")
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_more_descriptors_than_expected_are_refused_and_closed(
    control: tuple[ControlSocket, socket.socket], pipe: tuple[int, int]
) -> None:
    ours, theirs = control
    open_before = len(os.listdir("/proc/self/fd"))
    socket.send_fds(theirs, [encode_frame(Frame(5))], [pipe[0]] * 20)
    with pytest.raises(ProtocolError):
        ours.receive()
    assert len(os.listdir("/proc/self/fd")) == open_before


def test_the_other_side_gone(control: tuple[ControlSocket, socket.socket]) -> None:
    ours, theirs = control
    theirs.close()
    assert ours.receive() is None
    with pytest.raises(ConnectionError):
        ours.send(Frame(5))


def test_a_reset_connection_is_an_end(control: tuple[ControlSocket, socket.socket]) -> None:
    ours, theirs = control
    ours.send(Frame(5))  # unread when the other side goes: the kernel answers with a reset
    theirs.close()
    assert ours.receive() is None


def test_shutdown_leaves_the_other_direction_open(control: tuple[ControlSocket, socket.socket]) -> None:
    ours, theirs = control
    other = ControlSocket(theirs)
    ours.shutdown()
    assert other.receive() is None
    other.send(Frame(9, 1, b"last words"))
    assert ours.receive() == (Frame(9, 1, b"last words"), [])
