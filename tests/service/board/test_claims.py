"""A worker's claims: its own ring first, then others', and what it is told about a request."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest

from llmproc import kernels
from llmproc.errors import ProtocolError
from llmproc.processes.boardview import BoardView
from llmproc.processes.frames import Frame
from llmproc.processes.requestboard import PUBLICATION, Producer, RequestBoard
from llmproc.service.claims import Claim, Claims

WORKERS = 3


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.load(kernels.RINGS)


def next_ones(lengths: Sequence[int], me: int) -> list[int]:
    return [ring for ring in range(len(lengths)) if ring != me and lengths[ring]]


class Office:
    """A board, and claims of every worker."""

    def __init__(self, producer: Producer, steals: bool = True) -> None:
        self.board = RequestBoard.create(WORKERS, 4, 12, 512, producer)
        self.views = [BoardView.attach(os.dup(self.board.fd)) for _ in range(WORKERS)]
        self.claims = [Claims(view, worker, steals, next_ones) for worker, view in enumerate(self.views)]

    def submit(self, ring: int, number: int) -> int:
        slot = self.board.write_request(Frame(20, number, b"p" * number))
        self.append(ring, slot)
        return slot

    def append(self, ring: int, slot: int) -> None:
        self.claims[ring].publish(self.board.append(ring, slot))

    def close(self) -> None:
        for view in self.views:
            view.close()
        self.board.close()


@pytest.fixture(params=["main", "owner"])
def office(request: pytest.FixtureRequest) -> Iterator[Office]:
    made = Office(request.param)
    yield made
    made.close()


def test_an_empty_board_gives_nothing(office: Office) -> None:
    assert [claims.claim() for claims in office.claims] == [None] * WORKERS


def test_the_own_ring_first_then_others(office: Office) -> None:
    slots = {number: office.submit(ring, number) for number, ring in ((1, 2), (2, 0), (3, 0), (4, 1))}
    taken = [office.claims[1].claim() for _ in range(5)]
    assert [(claim.frame.request_id, claim.ring) for claim in taken if claim] == [(4, 1), (2, 0), (3, 0), (1, 2)]
    assert taken[4] is None
    assert taken[0] == Claim(slots[4], Frame(20, 4, b"pppp"), 0, 1, False)
    assert [office.board.word(slot).worker for slot in slots.values()] == [1] * 4
    assert office.board.reaped(1) == sorted(slots.values())


def test_nobody_steals_who_may_not() -> None:
    office = Office("main", steals=False)
    office.submit(0, 1)
    assert office.claims[1].claim() is None
    assert office.claims[0].claim() is not None
    office.close()


def test_a_victim_that_is_oneself_is_passed_over() -> None:
    office = Office("main")
    claims = Claims(office.views[0], 0, True, lambda lengths, me: [me, 2])
    office.submit(2, 1)
    claim = claims.claim()
    assert claim is not None and claim.ring == 2
    office.close()


def test_the_attempt_and_the_cancel_are_told(office: Office) -> None:
    slot = office.submit(0, 5)
    first = office.claims[0].claim()
    assert first is not None and (first.attempt, first.cancelled) == (0, False)
    for attempt in (1, 2):
        assert office.board.reaped(0) == [slot]
        office.board.take_back(slot, Frame(20, 5, b"rest"))
        office.board.set_cancel(slot)
        office.append(0, slot)
        claim = office.claims[0].claim()
        assert claim == Claim(slot, Frame(20, 5, b"rest"), attempt, 0, True)


def test_what_stands_in_rings_twice_is_taken_once(office: Office) -> None:
    slot = office.submit(0, 1)
    office.append(1, slot)
    office.append(2, slot)
    assert [claim and claim.ring for claim in (office.claims[2].claim(), office.claims[1].claim())] == [2, None]
    assert office.claims[0].claim() is None
    assert office.board.room(0) == office.board.room(1) == 4, "the other cells are gone from the rings"
    office.board.release(slot)
    assert office.submit(1, 2) == slot
    claim = office.claims[0].claim()
    assert claim is not None and claim.frame.request_id == 2


def test_a_request_that_cannot_be_read_is_an_error_and_still_the_workers(office: Office) -> None:
    slot = office.submit(0, 9)
    office.board._memory[office.board._arena + slot * 512 + 25] ^= 1
    with pytest.raises(ProtocolError, match="checksum"):
        office.claims[2].claim()
    assert office.board.reaped(2) == [slot]
    office.board.release(slot)


def test_a_thousand_requests_through_four_cells(office: Office) -> None:
    """Twice over the laps of every ring, by all workers in turn."""
    taken = []
    for number in range(1000):
        office.submit(number % WORKERS, number % 300)
        claim = office.claims[number * 7 % WORKERS].claim()
        assert claim is not None
        taken.append(claim.frame.request_id)
        office.board.release(claim.slot)
    assert taken == [number % 300 for number in range(1000)]


@pytest.mark.parametrize("payload", [b"x", bytes(15), bytes(17), PUBLICATION.pack(1 << 63, 0)])
def test_what_is_no_publication_is_refused(payload: bytes) -> None:
    office = Office("owner")
    with pytest.raises(ProtocolError, match="publication"):
        office.claims[0].publish(payload)
    assert not any(office.board._words[office.board.layout.head(0) : office.board.layout.words])
    office.close()
