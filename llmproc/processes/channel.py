"""Channels: frames over file descriptors.

    WorkerPipes      main's ends: non-blocking, bounded, driven by its selector; main never blocks on a pipe
    WorkerChannel    a worker's ends: polls for requests between steps, blocks when it has nothing to do
    ControlSocket    main <-> template: one frame a packet (SOCK_SEQPACKET), descriptors may travel with it

A pipe holds 65,536 bytes; two blocking ends can therefore wait for each other. That is why main's side queues.
"""

from __future__ import annotations

import os
import select
import selectors
import socket
import struct
from collections import deque
from collections.abc import Sequence

from llmproc.errors import ProtocolError
from llmproc.processes.frames import HEADER_SIZE, Frame, decode_frame, decode_stream, encode_frame
from llmproc.processes.protocol import READY

OUTBOX_LIMIT = 4 << 20
_READ_SIZE = 1 << 16
_FDS_SPACE = socket.CMSG_LEN(8 * struct.calcsize("i"))  # for at most 8 descriptors in a packet
CONTROL_PAYLOAD = 48 << 10  # a packet must fit into the socket's buffer (212,992 bytes by default)


class OutboxFullError(ProtocolError):
    """The queue to a worker that does not read is at its limit."""

    http_status = 429


class WorkerPipes:
    """Main's ends of one worker's two pipes: a bounded queue of frames out, frames in."""

    def __init__(
        self,
        write_fd: int,
        read_fd: int,
        selector: selectors.BaseSelector | None = None,
        limit: int = OUTBOX_LIMIT,
    ) -> None:
        """Own the two descriptors. `selector` flushes the queue when a full pipe can be written again."""
        for fd in (write_fd, read_fd):
            os.set_blocking(fd, False)
        self.write_fd, self.read_fd = write_fd, read_fd
        self.ended = False  # the worker has closed its end
        self._selector, self._limit = selector, limit
        self._watched = False  # the selector waits until the pipe can be written
        self._queue: deque[memoryview] = deque()
        self._size = 0
        self._received = bytearray()  # of a frame that is not whole yet

    @property
    def size(self) -> int:
        """Return the bytes that wait to be written."""
        return self._size

    def send(self, frame: Frame) -> None:
        """Queue one frame, and write what the pipe takes. OutboxFullError over the limit; nothing is queued then."""
        self.put(frame)
        self.flush()

    def put(self, frame: Frame) -> None:
        """Queue one frame. OutboxFullError when the limit would be passed; nothing is queued then."""
        data = encode_frame(frame)
        if self._size + len(data) > self._limit:
            raise OutboxFullError(f"{self._size} bytes wait for a worker that does not read: at most {self._limit}")
        self._queue.append(memoryview(data))
        self._size += len(data)

    def flush(self) -> bool:
        """Write what the pipe takes; True when nothing waits. A broken pipe empties the queue: the pidfd tells."""
        while self._queue:
            data = self._queue[0]
            try:
                written = os.write(self.write_fd, data)
            except BlockingIOError:
                break
            except BrokenPipeError:
                self._queue.clear()
                self._size = 0
                break
            self._size -= written
            if written < len(data):
                self._queue[0] = data[written:]
            else:
                self._queue.popleft()
        if self._selector is not None and bool(self._queue) is not self._watched:
            self._watch(self._selector)
        return not self._queue

    def read(self, everything: bool = False) -> list[Frame]:
        """Return the frames that are there now: one read's, or all of them. ProtocolError on foreign bytes."""
        frames: list[Frame] = []
        while not self.ended:
            try:
                data = os.read(self.read_fd, _READ_SIZE)
            except BlockingIOError:
                break
            if not data:
                self.ended = True
                break
            frames += decode_stream(self._received, data)
            if not everything:
                break
        return frames

    def _watch(self, selector: selectors.BaseSelector) -> None:
        """Have the selector call `flush` while something waits, and no longer."""
        self._watched = not self._watched
        if self._watched:
            selector.register(self.write_fd, selectors.EVENT_WRITE, self.flush)
        else:
            selector.unregister(self.write_fd)


class WorkerChannel:
    """A worker's two pipes. `wake_fd` (optional) also ends a blocking wait: signals write to it."""

    def __init__(self, request_fd: int, event_fd: int, wake_fd: int | None = None) -> None:
        self._request_fd, self._event_fd, self._wake_fd = request_fd, event_fd, wake_fd
        self._received = bytearray()
        self._ready: deque[Frame] = deque()
        self._poll = select.poll()
        self._poll.register(request_fd, select.POLLIN)
        if wake_fd is not None:
            self._poll.register(wake_fd, select.POLLIN)
        self.ended = False  # main has closed its end, or has died

    def receive(self, patience: float | None = None) -> Frame | None:
        """Return the next request frame; None when none comes for `patience` seconds, after a wake-up, or when `ended`.

        `patience` None: however long it takes.
        """
        while not self._ready and not self.ended:
            ready = dict(self._poll.poll(None if patience is None else patience * 1000))
            if self._request_fd in ready:
                data = os.read(self._request_fd, _READ_SIZE)
                self.ended |= not data  # a SIGTERM may have set it meanwhile
                self._ready.extend(decode_stream(self._received, data))
            else:
                if self._wake_fd in ready:
                    os.read(self._wake_fd, 512)
                return None
        return self._ready.popleft() if self._ready else None

    def ready(self) -> None:
        """Say that requests can come: a child's own first word, once it has everything it needs."""
        self.send(Frame(READY))

    def send(self, frame: Frame) -> None:
        """Write one event frame, waiting while main has not read the ones before it. BrokenPipeError: main is gone."""
        data = memoryview(encode_frame(frame))
        while data:
            data = data[os.write(self._event_fd, data) :]


class ControlSocket:
    """One end of the control socket; takes ownership of `end`."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end

    @classmethod
    def pair(cls) -> tuple[ControlSocket, socket.socket]:
        """Make main's end, and the raw socket whose descriptor the template inherits."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(ours), theirs

    def fileno(self) -> int:
        """Return the descriptor, for a selector."""
        return self._end.fileno()

    def send(self, frame: Frame, fds: Sequence[int] = ()) -> None:
        """Send one packet. BrokenPipeError or ConnectionError when the other side is gone."""
        if len(frame.payload) > CONTROL_PAYLOAD:
            raise ProtocolError(f"control payload is {len(frame.payload)} bytes: at most {CONTROL_PAYLOAD}")
        socket.send_fds(self._end, [encode_frame(frame)], list(fds), socket.MSG_NOSIGNAL)

    def receive(self, block: bool = True) -> tuple[Frame, list[int]] | None:
        """Return the next packet and its descriptors (close-on-exec); None when the other side is gone.

        ProtocolError on anything but one whole frame; BlockingIOError when there is none now and `block` is False.
        """
        # recvmsg itself: until 3.12 socket.recv_fds drops its flags, and descriptors would be inherited by any program
        how = socket.MSG_CMSG_CLOEXEC | (0 if block else socket.MSG_DONTWAIT)
        try:
            data, ancillary, flags, _ = self._end.recvmsg(HEADER_SIZE + CONTROL_PAYLOAD, _FDS_SPACE, how)
        except ConnectionError:
            return None
        fds = [fd for _, _, part in ancillary for (fd,) in struct.iter_unpack("i", part)]
        if not data:
            return None
        try:
            if flags & (socket.MSG_TRUNC | socket.MSG_CTRUNC):
                raise ProtocolError("control packet is cut off")
            return decode_frame(data), fds
        except ProtocolError:
            for fd in fds:
                os.close(fd)
            raise

    def shutdown(self) -> None:
        """Let the other side read the end of the stream; this side may still read."""
        self._end.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close this end; the other side reads end of stream."""
        self._end.close()
