"""How a worker gets its requests: from its own ring first, then, if it may steal, from others'.

Used by `service.worker` and other children. Joins the board (`processes.boardview`) and the compare-and-swap
(`kernels.rings`); whom to rob first is said by `dispatch`. For children only: main imports no kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from llmproc.errors import ProtocolError
from llmproc.kernels import calls
from llmproc.processes.boardlayout import WORD
from llmproc.processes.boardview import BoardView
from llmproc.processes.frames import Frame
from llmproc.processes.requestboard import PUBLICATION

Victims = Callable[[Sequence[int], int], list[int]]  # (lengths of all rings, my own) -> where to look, in order


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that this worker, and no other, is to run now."""

    slot: int  # where it lies on the board
    frame: Frame  # the request itself
    attempt: int  # how many workers died over it
    ring: int  # whose ring it was taken from
    cancelled: bool  # to be ended as cancelled at once


class Claims:
    """The requests of a board, as worker number `worker` takes them.

    The kernels must have been loaded (`kernels.RINGS`, in the template); NotLoadedError if not.
    """

    def __init__(self, board: BoardView, worker: int, steals: bool, victims: Victims) -> None:
        """Find the rings. `steals`: look into others' rings when the own one is empty, in the order of `victims`."""
        layout, base = board.layout, board.address
        self._board, self._worker, self._steals, self._victims = board, worker, steals, victims
        self._cells, self._slots = layout.cells, layout.slots
        self._rings = [base + layout.head(ring) * WORD for ring in range(layout.workers)]
        self._words = base + layout.words * WORD
        self._take_oldest, self._publish, self._fence = map(calls.linked, ("take", "publish", "fence"))

    def claim(self) -> Claim | None:
        """Win the next request; None when there is none just now: a later wake-up says when to look again.

        ProtocolError when the request cannot be read; its word names this worker all the same.
        """
        claim = self._claim_from(self._worker)
        if claim is None and self._steals:
            for ring in self._victims(self._board.lengths(), self._worker):
                if ring != self._worker and (claim := self._claim_from(ring)) is not None:
                    break
        return claim

    def fence(self) -> None:
        """Make what was stored before, in whatever memory, visible to others before the next `claim` looks."""
        self._fence()

    def publish(self, payload: bytes) -> None:
        """Store what came with a wake-up into the own ring; an empty payload says that main did it itself.

        ProtocolError when it is not a publication.
        """
        if not payload:
            return
        if len(payload) != PUBLICATION.size:
            raise ProtocolError(f"publication is {len(payload)} bytes: must be {PUBLICATION.size}")
        position, cell = PUBLICATION.unpack(payload)
        if position >= 1 << 63:
            raise ProtocolError(f"publication at position {position}: must be below 2**63")
        self._publish(self._rings[self._worker], self._cells, position, cell)

    def _claim_from(self, ring: int) -> Claim | None:
        slot: int = self._take_oldest(self._rings[ring], self._cells, self._words, self._slots, self._worker)
        if slot < 0:
            return None
        board = self._board
        return Claim(slot, board.read_request(slot), board.attempt(slot), ring, board.cancelled(slot))
