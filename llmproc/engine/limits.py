"""Runs the kernels that measure this machine's limits, on as many threads as asked.

Used by bench. Kernels let go of the GIL, so plain Python threads will do: they start together at a barrier, and a run
is as long as its slowest thread. Nothing is timed here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from llmproc import kernels
from llmproc.kernels import calls
from llmproc.kernels import limit_sizes as sizes

INTEGER_ROUNDS = 60000  # of a peak: about 30 ms
FLOAT_ROUNDS = 60000


class Limits:
    """Buffers of the measurements: `nbytes` of memory to read, and small ones for each thread's peaks."""

    def __init__(self, threads: int, nbytes: int, rounds: float = 1.0) -> None:
        """Make the buffers.

        `nbytes` should be several times the last-level cache; `rounds` shortens or lengthens the peaks.
        """
        kernels.load(kernels.LIMITS)
        names = ("read_bytes", "integer_rounds", "float_rounds")
        self._read, self._integer, self._float = map(calls.linked, names)
        self._memory = np.ones(nbytes // 4, np.int32)  # written, so that every page is really there
        size = sizes.WEIGHT_BYTES + sizes.ACTIVATION_ROW * sizes.TILE + sizes.SINK_BYTES + 4096
        self._small = [np.zeros(size, np.uint8) for _ in range(threads)]
        self._rounds = rounds

    def read(self, threads: int) -> int:
        """Let every thread read its own part of the memory once; returns the bytes read."""
        start, share = self._memory.ctypes.data, self._memory.nbytes // max(threads, 1) // sizes.BLOCK * sizes.BLOCK
        return self._together(threads, lambda i: self._read(start + i * share, share, self._places(i)[2]))

    def integer(self, threads: int) -> int:
        """Do int8 multiply-adds from the first-level cache; return how many."""
        rounds = max(1, int(INTEGER_ROUNDS * self._rounds))
        return self._together(threads, lambda i: self._integer(*self._places(i), rounds))

    def float(self, threads: int) -> int:
        """Do float32 multiply-adds from the first-level cache; return how many."""
        rounds = max(1, int(FLOAT_ROUNDS * self._rounds))
        return self._together(threads, lambda i: self._float(*self._places(i), rounds))

    def _places(self, thread: int) -> tuple[int, int, int]:
        """Return the addresses of weights, activations and sink, each on a cache line of its own."""
        weights = self._small[thread].ctypes.data + 63 & -64
        activations = weights + sizes.WEIGHT_BYTES
        return weights, activations, activations + sizes.ACTIVATION_ROW * sizes.TILE

    def _together(self, threads: int, kernel: Callable[[int], int]) -> int:
        if not 1 <= threads <= len(self._small):
            raise ValueError(f"there are buffers for 1 to {len(self._small)} threads, not {threads}")
        amounts = [0] * threads
        barrier = threading.Barrier(threads)

        def one(index: int) -> None:
            barrier.wait()
            amounts[index] = int(kernel(index))

        others = [threading.Thread(target=one, args=(i,)) for i in range(1, threads)]
        for other in others:
            other.start()
        one(0)
        for other in others:
            other.join()
        return sum(amounts)
