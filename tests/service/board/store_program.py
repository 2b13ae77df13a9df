"""Whether anybody sees half of what Python stores: `python store_program.py view|bytes LOADS`. Prints torn and changes.

A child stores two values in turn, whose bytes all differ; this process loads them by compiled code. `view`: as the
request board does; `bytes`: by struct in a fixed byte order, which CPython writes byte by byte (the control).
"""

from __future__ import annotations

import mmap
import os
import signal
import struct
import sys

from llmproc.kernels import environment

environment.prepare()

import numpy as np  # noqa: E402
from numba import njit, types  # noqa: E402

from llmproc.simd.atomics import load_i64  # noqa: E402

ONE, OTHER = 0x0101010101010101, 0x7E7E7E7E7E7E7E7E
I64 = types.int64


@njit(types.UniTuple(I64, 2)(I64, I64), nogil=True, cache=True)
def watch(address, loads):  # type: ignore[no-untyped-def]
    """(loads that gave neither value, loads that gave another value than the one before)."""
    torn, changes, last = 0, 0, 0
    for _ in range(loads):
        value = load_i64(address)
        changes += value != last
        torn += value not in (ONE, OTHER)
        last = value
    return torn, changes


def store_by_view(memory: mmap.mmap) -> None:
    words = memoryview(memory).cast("Q")
    while True:
        words[3] = ONE
        words[3] = OTHER


def store_by_bytes(memory: mmap.mmap) -> None:
    pack = struct.Struct("<Q").pack_into
    while True:
        pack(memory, 24, ONE)
        pack(memory, 24, OTHER)


if __name__ == "__main__":
    shared = mmap.mmap(-1, 4096)
    memoryview(shared).cast("Q")[3] = ONE
    address = int(np.frombuffer(shared, np.uint8).ctypes.data) + 24
    child = os.fork()
    if child == 0:
        try:
            {"view": store_by_view, "bytes": store_by_bytes}[sys.argv[1]](shared)
        finally:
            os._exit(1)
    try:
        torn = changes = 0
        while changes < 1000:  # on a busy machine the two may not run at one time for a while
            more = watch(address, int(sys.argv[2]))
            torn, changes = torn + more[0], changes + more[1]
        print(torn, changes)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
