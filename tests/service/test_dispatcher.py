"""The dispatcher over a real board, with real worker loops that act when chance says so, sleep, and die.

Everything is in one process and nothing takes time. A worker that sleeps does nothing until a wake-up comes; events lie
in its pipe until main hears them. What no policy, death or order of these may change: every request ends once, and with
the tokens it would have had alone.
"""

from __future__ import annotations

import os
import random
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from msgspec import structs

from llmproc import kernels
from llmproc.dispatch import POLICIES, make_policy, victims
from llmproc.engine.events import Token
from llmproc.errors import WorkersLostError
from llmproc.monitor.observer import ignore
from llmproc.processes.boardview import BoardView
from llmproc.processes.channel import OutboxFullError
from llmproc.processes.frames import Frame
from llmproc.processes.health import HealthBoard, HealthCell
from llmproc.processes.requestboard import RequestBoard
from llmproc.service.claims import Claims
from llmproc.service.dispatcher import Dispatcher
from llmproc.service.messages import Events, Finish, Generate, Likely, from_frame
from llmproc.service.placement import Placement
from llmproc.service.request_state import RequestState
from llmproc.service.ticket import Ticket, Tokens
from llmproc.service.waiting import WaitRunner
from llmproc.service.worker import WorkerLoop

DEADLY = 666  # a request with this id kills its worker in its first step
CELLS, SLOT = 2, 4096


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    kernels.load(kernels.RINGS)


class Died(Exception):
    """Ends a worker's thread wherever it is."""


def told(token: int) -> Likely:
    """What is told of an id: anything that shows whether it stays with it."""
    return Likely(-float(token), [(token, -1.0)])


class DeadlyRunner(WaitRunner):
    """The stand-in for an engine, which dies of some requests."""

    def step(self) -> list[Token | Finish]:
        if any(DEADLY in wait.order.ids for wait in self._waits.values()):
            raise Died
        return [structs.replace(event, likely=told(event.token)) if isinstance(event, Token) else event
                for event in super().step()]  # fmt: skip

    @property
    def running(self) -> set[int]:
        return set(self._waits)


class Pipes:
    """A worker's channel: its thread goes on only when the world says so, and stops where it would read its pipe.

    A round is: what main has sent, a step, a look at the rings; then it stops here again.
    """

    def __init__(self) -> None:
        self.inbox: deque[Frame] = deque()  # sent by main, not yet read
        self.pipe: deque[Events] = deque()  # sent by the worker, not yet heard
        self.ended = self.sleeping = self.killed = False
        self._read = False  # the last look found a frame
        self._go, self._stopped = threading.Semaphore(0), threading.Semaphore(0)

    def ready(self) -> None:
        pass

    def send(self, frame: Frame) -> None:
        message = from_frame(frame)
        assert isinstance(message, Events)
        self.pipe.append(message)

    def receive(self, patience: float | None) -> Frame | None:
        if not self.inbox and not self._read:
            self.sleeping = patience is None
            self._yield()
            while patience is None and not self.inbox:
                self._yield()
            self.sleeping = False
        self._read = bool(self.inbox)
        return self.inbox.popleft() if self.inbox else None

    def _yield(self) -> None:
        self._stopped.release()
        self._go.acquire()
        if self.killed:
            raise Died

    def until_it_stops(self) -> None:
        assert self._stopped.acquire(timeout=60), "a worker hangs"

    def go_on(self) -> None:
        self._go.release()
        self.until_it_stops()

    def over(self) -> None:
        self._stopped.release()


class Worker:
    """The real worker loop over the real claims, in a thread that runs only while `act` waits for it."""

    def __init__(self, board: RequestBoard, number: int, steals: bool, health: HealthCell, sequences: int) -> None:
        self.view, self.runner, self.channel = BoardView.attach(os.dup(board.fd)), DeadlyRunner(), Pipes()
        health.reset()
        claims = Claims(self.view, number, steals, victims)
        self._loop = WorkerLoop(self.runner, claims, self.channel, health, sequences)  # type: ignore[arg-type]
        self.dead = False
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        self.channel.until_it_stops()

    def _run(self) -> None:
        try:
            self._loop.run()
        except Died:
            self.dead = True
        finally:
            self.channel.over()

    @property
    def inbox(self) -> deque[Frame]:
        return self.channel.inbox

    @property
    def pipe(self) -> deque[Events]:
        return self.channel.pipe

    @property
    def running(self) -> set[int]:
        return self.runner.running

    @property
    def asleep(self) -> bool:
        return self.channel.sleeping and not self.inbox

    def act(self) -> bool:
        """One round: read the pipe, a step, a look at the rings. False: it died of what it ran."""
        self.channel.go_on()
        return not self.dead

    def kill(self) -> None:
        """It does nothing any more."""
        self.channel.killed = True
        self.channel._go.release()
        self._thread.join(60)
        assert not self._thread.is_alive()
        self.view.close()


class World:
    """Main's dispatcher and its workers."""

    def __init__(self, mode: str, workers: int, sequences: int, producer: str = "main", cells: int = CELLS) -> None:
        self.policy = make_policy(mode, workers, sequences)
        slots = workers * (cells + sequences + 1)
        self.board = RequestBoard.create(workers, cells, slots, SLOT, producer)  # type: ignore[arg-type]
        self.health = HealthBoard.create(workers)
        self.cells = [self.health.cell(number) for number in range(workers)]
        self.sequences = sequences
        self.workers: list[Worker | None] = [None] * workers
        self.full: set[int] = set()  # workers whose outbox takes nothing
        self.sent: list[tuple[int, str]] = []
        self.placement = Placement(self.policy, self.board, sequences, self, ignore)
        self.main = Dispatcher(self.placement, self, ignore)
        self.late: Callable[[], bool] = lambda: False  # whether main hears more before it acts on what it heard
        self.tickets: dict[int, Ticket] = {}
        self.orders: dict[int, Generate] = {}

    def ready(self) -> list[bool]:
        return [worker is not None for worker in self.workers]

    def pid(self, worker: int) -> int:
        return 100 + worker if self.workers[worker] else 0

    def resting(self, worker: int) -> bool:
        return self.workers[worker] is not None and self.cells[worker].resting

    def send(self, worker: int, frame: Frame) -> None:
        if worker in self.full:
            raise OutboxFullError("full")
        found = self.workers[worker]
        assert found is not None, "nothing is sent to the dead"
        found.inbox.append(frame)
        self.sent.append((worker, type(from_frame(frame)).__name__))

    def born(self, number: int) -> Worker:
        """A worker that has already looked for what waited before it."""
        worker = Worker(self.board, number, self.policy.steals, self.cells[number], self.sequences)
        self.workers[number] = worker
        self.main.worker_ready(number)
        self.round_ended()
        return worker

    def dies(self, number: int) -> None:
        worker = self.workers[number]
        assert worker is not None
        worker.kill()
        while worker.pipe:  # drained before it is judged; what main sends it meanwhile nobody reads
            self.main.on_events(number, worker.pipe.popleft())
        self.workers[number] = None
        self.main.worker_died(number, 0.0)
        self.round_ended()

    def round_ended(self) -> None:
        if not self.late():
            self.main.round_ended()

    def ask(self, tokens: int = 3, *ids: int, session: int = 0) -> Ticket:
        number = len(self.tickets) + 1
        self.orders[number] = Generate.greedy([1, *ids], tokens)
        ticket = self.tickets[number] = Ticket(number, lambda: None)
        self.main.accept(RequestState(number, self.orders[number], ticket, session))
        self.round_ended()
        return ticket

    def acts(self, number: int) -> None:
        worker = self.workers[number]
        if worker is not None and not worker.act():
            self.dies(number)

    def hear(self, number: int) -> None:
        worker = self.workers[number]
        if worker is not None and worker.pipe:
            self.main.on_events(number, worker.pipe.popleft())
            self.round_ended()

    def flush(self) -> None:
        """Everybody goes on until nobody has anything to do: whoever sleeps, sleeps."""
        self.settle_but()

    def settle_but(self, *stopped: int) -> None:
        """Everybody else does."""
        self.main.round_ended()
        for _ in range(100_000):
            busy = False
            for number, worker in enumerate(self.workers):
                if number in stopped:
                    continue
                if worker is None:
                    self.born(number)
                elif not worker.asleep:
                    self.acts(number)
                elif worker.pipe:
                    self.hear(number)
                else:
                    continue
                busy = True
            if not busy:
                return
        raise AssertionError("it never settles")

    def has_a_suspect(self, number: int) -> bool:
        """Whether a worker has won one, main knowing it or not."""
        board = self.board
        won = [board.word(place) for place in range(board.layout.slots)]
        mine = [self.placement._on_board[n] for n, word in enumerate(won) if (word.state, word.worker) == (2, number)]
        return any(request.suspect for request in mine)

    def close(self) -> None:
        for worker in self.workers:
            if worker is not None:
                worker.kill()
        self.board.close()
        self.health.close()


@contextmanager
def world(mode: str, workers: int = 2, sequences: int = 1, **options: object) -> Iterator[World]:
    made = World(mode, workers, sequences, **options)  # type: ignore[arg-type]
    try:
        for number in range(workers):
            made.born(number)
        yield made
    finally:
        made.close()


def heard(ticket: Ticket) -> tuple[list[int], Finish]:
    """All tokens and the end, which is the last and the only one."""
    tokens: list[int] = []
    while isinstance(event := ticket.next(0), Tokens):
        tokens += event.ids
        assert event.likely == [told(token) for token in event.ids]
    assert isinstance(event, Finish), event
    assert ticket.next(0) is None, "one end, and nothing after it"
    return tokens, event


def whole(order: Generate) -> list[int]:
    return [(len(order.ids) + place) % 251 for place in range(order.max_tokens)]


@pytest.mark.parametrize("producer", ["main", "owner"])
@pytest.mark.parametrize("mode", list(POLICIES))
def test_whatever_chance_does_every_request_ends_once_and_right(mode: str, producer: str) -> None:
    for seed in range(60):
        chance = random.Random(seed)
        workers, sequences = chance.randint(1, 4), chance.randint(1, 3)
        deadly, cancelled = set(), set()
        with world(mode, workers, sequences, producer=producer) as it:
            lateness = chance.choice((0.0, 0.5, 0.9))
            it.late = lambda chance=chance, lateness=lateness: chance.random() < lateness  # type: ignore[misc]
            for _ in range(chance.randint(20, 250)):
                act, number = chance.random(), chance.randrange(workers)
                if act < 0.2:
                    it.ask(chance.randint(1, 4), *range(chance.randint(0, 5)), session=chance.randint(0, 2))
                elif act < 0.21:
                    it.ask(1, DEADLY)
                    deadly.add(len(it.tickets))
                elif act < 0.25 and it.tickets:
                    gone = chance.randint(1, len(it.tickets))
                    it.main.cancel(gone)
                    cancelled.add(gone)
                elif act < 0.3 and it.workers[number]:
                    if not it.has_a_suspect(number):  # which a third death would fail, as it should
                        it.dies(number)
                elif it.workers[number] is None:
                    it.born(number)
                elif act < 0.65:
                    it.acts(number)
                else:
                    it.hear(number)
            it.late = lambda: False
            it.flush()
            for number, ticket in it.tickets.items():
                tokens, finish = heard(ticket)
                assert tokens == whole(it.orders[number])[: len(tokens)]
                assert finish.new_tokens == len(tokens)
                if number in deadly:
                    assert finish.reason in ("failed", "cancelled") and not tokens
                elif finish.reason != "cancelled":
                    assert (finish.reason, len(tokens)) == ("length", it.orders[number].max_tokens)
                else:
                    assert number in cancelled
            assert it.board.free_slots == it.board.layout.slots, "every place is free again"
            assert it.placement._in_ring == [0] * workers and not it.placement._on_board and not it.main._requests
            assert not any(it.main.holds_work(number) for number in range(workers))


def test_static_stays_where_it_was_dealt_and_stealing_moves() -> None:
    for mode, expected in (("sp", {0, 1}), ("ws", {1})):
        with world(mode) as it:
            tickets = [it.ask(2) for _ in range(4)]
            for _ in range(30):  # worker 0 is stuck
                it.acts(1)
                it.hear(1)
            ended = {n for n, ticket in enumerate(tickets) if ticket.ended}
            assert ended == ({1, 3} if mode == "sp" else {0, 1, 2, 3})
            it.flush()
            assert {ticket.worker for ticket in tickets} == expected


def test_seq_runs_one_at_a_time() -> None:
    with world("seq", workers=2, sequences=3) as it:
        tickets = [it.ask(2) for _ in range(3)]
        it.acts(0)
        it.acts(1)
        assert len(it.workers[0].running) == 1 and not it.workers[1].running  # type: ignore[union-attr]
        it.flush()
        assert [ticket.worker for ticket in tickets] == [0, 0, 0]


def test_lpt_gives_the_longest_to_whoever_is_free() -> None:
    with world("lpt", workers=1) as it:
        first, short, long = it.ask(2), it.ask(1), it.ask(9)
        it.flush()
        order = sorted((first, short, long), key=lambda ticket: ticket.ended or 0)
        assert order == [first, long, short]


def test_a_session_goes_home() -> None:
    with world("sp", workers=3) as it:
        for _ in range(3):
            ticket = it.ask(1, session=5)
            it.ask(1)
            it.flush()
            assert ticket.worker == 0


def test_a_bell_is_rung_for_sleepers_and_not_for_the_busy() -> None:
    with world("ws", workers=2) as it:
        it.ask(5)
        assert it.sent == [(0, "Wakeup")], "the owner sleeps"
        it.acts(0)
        it.hear(0)
        it.acts(1)
        for _ in range(2):
            it.sent.clear()
            it.ask(5)
            assert it.sent == [(1, "Wakeup")], "the owner, and then whoever can take it from one that is busy"
    with world("sp", workers=2) as it:
        it.ask(5)
        assert it.sent == [(0, "Wakeup")]


def test_whoever_was_stopped_in_his_sleep_is_passed_over_when_main_looks_again() -> None:
    for mode, woken in (("ws", [(1, "Wakeup")]), ("sp", [])):
        with world(mode) as it:
            ticket = it.ask(1)
            assert it.sent == [(0, "Wakeup")]  # which is stopped, and never reads it
            it.sent.clear()
            it.main.on_health_tick(0)
            assert it.sent == woken
            it.flush()
            assert heard(ticket)[1].reason == "length"


def test_tokens_alone_are_not_urgent() -> None:
    with world("ws", workers=1) as it:
        it.late = lambda: True

        def urgent() -> bool:
            return it.main.round_ended()

        urgent()
        assert not urgent()
        ticket = it.ask(2)
        assert urgent(), "it is to be appended"
        it.acts(0)
        it.hear(0)
        assert urgent(), "somebody may be needed for what is left"
        it.acts(0)
        it.hear(0)
        assert not urgent(), "a token"
        it.acts(0)
        it.hear(0)
        it.hear(0)
        assert urgent(), "an end: the next one may begin"
        assert heard(ticket)[1].reason == "length"


def test_as_many_sleepers_are_woken_as_there_are_requests() -> None:
    with world("ws", workers=4, cells=4) as it:
        it.ask(9, session=5)
        it.acts(0)
        it.hear(0)
        it.late = lambda: True
        for _ in range(3):  # in one round, all dealt to worker 0, which is busy
            it.ask(3, session=5)
        it.sent.clear()
        it.main.round_ended()
        assert sorted(it.sent) == [(1, "Wakeup"), (2, "Wakeup"), (3, "Wakeup")]
        it.late = lambda: False
        it.flush()


def awake(it: World, *numbers: int) -> None:
    """These go on until they have nothing to do or run something, and main hears them; the others do nothing."""
    for number in numbers * 3:
        worker = it.workers[number]
        if worker is not None and worker.inbox:
            it.acts(number)
        it.hear(number)


def test_no_sleeper_is_rung_for_two_while_another_one_sleeps() -> None:
    """A sleeper looks asleep until it says what it took: the second request must not wait for its first to end."""
    with world("ws", workers=4) as it:
        for _ in range(2):  # workers 0 and 1 have had their turn, 2 and 3 are busy
            it.ask(1)
        it.flush()
        busy = [it.ask(50) for _ in range(2)]
        awake(it, 2, 3)
        for _ in range(2):
            it.ask(1)
        it.settle_but(2, 3)
        third, fourth = it.ask(50), it.ask(50)  # dealt to 2 and 3
        awake(it, 0, 1)
        assert {ticket.worker for ticket in (third, fourth)} == {0, 1}
        assert {ticket.worker for ticket in busy} == {2, 3}


def test_a_second_turn_for_a_sleeper_wakes_a_thief() -> None:
    with world("ws", workers=2) as it:
        it.ask(1, session=5)
        it.flush()
        turns = [it.ask(50, session=5) for _ in range(2)]
        awake(it, 0, 1)
        assert {ticket.worker for ticket in turns} == {0, 1}


def test_whoever_takes_one_of_many_has_the_next_sleeper_woken() -> None:
    with world("ws", workers=4, cells=8) as it:
        it.ask(1, session=5)
        it.flush()
        turns = [it.ask(50, session=5) for _ in range(2)]
        it.full |= {1, 2, 3}  # their wakeups are lost
        turns += [it.ask(50, session=5) for _ in range(2)]
        it.full.clear()
        awake(it, 0, 1, 2, 3)
        assert {ticket.worker for ticket in turns} == {0, 1, 2, 3}


def test_a_sleeper_that_dies_of_its_bell_leaves_the_request_to_another() -> None:
    with world("ws", workers=2) as it:
        ticket = it.ask(5)
        assert it.workers[0].inbox and not it.workers[1].inbox  # type: ignore[union-attr]
        it.dies(0)
        awake(it, 1)
        assert ticket.worker == 1


def test_what_is_appended_while_the_last_finish_is_on_its_way_is_not_forgotten() -> None:
    with world("sp", workers=1) as it:
        first = it.ask(1)
        it.acts(0)
        it.hear(0)  # Taken
        it.acts(0)  # it has ended, looked, and sleeps; main has not heard yet
        assert it.workers[0].asleep  # type: ignore[union-attr]
        it.sent.clear()
        second = it.ask(1)
        assert not it.sent, "as far as main knows it has no sequence free"
        it.flush()
        assert first.ended and second.ended


def test_a_cancelled_request_is_over_at_once_wherever_it_waits() -> None:
    with world("sp", workers=1, cells=2) as it:
        running, in_ring, behind, last = (it.ask(3) for _ in range(4))
        for ticket in (in_ring, last):
            it.main.cancel(ticket.request_id)
            it.main.cancel(ticket.request_id)
            assert heard(ticket)[1].reason == "cancelled"
        it.flush()
        assert [heard(ticket)[1].reason for ticket in (running, behind)] == ["length", "length"]


def test_cancelled_between_the_swap_and_the_word_about_it() -> None:
    with world("sp", workers=1) as it:
        ticket = it.ask(50)
        it.acts(0)  # won, and main does not know
        it.main.cancel(1)
        assert heard(ticket)[1].reason == "cancelled"
        it.flush()
        assert (0, "Cancel") in it.sent, "as soon as main knows who has it"
        assert it.board.free_slots == it.board.layout.slots


def test_a_death_before_its_first_word_costs_an_attempt_and_nothing_else() -> None:
    with world("ws", workers=1) as it:
        ticket = it.ask(2)
        it.acts(0)
        it.workers[0].pipe.clear()  # type: ignore[union-attr]  # killed before it could write
        it.dies(0)
        it.flush()
        assert heard(ticket)[0] == [1, 2] and ticket.attempts == 2


def test_what_a_dead_thief_had_in_its_hand_is_appended_again() -> None:
    """It had moved the head of the ring and not yet won the word."""
    with world("sp", workers=1, cells=2) as it:
        ticket = it.ask(2)
        it.board._words[it.board.layout.head(0)] += 1
        it.acts(0)
        assert not it.workers[0].running  # type: ignore[union-attr]
        it.dies(0)
        it.flush()
        assert heard(ticket)[0] == [1, 2]


def test_a_frame_that_fits_nowhere_fails_its_request_alone() -> None:
    with world("ws") as it:
        huge, good = it.ask(1, *([70_000] * SLOT)), it.ask(1)
        tokens, finish = heard(huge)
        assert (tokens, finish.reason) == ([], "failed") and "bytes" in finish.message
        it.flush()
        assert heard(good)[1].reason == "length"


def test_the_end_of_the_service_ends_all() -> None:
    for error, reason in ((None, "cancelled"), (WorkersLostError("gone"), "failed")):
        with world("ws", workers=1) as it:
            tickets = [it.ask(9) for _ in range(9)]
            it.acts(0)
            it.hear(0)
            it.main.end_all(error)
            assert {heard(ticket)[1].reason for ticket in tickets} == {reason}
            it.main.end_all(error)


def test_a_worker_that_does_not_read_stops_nobody() -> None:
    with world("ws") as it:
        it.full = {0}
        tickets = [it.ask(2) for _ in range(6)]
        for _ in range(40):
            it.acts(1)
            it.hear(1)
        assert all(ticket.ended for ticket in tickets)
