"""A barrier for the ranks of a team, threads or processes alike: spin, then sleep on a futex.

    word 0  arrived: ranks that have come to this round
    word 1  round: changes when the last one has come
    word 2  sleepers: ranks that gave up spinning and sleep, or are about to

The last rank to arrive opens the next round and wakes sleepers. A rank that spins keeps its core for SPINS rounds only,
so that an oversubscribed machine, or a rank of lower priority, still gets on. Words are int32 on one cache line.
"""

from __future__ import annotations

from numba import njit

from llmproc.simd.atomics import add_i32, futex_wait, futex_wake, load_i32, pause, store_i32

SPINS = 2000  # about 20 microseconds: longer than any wait between matched ranks, shorter than a time slice
_EVERYBODY = 1 << 30


@njit(nogil=True)
def wait_for_all(address: int, ranks: int, spins: int = SPINS) -> None:
    """Return when all `ranks` have called it. `address`: `simd.layout.BARRIER_BYTES` of zeroed shared memory."""
    if ranks == 1:
        return
    present = load_i32(address + 4)
    if add_i32(address, 1) == ranks - 1:
        store_i32(address, 0)
        add_i32(address + 4, 1)
        if load_i32(address + 8) > 0:
            futex_wake(address + 4, _EVERYBODY)
        return
    for _ in range(spins):
        if load_i32(address + 4) != present:
            return
        pause()
    add_i32(address + 8, 1)
    while load_i32(address + 4) == present:
        futex_wait(address + 4, present)
    add_i32(address + 8, -1)
