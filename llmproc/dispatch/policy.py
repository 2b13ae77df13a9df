"""The protocol of a dispatch policy: the order in which waiting requests are appended to workers' rings.

    caller      add(request) ----> policy ----> next(rooms, running) -> (request, worker): append to that ring now
                add_again(request, worker)      remove(request_id)

Used by `service`, on whose I/O thread all of it is called. A policy decides and does nothing; it forgets a request the
moment it has handed it out, and its holder hands it in again with `add_again` if a worker died with it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True, slots=True)
class Request:
    """A request as a policy knows it. Ids grow with arrival. ValueError for a cost that is not a number from 0 up."""

    request_id: int
    cost: float = 1.0  # expected, in any one unit: tokens of prompt and answer at most, or seconds
    affinity: int | None = None  # the worker whose cache knows its session

    def __post_init__(self) -> None:
        if not (math.isfinite(self.cost) and self.cost >= 0):
            raise ValueError(f"request {self.request_id} has the cost {self.cost}")


class Policy(Protocol):
    """A queue for `workers` workers that each run `sequences` requests side by side; both at least 1."""

    name: ClassVar[str]
    steals: ClassVar[bool]  # whether a worker may take from another's ring
    ideal: ClassVar[str]  # the simulated policy that it could equal at best: one of POLICIES, or queue

    def add(self, request: Request) -> None:
        """Add a new request. ValueError for an id that waits already, or an affinity that is not a worker."""

    def add_again(self, request: Request, worker: int) -> None:
        """Put back one that comes back from `worker`: it goes before all that were never handed out.

        Of several that came back the one that arrived first goes first, with lpt the longest. ValueError as `add`.
        """

    def next(self, rooms: Sequence[int], running: Sequence[int]) -> tuple[int, int] | None:
        """Return (request id, worker) to append to that worker's ring now; None when nothing can be appended.

        `rooms[w]`: free cells of w's ring, 0 for a ring that is to get nothing now. `running[w]`: requests that w holds
        or that wait in its ring. Ask again, with what that changed, until None.
        """

    def remove(self, request_id: int) -> bool:
        """Forget one that was cancelled before it was handed out; False: it does not wait here."""

    def __len__(self) -> int:
        """Return the number of requests that wait here."""


def checked(workers: int, sequences: int) -> tuple[int, int]:
    """Return both. ValueError unless they are at least 1."""
    if workers < 1 or sequences < 1:
        raise ValueError(f"a policy for {workers} workers of {sequences} sequences")
    return workers, sequences


def most_free(rooms: Sequence[int], running: Sequence[int], sequences: int) -> int | None:
    """Return the worker with most free sequences and room in its ring, of equals the first; None when none has."""
    can = [worker for worker, room in enumerate(rooms) if room and running[worker] < sequences]
    return min(can, key=lambda worker: running[worker], default=None)
