"""The request board, main's side: requests go into shared memory, and into rings that workers take them from.

    main                          shared memory                      workers
    write_request   frame  --->   arena[slot]
                    WAITING --->  words[slot]
    append          cell   --->   rings[w].cells, then tail    --->  oldest cell of the own ring, or of another's:
                                                                     head by compare-and-swap,
                                  words[slot]                  <---  WAITING -> RUNNING by compare-and-swap
    release         FREE   --->   words[slot]                        (after the worker's last word about the request)
    set_cancel      1      --->   flags[slot]                  --->  its winner ends the request as cancelled

A ring is a hint; the right to run is the word. Main never competes for a word: it changes one that is FREE, or RUNNING
under a worker that is done or dead. When a worker has died, and only when it has been reaped and its pipe drained:

    for slot in board.reaped(worker):  release(slot), or take_back(slot, what is left of the request)
    for slot in board.stranded():      append(some ring, slot)       again: the dead one may have had the cell

Then another worker may take the dead one's place. A living worker may have a stranded request in its hand: what has
ended before there was room to append it again is to be forgotten. A cell that was appended twice does no harm, the word
is won once. A cancel may come too late for the worker that has won the word just now: main, which set the flag, also
sends it a Cancel when it knows who has the request (at once if it knows already).

`tests/service/board` runs this very code, and the workers', in every order of single loads and stores.

How main stores. CPython stores into a memoryview of format Q by a memcpy of constant size 8 (PACK_SINGLE in
memoryobject.c; ctypes does the same), which compilers make one instruction (`mov %r14,(%r12)` where this was looked
at); words are aligned, so half of one is never seen. CPython does one bytecode after the other, and x86 shows a CPU's
stores to others in their order; those of the copied frame, too, come before any later one (`rep movsb` is unordered
only within itself, and glibc ends a copy by non-temporal stores with a fence). Other CPUs may show the cell before the
frame: there the ring's owner is its producer. `append` gives what must travel with the wake-up down the owner's pipe,
and the owner stores it with release order (`kernels.rings.publish`); thieves do not see it before it has read its pipe.
"""

from __future__ import annotations

import mmap
import os
import platform
import struct
from typing import Literal

from llmproc.errors import BoardFullError, RequestError
from llmproc.processes.boardlayout import (
    ATTEMPT_BITS,
    GENERATION_BITS,
    WORKER_BITS,
    BoardLayout,
    State,
    Word,
    lap_of,
    pack_cell,
    same_generation,
    unpack_cell,
)
from llmproc.processes.boardview import BoardView, map_board
from llmproc.processes.frames import Frame, encode_frame

Producer = Literal["main", "owner"]  # of a ring: who stores its cells and its tail
PUBLICATION = struct.Struct("<Qq")  # position, cell: what the owner is to store
_STATE_SHIFT = WORKER_BITS + ATTEMPT_BITS + GENERATION_BITS
_WORKER_SHIFT = ATTEMPT_BITS + GENERATION_BITS


def producer_here() -> Producer:
    """Return who can be the producer on this CPU: main only where other CPUs see stores in their order."""
    return "main" if platform.machine() in ("x86_64", "AMD64") else "owner"


class RequestBoard(BoardView):
    """Main's side. One thread uses it."""

    def __init__(
        self,
        layout: BoardLayout,
        memory: memoryview,
        words: memoryview,
        mapping: mmap.mmap | None,
        producer: Producer | None = None,
    ) -> None:
        """Write the header into memory that is all zeros (main calls `create`). `producer`: by default this CPU's."""
        super().__init__(layout, memory, words, mapping)
        self.fd = -1
        self.producer: Producer = producer or producer_here()
        for place, value in enumerate(layout.header):
            self._words[place] = value
        self._free = list(range(layout.slots))[::-1]
        self._written = [0] * layout.slots  # the word that main stored last for every slot
        self._flagged: set[int] = set()
        self._ends = [0] * layout.workers  # position of each ring that will be appended to next
        self._appended = [[0] * layout.cells for _ in range(layout.workers)]  # every cell, also those on their way

    @classmethod
    def create(
        cls, workers: int, cells: int, slots: int, slot_bytes: int, producer: Producer | None = None
    ) -> RequestBoard:
        """Create a board in anonymous shared memory; `fd` is handed to workers. Sizes: those of BoardLayout."""
        layout = BoardLayout(workers, cells, slots, slot_bytes)
        fd = os.memfd_create("llmproc-requests", os.MFD_CLOEXEC)
        try:
            os.ftruncate(fd, layout.size)
            board = cls(layout, *map_board(fd, layout), producer=producer)
        except BaseException:
            os.close(fd)
            raise
        board.fd = fd
        return board

    @property
    def free_slots(self) -> int:
        """Return how many requests can be written now."""
        return len(self._free)

    def room(self, ring: int) -> int:
        """Return the number of free cells of a ring."""
        return self.layout.cells - (self._ends[ring] - self._words[self._head_at[ring]])

    def write_request(self, frame: Frame) -> int:
        """Put a request on the board, waiting, in no ring yet; returns its slot.

        RequestError when the frame is too large for a slot, BoardFullError when no slot is free.
        """
        data = self._encode(frame)
        if not self._free:
            raise BoardFullError(f"request {frame.request_id}: all {self.layout.slots} slots of the board are taken")
        slot = self._free.pop()
        if slot in self._flagged:
            self._flagged.remove(slot)
            self._words[self._first_flag + slot] = 0
        self._put(slot, data, 0)
        return slot

    def append(self, ring: int, slot: int) -> bytes:
        """Append a waiting request to a ring; returns what must go to the ring's owner with the wake-up, if anything.

        BoardFullError when the ring is full.
        """
        word, end, cells = self._written[slot], self._ends[ring], self.layout.cells
        if word >> _STATE_SHIFT == State.FREE:
            raise ValueError(f"slot {slot} is free: it holds no request to append")
        if self.room(ring) <= 0:
            raise BoardFullError(f"ring {ring} holds {cells} requests: it is full")
        cell = pack_cell(lap_of(end, cells), word, slot)
        self._appended[ring][end % cells] = cell
        self._ends[ring] = end + 1
        if self.producer == "owner":
            return PUBLICATION.pack(end, cell - (1 << 64) * (cell >> 63))
        self._words[self.layout.cell(ring, end)] = cell  # last: one that sees it sees the frame and the word
        self._words[self._tail_at[ring]] = end + 1
        return b""

    def set_cancel(self, slot: int) -> None:
        """Have the worker that wins the word of this request from now on end it as cancelled."""
        self._flagged.add(slot)
        self._words[self._first_flag + slot] = 1

    def release(self, slot: int) -> None:
        """Free the slot of a request that has ended in the worker that ran it. ValueError if it does not run."""
        word = self._running(slot)
        self._store(slot, Word(State.FREE, 0, 0, word.generation))
        self._free.append(slot)

    def reaped(self, worker: int) -> list[int]:
        """Return the slots of requests that a dead worker was running: each must be released or taken back now.

        To be called when the worker has been reaped, so that it cannot do anything any more, and its pipe drained, so
        that what it finished is released; and before another worker of that number starts.
        """
        if self.producer == "owner":
            self._forget_unpublished(worker)
        mark = State.RUNNING << WORKER_BITS | worker
        return [slot for slot in self._open() if self._words[self._first_word + slot] >> _WORKER_SHIFT == mark]

    def take_back(self, slot: int, frame: Frame) -> None:
        """Let a dead worker's request wait again as `frame`, for its next attempt. It is in no ring then (`stranded`).

        Cells that refer to the former attempt become invalid: a worker that takes one must not find the new
        frame half written. ValueError if the request does not run, RequestError when the frame is too large for a slot.
        """
        data, word = self._encode(frame), self._running(slot)
        self._put(slot, data, word.attempt + 1)

    def in_rings(self) -> set[int]:
        """Return the slots of requests that stand in a ring, or whose cell is on its way to the ring's owner."""
        found = set()
        for ring, end in enumerate(self._ends):
            for position in range(self._words[self._head_at[ring]], end):
                cell = self._appended[ring][position % self.layout.cells]
                slot = unpack_cell(cell)[2]
                if same_generation(cell, self._written[slot]):
                    found.add(slot)
        return found

    def stranded(self) -> list[int]:
        """Return the slots of waiting requests that stand in no ring: to be appended (again).

        Those that were written and have not been appended yet are among them.
        """
        standing = self.in_rings()
        missing = [slot for slot in self._open() if slot not in standing]
        return [slot for slot in missing if self._words[self._first_word + slot] >> _STATE_SHIFT == State.WAITING]

    def close(self) -> None:
        """Close the descriptor and unmap the board."""
        super().close()
        if self.fd >= 0:
            os.close(self.fd)

    def _encode(self, frame: Frame) -> bytes:
        data = encode_frame(frame)
        if len(data) > self._slot_bytes:
            rule = f"a slot of the request board holds {self._slot_bytes}"
            raise RequestError(f"request {frame.request_id} is {len(data)} bytes as a frame: {rule}")
        return data

    def _open(self) -> list[int]:
        return [slot for slot, word in enumerate(self._written) if word >> _STATE_SHIFT != State.FREE]

    def _put(self, slot: int, data: bytes, attempt: int) -> None:
        at = self._arena + slot * self._slot_bytes
        self._memory[at : at + len(data)] = data
        self._store(slot, Word(State.WAITING, 0, attempt, self._written[slot] + 1))

    def _store(self, slot: int, word: Word) -> None:
        self._words[self._first_word + slot] = self._written[slot] = word.pack()

    def _running(self, slot: int) -> Word:
        word = self.word(slot)
        if word.state is not State.RUNNING:
            raise ValueError(
                f"slot {slot} is {word.state.name.lower()}: only a running request can be ended or taken back"
            )
        return word

    def _forget_unpublished(self, ring: int) -> None:
        """Forget what a dead owner had not stored: it was lost with its pipe. The owner stored in order."""
        layout, position = self.layout, self._words[self._head_at[ring]]
        while position < self._ends[ring]:
            if unpack_cell(self._words[layout.cell(ring, position)])[0] != lap_of(position, layout.cells):
                break
            position += 1
        self._ends[ring] = position
        self._words[self._tail_at[ring]] = position  # it may have died between the cell and the tail
