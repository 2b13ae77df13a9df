"""Memory for kernels. Used by `workspace`."""

from __future__ import annotations

import mmap
from collections.abc import Callable

import numpy as np
import numpy.typing as npt


class Buffers:
    """Zeroed memory for kernels, each buffer on cache lines of its own; all of it is kept as long as this is.

    `guard`, for tests: each ends where memory begins that may not be touched: an access past its end is a SIGSEGV.
    """

    def __init__(self, guard: Callable[[int], None] | None = None) -> None:
        """Begin without buffers; `guard(address)` forbids all access to the page of memory at an address."""
        self._kept: list[mmap.mmap] = []
        self._guard, self.nbytes = guard, 0

    def allocate(self, nbytes: int) -> tuple[int, npt.NDArray[np.uint8]]:
        """Return (address, bytes) of a new buffer. Kernels touch nothing else."""
        size = -(-max(1, nbytes) // mmap.PAGESIZE) * mmap.PAGESIZE
        memory = mmap.mmap(-1, size + (mmap.PAGESIZE if self._guard else 0))
        self._kept.append(memory)
        self.nbytes += nbytes
        array = np.frombuffer(memory, np.uint8)
        start = size - nbytes if self._guard else 0
        if self._guard:
            self._guard(array.ctypes.data + size)
        return array.ctypes.data + start, array[start : start + nbytes]
