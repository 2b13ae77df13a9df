"""A worker's loop over a fake runner, fake rings and a fake pipe: when it takes, holds, says and sleeps."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any

import pytest

from llmproc.engine.events import Token
from llmproc.errors import RequestError
from llmproc.processes import protocol
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthBoard
from llmproc.service.claims import Claim
from llmproc.service.messages import Cancel, Events, Finish, Generate, Taken, Wakeup, from_frame, to_frame
from llmproc.service.worker import WorkerLoop


class Pipe:
    """Frames in a script: None is a moment at which nothing is there (and the worker would sleep)."""

    def __init__(self, script: Sequence[Frame | None]) -> None:
        self.script, self.ended = deque(script), False
        self.said: list[Any] = []
        self.messages: list[list[str]] = []  # what was said together
        self.sleeps: list[float | None] = []

    def ready(self) -> None:
        self.said.append("ready")

    def receive(self, patience: float | None = None) -> Frame | None:
        if not self.script:
            self.ended = True
            return None
        frame = self.script.popleft()
        if frame is None:
            self.sleeps.append(patience)
        return frame

    def send(self, frame: Frame) -> None:
        events = from_frame(frame)
        assert isinstance(events, Events)
        said = single_events(events)
        assert said, "nothing is said when there is nothing to say"
        self.said += said
        self.messages.append([type(item).__name__ for item in said])


def single_events(events: Events) -> list[Token | Taken | Finish]:
    """What happened, one by one: ids come before all else."""
    found: list[Token | Taken | Finish] = []
    for number, ids in zip(events.requests, events.tokens, strict=True):
        last = len(ids) - 1
        found += [Token(number, each, place < last or number not in events.closed) for place, each in enumerate(ids)]
    return found + events.items


class Rings:
    """What can be taken, and what was published."""

    def __init__(self, *claims: Claim) -> None:
        self.claims, self.published = deque(claims), []

    def claim(self) -> Claim | None:
        return self.claims.popleft() if self.claims else None

    def fence(self) -> None:
        pass

    def publish(self, cell: bytes) -> None:
        self.published.append(cell)


class Steps:
    """A runner whose requests take two steps each; ids of 99 are refused."""

    def __init__(self) -> None:
        self.left: dict[int, int] = {}
        self.together: list[set[int]] = []

    @property
    def load(self) -> int:
        return len(self.left)

    def add(self, request_id: int, order: Generate) -> None:
        if 99 in order.ids:
            raise RequestError("99 is refused")
        self.left[request_id] = 2

    def cancel(self, request_id: int) -> None:
        if request_id in self.left:
            self.left[request_id] = 0

    def patience(self) -> float | None:
        return 0 if self.left else None

    def step(self) -> list[Token | Finish]:
        events: list[Token | Finish] = []
        self.together.append(set(self.left))
        for number in list(self.left):
            if self.left[number] == 0:
                events.append(end(number, "cancelled"))
            elif self.left[number] == 1:
                events += [Token(number, 2, True), end(number, "length")]
            else:
                events.append(Token(number, 1, True))
                self.left[number] -= 1
                continue
            del self.left[number]
        return events


def end(number: int, reason: Any, message: str = "", draws: int = 0) -> Finish:
    return Finish.plain(number, reason, prompt_tokens=2, draws=draws, message=message)


def claim(number: int, alone: bool = False, cancelled: bool = False, first: int = 1, ring: int = 0) -> Claim:
    order = Generate.greedy([first, 1], 2, alone=alone)
    return Claim(number, to_frame(order, number), 0, ring, cancelled)


STOP = Frame(protocol.STOP)
BELL = to_frame(Wakeup())


def served(rings: Rings, script: Sequence[Frame | None], sequences: int = 2) -> tuple[Pipe, Steps, int]:
    """What was said, what ran together, and the steps that main saw."""
    pipe, steps, board = Pipe(script), Steps(), HealthBoard.create(1)
    try:
        cell = board.cell(0)
        WorkerLoop(steps, rings, pipe, cell, sequences).run()  # type: ignore[arg-type]
        return pipe, steps, cell.steps
    finally:
        board.close()


def kinds(pipe: Pipe) -> list[tuple[str, int]]:
    return [(type(said).__name__, said.request_id) for said in pipe.said if said != "ready"]


def test_what_waited_before_it_was_born_is_taken_without_a_bell() -> None:
    pipe, steps, counted = served(Rings(claim(1, ring=3)), [None] * 3 + [STOP])
    assert pipe.said[0] == "ready"
    assert kinds(pipe) == [("Taken", 1), ("Token", 1), ("Token", 1), ("Finish", 1)]
    assert isinstance(pipe.said[1], Taken) and pipe.said[1].ring == 3 and pipe.said[1].at > 0
    assert counted == len(steps.together) == 2
    assert pipe.sleeps == [0, 0, None], "it sleeps only with nothing to do"


def test_no_more_than_its_sequences_and_the_next_one_as_soon_as_one_ends() -> None:
    rings = Rings(*(claim(number) for number in range(1, 6)))
    _, steps, _ = served(rings, [None] * 7 + [STOP])
    assert steps.together == [{1, 2}, {1, 2}, {3, 4}, {3, 4}, {5}, {5}]


def test_it_looks_again_after_the_last_one_ended_and_before_it_sleeps() -> None:
    pipe, _, _ = served(Rings(claim(1), claim(2)), [None] * 5 + [STOP], sequences=1)
    assert kinds(pipe)[3:5] == [("Finish", 1), ("Taken", 2)]
    end_and_beginning = ["Token", "Finish", "Taken"]
    assert pipe.messages == [["Taken"], ["Token"], end_and_beginning, ["Token"], ["Token", "Finish"]], "one each step"
    assert pipe.sleeps == [0, 0, 0, 0, None]


def test_a_suspect_waits_until_it_is_alone_and_nobody_joins_it() -> None:
    rings = Rings(claim(1), claim(2, alone=True), claim(3), claim(4))
    pipe, steps, _ = served(rings, [None] * 7 + [STOP], sequences=3)
    assert steps.together == [{1}, {1}, {2}, {2}, {3, 4}, {3, 4}]
    taken = [number for kind, number in kinds(pipe) if kind == "Taken"]
    assert taken == [1, 2, 3, 4] and kinds(pipe)[:2] == [("Taken", 1), ("Taken", 2)], "main knows who holds it"


def test_a_suspect_in_an_empty_worker_begins_at_once() -> None:
    _, steps, _ = served(Rings(claim(1, alone=True), claim(2)), [None] * 5 + [STOP])
    assert steps.together == [{1}, {1}, {2}, {2}]


def test_a_refused_suspect_stops_nobody() -> None:
    pipe, steps, _ = served(Rings(claim(1, alone=True, first=99), claim(2)), [None] * 3 + [STOP])
    assert end(1, "failed", "99 is refused") in pipe.said
    assert steps.together == [{2}, {2}]


def test_a_held_suspect_can_be_cancelled() -> None:
    cancel = to_frame(Cancel(), 2)
    pipe, steps, _ = served(Rings(claim(1), claim(2, alone=True), claim(3)), [cancel, None, None, None, None, STOP])
    assert ("Finish", 2) in kinds(pipe) and {2} not in steps.together
    assert steps.together[-1] == {3}


def test_what_was_cancelled_before_it_was_won_ends_without_a_step() -> None:
    pipe, steps, _ = served(Rings(claim(1, cancelled=True)), [None, STOP])
    assert kinds(pipe) == [("Taken", 1), ("Finish", 1)] and pipe.said[-1] == end(1, "cancelled")
    assert not steps.together and pipe.sleeps == [None]


def test_cancel_reaches_the_runner() -> None:
    pipe, _, _ = served(Rings(claim(1)), [to_frame(Cancel(), 1), None, None, STOP])
    assert pipe.said[-1] == end(1, "cancelled")


def test_a_bell_may_bring_cells_to_publish() -> None:
    rings = Rings()
    served(rings, [to_frame(Wakeup([b"one", b"two"])), BELL, None, STOP])
    assert rings.published == [b"one", b"two"]


def test_the_end_of_the_pipe_ends_it_and_so_does_stop() -> None:
    pipe, _, _ = served(Rings(), [])
    assert pipe.said == ["ready"]
    pipe, _, _ = served(Rings(claim(1)), [STOP, BELL])
    assert len(pipe.script) == 1 and kinds(pipe) == [("Taken", 1)], "what it has is main's to give to another"


def test_what_does_not_belong_on_the_board_is_loud() -> None:
    strange = Claim(0, to_frame(Cancel(), 5), 0, 0, False)
    with pytest.raises(TypeError, match="request 5 of the board is Cancel"):
        served(Rings(strange), [None])
