"""ws: dealt as sp, but a worker with a free sequence and an empty ring takes from the others' rings.

Main does not decide who steals: workers do it among themselves, with a compare-and-swap in shared memory.
What is decided here is the deal, and where a thief looks first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from llmproc.dispatch.static import Static


class Stealing(Static):
    """A policy that deals like Static. A ring gets requests whether or not its worker lives: the others take them."""

    name: ClassVar[str] = "ws"
    steals: ClassVar[bool] = True
    ideal: ClassVar[str] = "queue"


def victims(lengths: Sequence[int], me: int) -> list[int]:
    """Return the workers whose rings worker `me` tries, fullest first, of equals the next one round; no empty ones.

    `lengths[w]`: requests in w's ring. The fullest is the one whose end is farthest off if costs are alike; that
    thieves begin at their own neighbours keeps them from all trying the same one.
    """
    workers = len(lengths)
    order = [(me + step) % workers for step in range(1, workers)]
    return sorted((worker for worker in order if lengths[worker] > 0), key=lambda worker: -lengths[worker])
