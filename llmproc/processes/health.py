"""The health board: per worker a step counter and a busy flag in shared memory: main sees progress without asking.

A ping answered by a thread measures the interpreter's lock, not the work: here the work itself counts its steps.

    offset (per slot of 64 bytes)   0: steps finished since the fork (u64)    8: busy, 0 or 1 (u64)
                                    16: resting, 0 or 1 (u64): it sleeps, or will after one more look for work
                                    24: five words (u64) for what the worker's program wants to show

What the last five mean is the affair of those who write and read them (`service.kv_gauges`).
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

_CELL = 64
_SHOWN = 3  # the first word that is the program's
_RELEASED = (0,) * (_CELL // 8)


class HealthCell:
    """One slot's cell, seen from the worker (writes) or from main (reads)."""

    def __init__(self, words: memoryview) -> None:
        self._words = words

    def read(self) -> tuple[int, Sequence[int]]:
        """Return steps and the program's words, for any thread of main; zeros when the memory has been let go of."""
        try:
            words: Sequence[int] = self._words.tolist()
        except ValueError:
            words = _RELEASED
        return words[0], words[_SHOWN:]

    def show(self, *values: int, first: int = 0) -> None:
        """Write the program's words from number `first` on."""
        for number, value in enumerate(values, _SHOWN + first):
            self._words[number] = value

    @property
    def steps(self) -> int:
        """Return the steps finished since the fork."""
        return self._words[0]

    @property
    def busy(self) -> bool:
        """Return whether the worker holds work."""
        return bool(self._words[1])

    @property
    def resting(self) -> bool:
        """Return whether the worker must be woken if there is work."""
        return bool(self._words[2])

    def reset(self) -> None:
        """Clear the cell before a fork: nothing done, nothing held, nothing shown."""
        for number in range(len(self._words)):
            self._words[number] = 0

    def step(self) -> None:
        """Count one finished step."""
        self._words[0] += 1

    def release(self) -> None:
        """Let go of the memory; nothing can be read or written afterwards."""
        self._words.release()

    def set_resting(self, resting: bool) -> None:
        """Say so before the last look for work, and what comes after that look is followed by a wake-up."""
        self._words[2] = int(resting)

    def set_busy(self, busy: bool) -> None:
        """Say whether work is held; an idle worker is never judged."""
        self._words[1] = int(busy)


class HealthBoard:
    """The shared memory of all cells: anonymous, so there is nothing to leak by name."""

    def __init__(self, fd: int, slots: int) -> None:
        self.fd = fd
        self._map = mmap.mmap(fd, slots * _CELL)
        self._view = memoryview(self._map).cast("Q")
        self._cells: list[HealthCell] = []

    @classmethod
    def create(cls, slots: int) -> HealthBoard:
        """Create a board; the descriptor is handed to workers with FORK."""
        fd = os.memfd_create("llmproc-health", os.MFD_CLOEXEC)
        os.ftruncate(fd, slots * _CELL)
        return cls(fd, slots)

    @classmethod
    def attach(cls, fd: int) -> HealthBoard:
        """Map the board behind a received descriptor, and close the descriptor: the mapping is enough."""
        board = cls(fd, os.fstat(fd).st_size // _CELL)
        os.close(fd)
        return board

    def cell(self, slot: int) -> HealthCell:
        """Return the cell of slot `slot`."""
        words = _CELL // 8
        cell = HealthCell(self._view[slot * words : (slot + 1) * words])
        self._cells.append(cell)
        return cell

    def close(self) -> None:
        """Close the descriptor and the mapping (which holds one of its own); cells are of no use afterwards."""
        for cell in self._cells:
            cell.release()
        self._view.release()
        self._map.close()
        os.close(self.fd)
