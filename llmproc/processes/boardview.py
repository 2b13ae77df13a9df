"""The request board as every process may see it: mapped, and read. Main's stores are `requestboard`'s; workers change
words and heads by compare-and-swap alone, which is `kernels.rings`, at the addresses this gives out.

Words are read through a memoryview of format Q: one aligned load of 8 bytes each (see `requestboard`).
"""

from __future__ import annotations

import ctypes
import mmap
import os
import struct

from llmproc.errors import ProtocolError, UsageError
from llmproc.processes.boardlayout import (
    ATTEMPT_BITS,
    GENERATION_BITS,
    HEADER,
    MAGIC,
    VERSION,
    WORD,
    BoardLayout,
    Word,
)
from llmproc.processes.frames import HEADER_SIZE, Frame, decode_frame, frame_size

_HEADER = struct.Struct(f"={HEADER}Q")


class BoardView:
    """A board that others write to. `memory`: bytes of the whole board; `words`: the same, in words of 8 bytes."""

    def __init__(self, layout: BoardLayout, memory: memoryview, words: memoryview, mapping: mmap.mmap | None) -> None:
        """View a board (workers call `attach`). A view whose memory is kept alive elsewhere needs no `mapping`."""
        self.layout = layout
        self._memory, self._words, self._map = memory, words, mapping
        self._first_word, self._first_flag = layout.words, layout.flags
        self._arena, self._slot_bytes = layout.arena, layout.slot_bytes
        self._head_at = [layout.head(ring) for ring in range(layout.workers)]
        self._tail_at = [layout.tail(ring) for ring in range(layout.workers)]

    @classmethod
    def attach(cls, fd: int) -> BoardView:
        """Map the board behind a received descriptor, and close the descriptor: the mapping is enough.

        ProtocolError when it is not a board, or not of the size its header implies.
        """
        try:
            layout = _read_layout(fd)
            return cls(layout, *map_board(fd, layout))
        finally:
            os.close(fd)

    @property
    def address(self) -> int:
        """Return the board's address in this process; valid until `close`. 0 without a mapping."""
        return ctypes.addressof(ctypes.c_char.from_buffer(self._map)) if self._map is not None else 0

    def word(self, slot: int) -> Word:
        """Return a slot's word as it is now."""
        return Word.unpack(self._words[self._first_word + slot])

    def attempt(self, slot: int) -> int:
        """Return how many workers have died while they ran the request in a slot."""
        return self._words[self._first_word + slot] >> GENERATION_BITS & ((1 << ATTEMPT_BITS) - 1)

    def cancelled(self, slot: int) -> bool:
        """Return whether main has set the slot's cancel flag."""
        return bool(self._words[self._first_flag + slot])

    def read_request(self, slot: int) -> Frame:
        """Return the request in a slot. Only the worker that won its word may ask: nothing is written there meanwhile.

        ProtocolError when what lies there is not one frame, a torn one for instance.
        """
        at = self._arena + slot * self._slot_bytes
        size = frame_size(self._memory[at : at + HEADER_SIZE])
        if size > self._slot_bytes:
            rule = f"a slot has {self._slot_bytes}"
            raise ProtocolError(f"request board: the frame in slot {slot} is {size} bytes: {rule}")
        return decode_frame(bytes(self._memory[at : at + size]))

    def lengths(self) -> list[int]:
        """Return how many requests every ring seems to hold; other processes append and take meanwhile."""
        words = self._words
        return [max(0, words[tail] - words[head]) for head, tail in zip(self._head_at, self._tail_at, strict=True)]

    def close(self) -> None:
        """Unmap the board; nothing of it may be used afterwards, addresses neither."""
        self._words.release()
        self._memory.release()
        if self._map is not None:
            self._map.close()


def map_board(fd: int, layout: BoardLayout) -> tuple[memoryview, memoryview, mmap.mmap]:
    """Return bytes, words and mapping of the board behind `fd`."""
    mapping = mmap.mmap(fd, layout.size)
    memory = memoryview(mapping)
    return memory, memory[: layout.arena].cast("Q"), mapping


def _read_layout(fd: int) -> BoardLayout:
    head = os.pread(fd, _HEADER.size, 0)
    if len(head) < _HEADER.size:
        raise ProtocolError(f"request board is {len(head)} bytes: its header is {HEADER * WORD}")
    magic, version, *sizes = _HEADER.unpack(head)
    if magic != MAGIC or version != VERSION:
        rule = f"must be {MAGIC:#x} and {VERSION}"
        raise ProtocolError(f"request board: magic and version are {magic:#x} and {version}: {rule}")
    try:
        layout = BoardLayout(*sizes)
    except UsageError as error:
        raise ProtocolError(str(error)) from None
    size = os.fstat(fd).st_size
    if size != layout.size:
        raise ProtocolError(f"request board is {size} bytes: its header implies {layout.size}")
    return layout
