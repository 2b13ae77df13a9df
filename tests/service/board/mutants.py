"""What must be noticed: every safety line of the protocol left out or bent, one at a time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from service.board.world import Case

from llmproc.processes.boardlayout import State, Word, lap_of, pack_cell
from llmproc.processes.frames import Frame
from llmproc.processes.requestboard import RequestBoard


@dataclass(frozen=True)
class Mutant:
    """A case with something wrong, and a piece of what is found."""

    case: Case
    found: str


class SameGeneration(RequestBoard):
    """A slot that is used again keeps its generation."""

    def _put(self, slot: int, data: bytes, attempt: int) -> None:
        at = self._arena + slot * self._slot_bytes
        self._memory[at : at + len(data)] = data
        self._store(slot, Word(State.WAITING, 0, attempt, self._written[slot]))


class SameGenerationTakenBack(RequestBoard):
    """A request that is taken back keeps its generation: cells of the former attempt mean it again."""

    def _put(self, slot: int, data: bytes, attempt: int) -> None:
        at = self._arena + slot * self._slot_bytes
        self._memory[at : at + len(data)] = data
        self._store(slot, Word(State.WAITING, 0, attempt, self._written[slot] + (attempt == 0)))


class CellFirst(RequestBoard):
    """The cell is stored before the frame and the word."""

    def write_request(self, frame: Frame) -> int:
        self._late = self._encode(frame)
        return self._free.pop()

    def append(self, ring: int, slot: int) -> bytes:
        end, cells = self._ends[ring], self.layout.cells
        cell = pack_cell(lap_of(end, cells), self._written[slot] + 1, slot)
        self._appended[ring][end % cells] = cell
        self._ends[ring] = end + 1
        self._words[self.layout.cell(ring, end)] = cell
        self._put(slot, self._late, 0)
        return b""


class FlagStays(RequestBoard):
    """The flag of a cancelled request stays for the next one in its slot."""

    def write_request(self, frame: Frame) -> int:
        self._flagged.clear()
        return super().write_request(frame)


class NeverTakesBack(RequestBoard):
    """What a dead worker was running is not looked for."""

    def reaped(self, worker: int) -> list[int]:
        super().reaped(worker)
        return []


class ForgetsNothing(RequestBoard):
    """Main goes on as if a dead owner had published what was on its way to it."""

    def _forget_unpublished(self, ring: int) -> None:
        pass


_GENERATION = ("(word ^ cell >> CELL_GENERATION_SHIFT) & CELL_GENERATION_MASK != 0", "False")
_STATE = ("if word >> STATE_SHIFT != WAITING:", "if word >> STATE_SHIFT == 0:")
_LAP = ("(cell >> LAP_SHIFT) & LAP_MASK != (head // cells + 1) & LAP_MASK", "cell == 0")
_WORD = (
    "if compare_exchange_i64(words + slot * 8, word, mine) == word:\n            return slot",
    "store_i64(words + slot * 8, mine)\n        return slot",
)
_HEAD = ("if compare_exchange_i64(ring, head, head + 1) != head:\n            continue", "store_i64(ring, head + 1)")
_LATE = ("slot = cell & SLOT_MASK", "slot = load_i64(ring + CELLS + head % cells * 8) & SLOT_MASK")

_OWNERS = Case(dealt=1, producer="owner", weak=True, coarse=True)
_ONE = frozenset([0])
_SLEEPERS = Case(requests=1, dealt=1, deaths=0, sleepers=True, coarse=True)
_LOST, _TWICE = "lost: requests", "beside or after another"

MUTANTS = {
    # the workers' side
    "no generation check": Mutant(replace(_OWNERS, edits=(_GENERATION,)), _TWICE),
    "no state check": Mutant(Case(dealt=1, requests=1, edits=(_STATE,)), _TWICE),
    "no lap check": Mutant(Case(edits=(_LAP,)), "passes what has been appended"),
    "no compare-and-swap of the word": Mutant(Case(dealt=1, requests=1, edits=(_WORD,)), _TWICE),
    "no compare-and-swap of the word, coarse": Mutant(
        Case(dealt=1, requests=1, coarse=True, edits=(_WORD,)), "changes a word that does not wait"
    ),
    "no compare-and-swap of the head": Mutant(Case(dealt=1, requests=3, deaths=0, edits=(_HEAD,)), _LOST),
    "the cell is read after the head": Mutant(Case(dealt=1, slots=2, deaths=0, coarse=True, edits=(_LATE,)), _LOST),
    # main's side
    "nothing is appended again": Mutant(Case(requests=1, appends_again=False), _LOST),
    "nothing is taken back": Mutant(Case(requests=1, dealt=1, board_class=NeverTakesBack), _LOST),
    "the pipe is not drained before": Mutant(Case(requests=1, drains_first=False), "only a running request"),
    "the same generation": Mutant(replace(_OWNERS, board_class=SameGeneration), _TWICE),
    "the same generation, taken back": Mutant(
        replace(_OWNERS, requests=1, deaths=2, board_class=SameGenerationTakenBack), "its word says attempt 1"
    ),
    "the cell before the frame": Mutant(Case(requests=1, deaths=0, dealt=1, board_class=CellFirst), _LOST),
    "main is the producer where stores have no order": Mutant(Case(requests=1, deaths=0, weak=True), _LOST),
    "unpublished cells are counted on": Mutant(
        Case(requests=1, dealt=1, producer="owner", coarse=True, board_class=ForgetsNothing), _LOST
    ),
    "a cancel is told by the flag alone": Mutant(
        Case(requests=1, deaths=0, cancels=_ONE, tells_late=False), "reached nobody"
    ),
    "a cancel outlives its request": Mutant(
        Case(deaths=0, dealt=1, cancels=_ONE, coarse=True, board_class=FlagStays), "nobody asked for it"
    ),
    # wakeups for sleepers alone
    "main looks who rests before what it appended is seen": Mutant(replace(_SLEEPERS, main_fences=False), _LOST),
    "a worker looks before all see that it rests": Mutant(replace(_SLEEPERS, worker_fences=False), _LOST),
    "a worker rests without another look": Mutant(replace(_SLEEPERS, looks_again=False), _LOST),
    "who has finished something is not asked again": Mutant(
        replace(_SLEEPERS, requests=2, slots=2, steals=False, asks_again=False), _LOST
    ),
}
