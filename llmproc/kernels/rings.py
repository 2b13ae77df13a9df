"""The rings of the request board, from the workers' side: taking a request by two compare-and-swaps.

    head of the ring   h -> h + 1                       whose cell it is
    word of the slot   WAITING -> RUNNING, by me        whose request it is

Used by `service.claims`. The board's layout and what its words mean are described in `processes.boardlayout`; this
room may not import that one, so the numbers stand here again, and a test compares them. These kernels are a variant of
their own: a worker that runs no model needs nothing else.
"""

from __future__ import annotations

from llmproc.kernels.registry import entry
from llmproc.simd.atomics import compare_exchange_i64, load_i64, store_i64
from llmproc.simd.atomics import fence as full_fence

TAIL, CELLS = 64, 128  # bytes from a ring's head
SLOT_MASK = (1 << 24) - 1
CELL_GENERATION_SHIFT, CELL_GENERATION_MASK = 24, (1 << 16) - 1
LAP_SHIFT, LAP_MASK = 40, (1 << 24) - 1
STATE_SHIFT, WORKER_SHIFT = 56, 48
WAITING, RUNNING = 1, 2
ATTEMPT_AND_GENERATION = (1 << 48) - 1


@entry
def take(ring, cells, words, slots, worker):  # type: ignore[no-untyped-def]
    """Take the oldest request of a ring that was not taken: its slot, which `worker` now runs; -1 when none is left.

    `ring`, `words`: addresses of the ring's head and of the first slot's word. Any worker may call it for any ring, and
    may die at any point: what it had in hand is then in no ring, or its word names the worker.
    """
    while True:
        head = load_i64(ring)
        cell = load_i64(ring + CELLS + head % cells * 8)  # before the head moves: behind it main may write here
        if (cell >> LAP_SHIFT) & LAP_MASK != (head // cells + 1) & LAP_MASK:
            if load_i64(ring) == head:
                return -1
            continue  # taken meanwhile, and written again
        if compare_exchange_i64(ring, head, head + 1) != head:
            continue
        slot = cell & SLOT_MASK
        if slot >= slots:
            continue  # no address is made of what cannot be
        word = load_i64(words + slot * 8)
        if word >> STATE_SHIFT != WAITING:
            continue  # the cell stood twice in rings, and the other one was taken
        if (word ^ cell >> CELL_GENERATION_SHIFT) & CELL_GENERATION_MASK != 0:
            continue  # the slot means another request by now
        mine = (RUNNING << STATE_SHIFT) | (worker << WORKER_SHIFT) | (word & ATTEMPT_AND_GENERATION)
        if compare_exchange_i64(words + slot * 8, word, mine) == word:
            return slot


@entry
def publish(ring, cells, position, cell):  # type: ignore[no-untyped-def]
    """Store a cell that main sent down the pipe; for the ring's owner, where main's own stores have no order."""
    store_i64(ring + CELLS + position % cells * 8, cell)
    store_i64(ring + TAIL, position + 1)


@entry
def fence():  # type: ignore[no-untyped-def]
    """Order stores before loads: between saying that one rests and the last look at the rings."""
    full_fence()
