"""The random stream of a session or request: xorshift64*, as in llama2.c. No global state, no clock, no entropy."""

from __future__ import annotations

import numpy as np

MASK = (1 << 64) - 1
MULTIPLIER = 0x2545F4914F6CDD1D
SEED_INSTEAD_OF_ZERO = 0x9E3779B97F4A7C15  # zero is the generator's fixed point; this is 2^64 / golden ratio


class RandomStream:
    """Coins in [0, 1), one per sampled token. `state` decides all that follow, `draws` says how many were drawn."""

    __slots__ = ("draws", "state")

    def __init__(self, seed: int, draws: int = 0) -> None:
        """Begin at `seed` modulo 2^64, after the draws made before: a replay goes on where they ended."""
        if draws < 0:
            raise ValueError(f"{draws} draws: cannot be negative")
        self.draws = draws
        self.state = skip(seed & MASK or SEED_INSTEAD_OF_ZERO, draws)

    def coin(self) -> np.float32:
        """Return the next coin: a multiple of 2^-24."""
        self.draws += 1
        self.state = advance(self.state)
        return np.float32(((self.state * MULTIPLIER & MASK) >> 40) / 16777216.0)


def advance(state: int) -> int:
    """Make one step of xorshift64 (Marsaglia 2003, shifts 12, 25, 27); linear over bits."""
    state ^= state >> 12
    state ^= state << 25 & MASK
    return state ^ state >> 27


def skip(state: int, steps: int) -> int:
    """Return the state `steps` steps later, in O(log steps).

    The step is a 64 x 64 matrix of bits, squared repeatedly.
    """
    if steps < 4096:
        for _ in range(steps):
            state = advance(state)
        return state
    columns = [advance(1 << bit) for bit in range(64)]  # the matrix: what becomes of each bit
    while steps:
        if steps & 1:
            state = _apply(columns, state)
        columns = [_apply(columns, column) for column in columns]
        steps >>= 1
    return state


def _apply(columns: list[int], state: int) -> int:
    result = 0
    for bit in range(64):
        if state >> bit & 1:
            result ^= columns[bit]
    return result
