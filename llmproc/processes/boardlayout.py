"""Where everything stands on the request board, and what its 8-byte words mean. Numbers only: no memory, no processes.

    header   magic, version, workers, cells, slots, bytes of a slot                                     one cache line
    rings    per worker: head | tail | cells                                       head and tail on lines of their own
    words    per slot: who may do what with the request that lies there
    flags    per slot: 1 when it is cancelled
    arena    per slot: the request as a frame

    word     state 8 | worker 8 | attempt 16 | generation 32                                      high bits to low bits
    cell     lap 24 | generation 16 | slot 24           0: never written

A cell holds what was appended at position p if its lap is p // cells + 1 (its low 24 bits): an empty cell and one of an
earlier lap are told apart from it by that alone. The generation says which use of its slot a cell means, the attempt
how often that use has begun again because a worker died.

Used by `boardview` and `requestboard`; `kernels.rings` knows the same numbers (a test compares them).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from llmproc.errors import ProtocolError, UsageError
from llmproc.processes.frames import HEADER_SIZE, MAX_PAYLOAD

MAGIC = int.from_bytes(b"LPboard\0", "little")
VERSION = 1
WORD = 8  # bytes
LINE = 8  # words on a cache line
HEADER = 6  # words in use

TAIL = LINE  # words from a ring's head
CELLS = 2 * LINE

SLOT_BITS, CELL_GENERATION_BITS, LAP_BITS = 24, 16, 24
GENERATION_BITS, ATTEMPT_BITS, WORKER_BITS = 32, 16, 8

_SLOT = (1 << SLOT_BITS) - 1
_CELL_GENERATION = (1 << CELL_GENERATION_BITS) - 1
_LAP = (1 << LAP_BITS) - 1
_GENERATION = (1 << GENERATION_BITS) - 1
_ATTEMPT = (1 << ATTEMPT_BITS) - 1
_WORKER = (1 << WORKER_BITS) - 1
_PAGE = 4096


class State(IntEnum):
    """State of a slot, kept in its word. Workers change WAITING into RUNNING; main makes all other changes."""

    FREE = 0
    WAITING = 1
    RUNNING = 2


_STATES = {int(state): state for state in State}


@dataclass(frozen=True, slots=True)
class Word:
    """One request's word. `worker`: who runs it; `attempt`: 0 the first time; `generation`: uses of the slot so far."""

    state: State
    worker: int = 0
    attempt: int = 0
    generation: int = 0

    def pack(self) -> int:
        """Return the word as an integer, as it stands in memory. Attempt and generation wrap around."""
        high = (self.state << WORKER_BITS | self.worker) << ATTEMPT_BITS | self.attempt & _ATTEMPT
        return high << GENERATION_BITS | self.generation & _GENERATION

    @classmethod
    def unpack(cls, value: int) -> Word:
        """Return the word in an integer. ProtocolError when its state is not one of `State`."""
        attempt = value >> GENERATION_BITS
        worker = attempt >> ATTEMPT_BITS
        state = worker >> WORKER_BITS
        if state not in _STATES:
            raise ProtocolError(f"request board: state is {state}: must be one of {', '.join(map(str, _STATES))}")
        return cls(_STATES[state], worker & _WORKER, attempt & _ATTEMPT, value & _GENERATION)


def lap_of(position: int, cells: int) -> int:
    """Return the lap of a position in a ring of `cells` cells."""
    return (position // cells + 1) & _LAP


def pack_cell(lap: int, generation: int, slot: int) -> int:
    """Return a cell; it keeps the low 16 bits of the generation."""
    return (lap << CELL_GENERATION_BITS | generation & _CELL_GENERATION) << SLOT_BITS | slot


def unpack_cell(cell: int) -> tuple[int, int, int]:
    """Return (lap, generation, slot) of a cell."""
    generation = cell >> SLOT_BITS
    return generation >> CELL_GENERATION_BITS, generation & _CELL_GENERATION, cell & _SLOT


def same_generation(cell: int, word: int) -> bool:
    """Return whether a cell refers to the present use of the slot whose word this is."""
    return (cell >> SLOT_BITS ^ word) & _CELL_GENERATION == 0


@dataclass(frozen=True, slots=True)
class BoardLayout:
    """The sizes of a board, and from them every place: in words of 8 bytes, the arena's in bytes.

    So that no request finds the board full while another could still run, `slots` should be
    workers x (cells + sequences + 1): all rings full, all sequences running, one request in every worker's hand.
    """

    workers: int
    cells: int  # of each ring
    slots: int
    slot_bytes: int

    def __post_init__(self) -> None:
        """Check the sizes. UsageError when one is out of range."""
        for name, least, most, step in (
            ("workers", 1, 1 << WORKER_BITS, 1),
            ("cells", 1, 1 << SLOT_BITS, 1),
            ("slots", 1, 1 << SLOT_BITS, 1),
            ("slot_bytes", 32, -(-(HEADER_SIZE + MAX_PAYLOAD) // WORD) * WORD, WORD),
        ):
            value = getattr(self, name)
            if not least <= value <= most or value % step:
                rule = f"from {least} to {most}" + (f", a multiple of {step}" if step > 1 else "")
                raise UsageError(f"request board: {name} is {value}: must be {rule}")

    @property
    def ring_words(self) -> int:
        """Return the words from the start of one ring to the start of the next."""
        return CELLS + -(-self.cells // LINE) * LINE

    def head(self, ring: int) -> int:
        """Return the index of the head: the position that will be taken next."""
        return LINE + ring * self.ring_words

    def tail(self, ring: int) -> int:
        """Return the index of the tail: the position filled next. A hint for thieves: the laps of the cells decide."""
        return self.head(ring) + TAIL

    def cell(self, ring: int, position: int) -> int:
        """Return the index of the cell of a position."""
        return self.head(ring) + CELLS + position % self.cells

    @property
    def words(self) -> int:
        """Return the index of the first slot's word; the others follow."""
        return self.head(self.workers)

    @property
    def flags(self) -> int:
        """Return the index of the first slot's flag; the others follow."""
        return self.words + -(-self.slots // LINE) * LINE

    @property
    def arena(self) -> int:
        """Return the first byte of the first slot's frame, on a page; `slot_bytes` from one to the next."""
        end = self.flags + -(-self.slots // LINE) * LINE
        return -(-end * WORD // _PAGE) * _PAGE

    @property
    def size(self) -> int:
        """Return the bytes in all. Pages that were never written take no memory."""
        return self.arena + self.slots * self.slot_bytes

    @property
    def header(self) -> tuple[int, ...]:
        """Return the words of the header."""
        return MAGIC, VERSION, self.workers, self.cells, self.slots, self.slot_bytes
