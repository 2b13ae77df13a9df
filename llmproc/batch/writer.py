"""The last stage: encodes results and writes them, in a thread of its own; and the places they can go.

    Journal.append   the .part file, in completion order          InOrder   stdout or a pipe, in input order
    nowhere          only counted (--elapsed, --json, --stream without -o)

Main never waits for it: what is not yet written is bounded by what main sends off. It is told of every row.
"""

from __future__ import annotations

import os
import queue
import select
import stat
import threading
from typing import Protocol

from llmproc.batch.event_queue import Broken, EventQueue, Written
from llmproc.batch.record import ResultRow, encode
from llmproc.batch.source import StoppedError
from llmproc.batch.stages import Stages
from llmproc.errors import LlmprocError


class Sink(Protocol):
    """A place for results. `append` raises LlmprocError or BrokenPipeError when that is not possible."""

    def append(self, index: int, data: bytes, failed: bool) -> int:
        """Take one row's line; return how many rows are written by that (0: it waits for an earlier one)."""


class Nowhere:
    """A place for results that are only counted."""

    def append(self, index: int, data: bytes, failed: bool) -> int:
        """Drop the line; return 1."""
        return 1


class InOrder:
    """A descriptor that gets every row in input order; a row waits here for those before it."""

    def __init__(self, fd: int, name: str) -> None:
        self._fd, self._name, self._next = fd, name, 0
        self._held: dict[int, bytes] = {}
        self._piece = 1 << 20 if stat.S_ISREG(os.fstat(fd).st_mode) else select.PIPE_BUF  # never blocks once writable
        self._stop = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def append(self, index: int, data: bytes, failed: bool) -> int:
        """Write the rows whose turn it is, as Sink says. StoppedError after `stop`, when the reader does not read."""
        self._held[index] = data
        count = 0
        while (line := self._held.pop(self._next, None)) is not None:
            self._write(line)
            self._next, count = self._next + 1, count + 1
        return count

    def stop(self) -> None:
        """Write nothing more for which one would have to wait."""
        os.eventfd_write(self._stop, 1)

    def close(self) -> None:
        """Close what was opened here; the descriptor is its owner's."""
        os.close(self._stop)

    def _write(self, data: bytes) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.register(self._stop, select.POLLIN)
        at = 0
        while at < len(data):
            found = dict(poll.poll())
            if self._fd not in found:
                raise StoppedError
            try:
                at += os.write(self._fd, data[at : at + self._piece])
            except BlockingIOError:
                continue
            except BrokenPipeError:
                raise
            except OSError as error:
                raise LlmprocError(f"{self._name}: cannot be written: {error.strerror}") from None


class Writer:
    """The thread that writes: `put` rows, `close` when there are no more."""

    def __init__(self, sink: Sink, events: EventQueue, stages: Stages) -> None:
        self._sink, self._events, self._stages = sink, events, stages
        self._rows: queue.SimpleQueue[ResultRow | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="llmproc-writer", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def put(self, row: ResultRow) -> None:
        """Hand a result over; returns at once."""
        self._rows.put(row)

    def close(self, timeout: float | None = None) -> bool:
        """Write what was put, and end; True when it has ended."""
        self._rows.put(None)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        clock = self._stages.writing
        clock.start()
        broken = False
        while True:
            with clock.waiting():
                row = self._rows.get()
            if row is None:
                break
            if broken:
                continue  # a hole in the order of a stream, or a full disk: what comes after is not written either
            try:
                self._events.put(Written(self._sink.append(row.index, encode(row), row.status != "ok")))
            except BaseException as error:
                broken = True
                self._events.put(Broken(error))
        clock.stop()
