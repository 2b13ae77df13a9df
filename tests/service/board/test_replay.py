"""The model's own honesty: its steps are those of the real code, in its order, and what they lead to is the same."""

from __future__ import annotations

from typing import Any

import pytest
from service.board import mainside, workerside
from service.board.replay import SLOT_BYTES, Replay, by_length, places_of
from service.board.world import Case, Setting

from llmproc.processes.boardlayout import BoardLayout, State, Word
from llmproc.processes.requestboard import PUBLICATION, Producer

LAYOUT = BoardLayout(2, 1, 2, SLOT_BYTES)


class Alone:
    """One process at a time on a memory of its own: every call runs to its end."""

    def __init__(self, producer: Producer = "main", edits: Any = ()) -> None:
        self.replay = Replay(LAYOUT, producer, steals=True, edits=edits)
        self.names = {place: self._name(index) for index, place in self.replay.places.items()}
        self.memory: dict[str, Any] = dict.fromkeys(self.names.values(), 0)
        self.own = self.replay.own()
        self.steps: list[str] = []

    def _name(self, index: int) -> str:
        for ring in range(2):
            known = {LAYOUT.head(ring): "head", LAYOUT.tail(ring): "tail", LAYOUT.cell(ring, 0): "cell"}
            if index in known:
                return f"{known[index]}{ring}"
        for name, begin in (("word", LAYOUT.words), ("flag", LAYOUT.flags), ("frame", LAYOUT.arena)):
            if 0 <= index - begin < LAYOUT.slots:
                return f"{name}{index - begin}"
        raise AssertionError(index)

    def call(self, call: Any, *arguments: Any, main: bool = False) -> Any:
        """What the call returns; `steps` are the operations it took."""
        results: tuple[Any, ...] = ()
        self.steps = []
        while True:
            kind, what, more = self.replay.next(call, arguments, self.own if main else None, results)
            if kind == "return":
                self.own = more if main else self.own
                return what
            assert kind == "do", what
            operation, place, value, wanted = what
            name = self.names[place]
            self.steps.append(f"{operation} {name}")
            found = None if operation == "store" else self.memory[name]
            if operation == "store" or (operation == "cas" and found == value):
                self.memory[name] = value if operation == "store" else wanted
            results = (*more, found)


def test_a_request_is_handed_over_in_this_order() -> None:
    """What `requestboard` and `kernels.rings` promise, operation by operation."""
    alone = Alone()
    slot, payload = alone.call(mainside.submit, 0, 1, main=True)
    assert (slot, payload) == (0, b"")
    assert alone.steps == ["store frame0", "store frame0", "store word0", "load head1", "store cell1", "store tail1"]
    claim = alone.call(workerside.take, 1)
    assert alone.steps == [
        "load head1", "load cell1", "cas head1", "load word0", "cas word0",
        "load frame0", "load word0", "load flag0",
    ]  # fmt: skip
    assert (claim.slot, claim.frame.request_id, claim.attempt, claim.ring) == (0, 0, 0, 1)
    alone.call(mainside.release, 0, main=True)
    assert alone.steps == ["load word0", "store word0"]


def test_a_thief_looks_at_home_first() -> None:
    alone = Alone()
    alone.call(mainside.submit, 0, 1, main=True)
    claim = alone.call(workerside.take, 0)
    assert (claim.ring, alone.steps[:7]) == (
        1,
        ["load head0", "load cell0", "load head0", "load tail0", "load head0", "load tail1", "load head1"],
    )
    assert alone.steps[7:12] == ["load head1", "load cell1", "cas head1", "load word0", "cas word0"]


def test_a_death_is_recovered_from_in_this_order() -> None:
    alone = Alone()
    alone.call(mainside.submit, 0, 1, main=True)
    alone.call(workerside.take, 0)
    assert alone.call(mainside.recover, 0, ((0, 0, 0),), main=True) == ([0], (0,))
    assert alone.steps == [
        "load word0", "load word0", "store frame0", "store frame0", "store word0",
        "load head0", "load head1", "load word0",
    ]  # fmt: skip
    assert Word.unpack(alone.memory["word0"]) == Word(State.WAITING, 0, 1, 2)


def test_an_owner_publishes_the_cell_before_the_tail() -> None:
    alone = Alone("owner")
    _, payload = alone.call(mainside.submit, 0, 1, main=True)
    assert alone.steps == ["store frame0", "store frame0", "store word0", "load head1"], "main leaves the ring alone"
    alone.call(workerside.publish, 1, payload)
    assert alone.steps == ["store cell1", "store tail1"]
    assert alone.memory["cell1"] == PUBLICATION.unpack(payload)[1]
    assert alone.call(workerside.take, 0).ring == 1


def test_a_taker_whose_head_is_old_looks_again() -> None:
    """Main has written a new lap since it read the head: no sign that the ring is empty."""
    replay = Replay(LAYOUT, "main", steals=False)
    head, cell = replay.places[LAYOUT.head(0)], replay.places[LAYOUT.cell(0, 0)]
    second_lap = 2 << 40
    results: tuple[Any, ...] = ()
    for expected, found in ((head, 0), (cell, second_lap), (head, 1)):
        kind, (operation, place, _, _), results = replay.next(workerside.take, (0,), None, results)
        assert (kind, operation, place) == ("do", "load", expected)
        results = (*results, found)
    kind, (operation, place, _, _), results = replay.next(workerside.take, (0,), None, results)
    assert (kind, operation, place) == ("do", "load", head), "once more from the beginning"
    assert results == (), "and nothing of the first look matters any more"


def test_results_that_cannot_matter_are_forgotten() -> None:
    """Two histories that lead to the same situation are the same value: without it, cases would be far larger."""
    replay = Replay(LAYOUT, "main", steals=True)
    results: tuple[Any, ...] = ()
    lengths = []
    for found in (0, 0, 0, 0, 0, 0, 0):  # the own ring is empty, and so are all others
        _, _, results = replay.next(workerside.take, (0,), None, results)
        results = (*results, found)
        lengths.append(len(results))
    assert replay.next(workerside.take, (0,), None, results)[:2] == ("return", None)
    assert lengths == [1, 2, 3, 2, 3, 4, 5]


def test_an_edit_that_does_not_fit_is_an_error_and_not_a_passing_test() -> None:
    with pytest.raises(AssertionError, match="does not fit"):
        Replay(LAYOUT, "main", steals=True, edits=(("no such line", ""),))


def test_places_are_numbered_without_a_gap() -> None:
    for tails in (True, False):
        places = places_of(LAYOUT, tails)
        assert sorted(places.values()) == list(range(len(places)))
    assert Setting(Case(coarse=True, cells=2)).first().memory == (0,) * (2 * 3 + 3)


def test_the_models_thief_robs_the_fullest_first() -> None:
    assert by_length([0, 2, 5, 0, 5], 3) == [4, 2, 1]
