"""Placing without workers: where requests stand, by a real board whose words are changed as a worker changes them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from llmproc.dispatch import make_policy
from llmproc.monitor.events import Event, RequestQueued
from llmproc.processes.boardlayout import State, Word
from llmproc.processes.frames import Frame
from llmproc.processes.requestboard import RequestBoard
from llmproc.service.messages import Generate, Wakeup, from_frame
from llmproc.service.placement import Placement
from llmproc.service.request_state import ENDED, QUEUED, RUNNING, STRANDED, WAITING, RequestState
from llmproc.service.ticket import Ticket


class Placed:
    """A placement, its board, and workers that sleep."""

    def __init__(self, mode: str = "sp", workers: int = 2, cells: int = 2) -> None:
        self.board = RequestBoard.create(workers, cells, workers * (cells + 2), 1024)
        self.told: list[Event] = []
        self.woken: list[int] = []
        self.placement = Placement(make_policy(mode, workers, 1), self.board, 1, self, self.told.append)
        self.workers = workers

    def ready(self) -> list[bool]:
        return [True] * self.workers

    def pid(self, worker: int) -> int:
        return 100 + worker

    def resting(self, worker: int) -> bool:
        return True

    def send(self, worker: int, frame: Frame) -> None:
        if isinstance(from_frame(frame), Wakeup):
            self.woken.append(worker)

    def add(self, number: int, session: int = 0, tokens: int = 3) -> RequestState:
        request = RequestState(number, Generate.greedy([1, 2], tokens), Ticket(number, lambda: None), session)
        self.placement.add(request)
        return request

    def win(self, request: RequestState, worker: int, tell: bool = True) -> None:
        """As a worker does it: the ring's head, then the word."""
        assert request.ring is not None and request.place is not None
        word, words = self.board.word(request.place), self.board._words
        words[self.board.layout.head(request.ring)] += 1
        words[self.board.layout.words + request.place] = Word(
            State.RUNNING, worker, word.attempt, word.generation
        ).pack()
        if tell:
            self.placement.taken(request, worker, 0.0)

    def rings(self) -> list[tuple[int, int]]:
        return [(event.request, event.ring) for event in self.told if isinstance(event, RequestQueued)]


@pytest.fixture
def placed() -> Iterator[Placed]:
    found = Placed()
    yield found
    found.board.close()


def test_a_request_goes_through_its_stages(placed: Placed) -> None:
    request = placed.add(1)
    assert request.stage is WAITING and placed.placement.pending
    assert placed.placement.flush() == [] and not placed.placement.pending
    assert (request.stage, request.ring, placed.woken) == (QUEUED, 0, [0])
    assert placed.placement.expects(0) and not placed.placement.expects(1)
    placed.win(request, 1)
    assert (request.stage, request.worker, request.ring, request.attempts) == (RUNNING, 1, None, 1)
    assert placed.placement.runs(1) == 1 and not placed.placement.expects(0)
    placed.placement.leave_worker(request)
    placed.placement.release(request)
    assert (request.stage, request.place, request.worker) == (ENDED, None, None)
    assert placed.board.free_slots == placed.board.layout.slots


def test_who_runs_what(placed: Placed) -> None:
    requests = [placed.add(number) for number in (1, 2, 3)]
    placed.placement.flush()
    placed.win(requests[1], 1)
    placed.win(requests[0], 1)
    assert placed.placement.running(1) == [requests[1], requests[0]]
    assert (placed.placement.runs(1), placed.placement.runs(0)) == (2, 0)


def test_a_session_goes_where_it_ran_until_that_worker_dies(placed: Placed) -> None:
    first = placed.add(1, session=9)
    placed.placement.flush()
    placed.win(first, 1)
    placed.placement.leave_worker(first)
    placed.placement.release(first)
    for number, ring, dead in ((2, 1, 0), (3, 1, 1), (4, 1, None), (5, 0, None)):  # then the deal goes on: 1, 0
        request = placed.add(number, session=9)
        placed.placement.flush()
        assert request.ring == ring, number
        placed.win(request, 0 if number == 4 else ring) if number < 4 else None
        if number < 4:
            placed.placement.leave_worker(request)
            placed.placement.release(request)
        if dead is not None:
            placed.placement.worker_died(dead)


def test_what_a_dead_worker_ran_waits_again_before_others(placed: Placed) -> None:
    request = placed.add(1)
    placed.placement.flush()
    placed.win(request, 0)
    place = request.place
    placed.placement.take_back(request)
    assert (request.stage, request.place, request.worker) == (WAITING, place, None)
    placed.placement.worker_died(0)
    placed.placement.flush()
    assert (request.stage, request.ring) == (QUEUED, 0) and placed.rings() == [(1, 0), (1, 0)]


def test_a_cell_that_went_with_a_thief_is_appended_to_the_same_ring_again(placed: Placed) -> None:
    request = placed.add(1)
    placed.placement.flush()
    placed.board._words[placed.board.layout.head(0)] += 1  # taken from the ring, the word not won
    placed.placement.worker_died(1)
    assert request.stage is STRANDED and placed.placement.expects(0)
    placed.placement.flush()
    assert (request.stage, request.ring) == (QUEUED, 0) and placed.rings() == [(1, 0), (1, 0)]


def test_won_by_a_dead_worker_that_could_not_say_so(placed: Placed) -> None:
    request = placed.add(1)
    placed.placement.flush()
    placed.win(request, 1, tell=False)
    assert placed.placement.won_by(1) == [request] and placed.placement.won_by(0) == []


def test_cancelled_with_the_policy_it_is_over_on_the_board_it_stays(placed: Placed) -> None:
    requests = [placed.add(number) for number in range(1, 6)]
    placed.placement.flush()
    assert [request.stage for request in requests] == [QUEUED] * 4 + [WAITING]
    placed.placement.cancel(requests[4])
    placed.placement.cancel(requests[0])
    assert requests[4].stage is ENDED and requests[0].stage is QUEUED
    assert requests[0].place is not None and placed.board.cancelled(requests[0].place)


def test_what_is_too_large_is_refused_alone(placed: Placed) -> None:
    huge, good = placed.add(1), placed.add(2)
    huge.order = Generate.greedy([70_000] * 1024, 1)
    ((refused, reason),) = placed.placement.flush()
    assert refused is huge and "bytes" in reason and (huge.stage, good.stage) == (ENDED, QUEUED)


def test_nothing_more_is_handed_out_at_the_end(placed: Placed) -> None:
    placed.add(1)
    placed.placement.forget_waiting()
    assert placed.placement.flush() == [] and placed.rings() == []


@pytest.mark.parametrize("mode", ["sp", "ws", "lpt", "seq"])
def test_random_histories_lose_and_double_nothing(mode: str) -> None:
    """Every request is in one stage, the books agree with the stages, and all places come back."""
    for seed in range(60):
        chance, placed, requests = random.Random(seed), Placed(mode), []
        for _ in range(chance.randint(1, 80)):
            act, queued = chance.random(), [r for r in requests if r.stage is QUEUED]
            running = [r for r in requests if r.stage is RUNNING]
            if act < 0.35:
                requests.append(placed.add(len(requests) + 1, session=chance.randint(0, 2)))
            elif act < 0.6 and queued:
                heads = [next(r for r in queued if r.ring == ring) for ring in {r.ring for r in queued}]
                placed.win(chance.choice(heads), chance.randrange(2))
            elif act < 0.75 and running:
                ended = chance.choice(running)
                placed.placement.leave_worker(ended)
                placed.placement.release(ended)
                placed.placement.spoke(0, 0, True)
            elif act < 0.85:
                dead = chance.randrange(2)
                for request in placed.placement.running(dead):
                    placed.placement.take_back(request)
                placed.placement.worker_died(dead)
            else:
                placed.placement.flush()
            in_ring = [sum(r.ring == ring for r in requests) for ring in range(2)]
            assert placed.placement._in_ring == in_ring
            assert sum(map(placed.placement.runs, range(2))) == sum(r.stage is RUNNING for r in requests)
            on_board = sum(r.place is not None for r in requests)
            assert placed.board.free_slots == placed.board.layout.slots - on_board
        placed.board.close()
