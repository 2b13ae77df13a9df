"""Main and its workers around one request board, as one value: everything that can have an influence.

A step is a load, store or compare-and-swap of the real code (`replay`), a store of main's reaching memory, a message
crossing a pipe, or a death. Main is modelled as CPUs allow: its stores wait in a buffer, which x86 empties in order,
others ("weak") in any order that keeps the stores to one place apart. What is modelled by hand is the life around the
board, as `requestboard` prescribes it: `mainside` and `workerside`.

Three things are left out because they lead nowhere new. What only a process itself can see (a store into main's buffer,
a call's beginning and return) belongs to the step before. A worker's death is looked at right after each of its steps
that others can see: after a mere load it leaves the same world as before it. Taken is told only where cancels matter.

Wakeups are rung for all by default, after every append. Where they are for sleepers alone, as `service.dispatcher` has
it, each worker has one more word in memory: it says that it rests before it looks for the last time, and main looks who
rests after it has appended, each with a fence between; a worker that has finished something is looked at once more.

A coarse case has fewer steps, for larger worlds. What nobody else can touch need not be a step of its own; it is
checked instead that nobody does: a frame is written only while its word is free or says a worker that is done with it;
only main changes a word that runs or is free; heads never go back. Then reading and writing the frame, and main's looks
at such words and at the room of a ring (which only grows), belong to the steps around them. Lengths are not read: a
thief looks everywhere. Rings that are never appended to are no step to look into. Workers begin asleep.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from service.board.replay import SLOT_BYTES, Edit, Replay

from llmproc.processes.boardlayout import BoardLayout, State, Word
from llmproc.processes.frames import Frame
from llmproc.processes.requestboard import Producer, RequestBoard

REQUEST = 16  # frame type


class Violation(AssertionError):
    """Something happened that must never happen."""


@dataclass(frozen=True)
class Case:
    """One small world. `dealt`: to how many rings main appends; the other workers only steal."""

    workers: int = 2
    dealt: int = 2
    cells: int = 1
    slots: int = 1
    requests: int = 2
    deaths: int = 1
    cancels: frozenset[int] = frozenset()
    sequences: int = 1
    producer: Producer = "main"
    steals: bool = True
    buffered: bool = True  # whether main's stores wait before they are seen
    weak: bool = False
    coarse: bool = False
    sleepers: bool = False  # wakeups for them alone; for one sequence
    # what a mutant does otherwise
    edits: tuple[Edit, ...] = ()
    board_class: type[RequestBoard] = RequestBoard
    appends_again: bool = True
    drains_first: bool = True
    tells_late: bool = True  # main, hearing Taken, tells the worker of a cancel that came too late for the flag
    main_fences: bool = True
    worker_fences: bool = True
    looks_again: bool = True  # a worker, once it has said that it rests
    asks_again: bool = True  # main, whether a worker rests that has finished something

    @property
    def tells_taken(self) -> bool:
        """Whether workers tell main what they have taken: where it makes a difference."""
        return bool(self.cancels) or self.sleepers


class Activity(NamedTuple):
    """A call under way: what `Replay.next` needs, and main's method that goes on from there."""

    call: Any
    arguments: tuple[Any, ...]
    results: tuple[Any, ...] = ()
    then: str = ""


class Held(NamedTuple):
    """A request that a worker runs."""

    slot: int
    request: int
    attempt: int
    cancelled: bool


class Rest(IntEnum):
    """How a worker goes to sleep where wakeups are for sleepers alone; AWAKE and ASLEEP are all there is elsewhere."""

    AWAKE = 0
    TIRED = 1  # found nothing
    RESTING = 2  # has said so
    ASLEEP = 3  # found nothing again: waits for a bell
    RISING = 4  # has yet to say that it does not rest any more


class Worker(NamedTuple):
    """One worker. `events`: what it has told and main has not heard."""

    alive: bool = True
    activity: Activity | None = None
    won: Held | None = None  # before Taken is told
    held: tuple[Held, ...] = ()
    rest: Rest = Rest.AWAKE
    bell: bool = False
    inbox: tuple[bytes, ...] = ()
    events: tuple[tuple[str, Held], ...] = ()


class Main(NamedTuple):
    """Main's own memory. `bell`: what it is about to send, a ring's owner and his payload.

    `asks`: workers of whom it wants to know whether they rest, to wake the first that does, or all.
    """

    own: Any  # its board's
    activity: Activity | None = None
    bell: tuple[int, bytes] | None = None
    submitted: int = 0
    slots: tuple[tuple[int, int, int], ...] = ()  # of open requests: slot, request, attempt
    stranded: tuple[int, ...] = ()
    cancelled: frozenset[int] = frozenset()
    taken: frozenset[tuple[int, int]] = frozenset()  # (request, worker) as far as it knows who runs what
    asks: tuple[int, ...] = ()
    wakes_all: bool = False


class History(NamedTuple):
    """What has happened so far, as far as it can be contradicted."""

    deaths: int  # still to come
    started: frozenset[tuple[int, int]] = frozenset()  # (request, attempt) of open requests
    finished: frozenset[int] = frozenset()
    told: frozenset[int] = frozenset()  # requests of whose cancel a worker was told by main


class World(NamedTuple):
    """Everything. `memory`: what all see; `buffer`: main's stores on their way there."""

    memory: tuple[Any, ...]
    buffer: tuple[tuple[int, Any], ...]
    main: Main
    history: History
    workers: tuple[Worker, ...]


What = tuple[Any, ...]  # what happened, in pieces of a sentence
Step = tuple[What, World]  # and the world afterwards


class Setting:
    """What a case has and no step changes: the real code, and where everything stands in a world's memory."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.layout = layout = BoardLayout(case.workers, case.cells, case.slots, SLOT_BYTES)
        self.replay = Replay(layout, case.producer, case.steals, case.edits, case.board_class, case.coarse)
        places = self.replay.places
        self.heads = [places[layout.head(ring)] for ring in range(case.workers)]
        self.words, self.flags, self.frames = (places[at] for at in (layout.words, layout.flags, layout.arena))
        self.rests = len(places)  # whether worker 0 says that it rests; the others behind it
        self.never_used = {
            places[index]
            for ring in range(case.dealt, case.workers)
            for index in (layout.head(ring), *(layout.cell(ring, cell) for cell in range(case.cells)))
        }

    def first(self) -> World:
        """Nothing has happened."""
        asleep = self.case.coarse and not self.case.sleepers
        worker = Worker(rest=Rest.ASLEEP if asleep else Rest.AWAKE)
        memory = (0,) * (self.rests + (self.case.workers if self.case.sleepers else 0))
        return World(memory, (), Main(self.replay.own()), History(self.case.deaths), (worker,) * self.case.workers)

    def is_word(self, place: int) -> bool:
        """Whether a slot's word stands there."""
        return self.words <= place < self.flags

    def word(self, world: World, slot: int) -> Word:
        """A slot's word as all see it."""
        return Word.unpack(world.memory[self.words + slot])

    def check_end(self, world: World) -> None:
        """Nothing more can happen: everything must be done."""
        missing = set(range(self.case.requests)) - world.history.finished
        if missing:
            raise Violation(f"lost: requests {sorted(missing)} never end")
        if any(self.word(world, slot).state is not State.FREE for slot in range(self.case.slots)):
            raise Violation("a slot is not free at the end")


def held_by_living(world: World) -> list[Held]:
    """Every request that a living worker runs, as it sees it."""
    return [held for w in world.workers if w.alive for held in (*w.held, w.won) if held is not None]


def with_worker(world: World, number: int, worker: Worker) -> World:
    """The world with another worker of that number."""
    memory, buffer, main, history, workers = world
    return World(memory, buffer, main, history, (*workers[:number], worker, *workers[number + 1 :]))


def stored(world: World, place: int, value: Any) -> World:
    """The world with another value at a place of its memory."""
    memory, buffer, main, history, workers = world
    return World((*memory[:place], value, *memory[place + 1 :]), buffer, main, history, workers)


def frame_of(request: int, attempt: int) -> Frame:
    """What main writes for an attempt at a request."""
    return Frame(REQUEST, request, bytes([attempt]))
