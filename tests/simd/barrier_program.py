"""Ranks around one barrier: `python barrier_program.py threads|processes RANKS ROUNDS ...`, or `sleep`.

Each rank counts its rounds in shared memory and, between two barriers, looks at everybody's count: all must be equal.
Prints the number of times they were not, a line for every three arguments.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
import time

import numpy as np

from llmproc.kernels import environment

environment.prepare()

from numba import njit, types  # noqa: E402

from llmproc.simd.atomics import load_i32, store_i32  # noqa: E402
from llmproc.simd.barrier import wait_for_all  # noqa: E402
from llmproc.simd.layout import BARRIER_BYTES  # noqa: E402


@njit(types.int64(types.int64, types.int64, types.int64, types.int64), nogil=True, cache=True)
def go_round(address, rank, ranks, rounds):
    wrong = 0
    counts = address + BARRIER_BYTES
    for number in range(rounds):
        store_i32(counts + 64 * rank, number + 1)
        wait_for_all(address, ranks)
        for other in range(ranks):
            if load_i32(counts + 64 * other) != number + 1:
                wrong += 1
        wait_for_all(address, ranks)
    return wrong


@njit(types.void(types.int64, types.int64), nogil=True, cache=True)
def meet(address, ranks):
    wait_for_all(address, ranks)


def threads(address: int, ranks: int, rounds: int) -> list[int]:
    found = [-1] * ranks

    def work(rank: int) -> None:
        found[rank] = go_round(address, rank, ranks, rounds)

    everybody = [threading.Thread(target=work, args=(rank,)) for rank in range(ranks)]
    for thread in everybody:
        thread.start()
    for thread in everybody:
        thread.join()
    return found


def processes(address: int, ranks: int, rounds: int) -> list[int]:
    children = []
    for rank in range(ranks):
        pid = os.fork()
        if pid == 0:
            os._exit(min(go_round(address, rank, ranks, rounds), 100))
        children.append(pid)
    return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]


def share_of_waiting(address: int) -> float:
    """CPU time / wall time of a rank whose partner comes half a second late."""
    spent = []

    def work() -> None:
        wall, cpu = time.monotonic(), time.thread_time()
        meet(address, 2)
        spent.append((time.thread_time() - cpu) / (time.monotonic() - wall))

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.5)  # what is measured, not a synchronisation
    meet(address, 2)
    thread.join()
    return spent[0]


if __name__ == "__main__":
    memory = np.frombuffer(mmap.mmap(-1, 4096), np.uint8)  # shared with forked children
    place = int(memory.ctypes.data)
    if sys.argv[1] == "sleep":
        print(share_of_waiting(place))
    else:
        for kind, ranks, rounds in zip(sys.argv[1::3], sys.argv[2::3], sys.argv[3::3], strict=True):
            memory[:] = 0
            run = {"threads": threads, "processes": processes}[kind]
            print(sum(run(place, int(ranks), int(rounds))), flush=True)
