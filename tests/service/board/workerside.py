"""What a worker can do next, with the real `Claims`; and what must never happen when it has won a request.

Read the pipe (wakeups, publications), take while it has room, tell Taken, run, tell Finish; sleep until a bell when
there was nothing to take. It may die at any point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from service.board.mainside import append, submit
from service.board.replay import Replay
from service.board.world import (
    Activity,
    Held,
    Rest,
    Setting,
    Step,
    Violation,
    What,
    Worker,
    World,
    held_by_living,
    stored,
    with_worker,
)

from llmproc.processes.boardlayout import State


def take(replay: Replay, worker: int) -> Any:
    return replay.claims[worker].claim()


def publish(replay: Replay, worker: int, *payloads: bytes) -> None:
    for payload in payloads:
        replay.claims[worker].publish(payload)


def deaths(what: What, world: World, numbers: Iterable[int]) -> Iterator[Step]:
    """The deaths of these workers just now."""
    if world.history.deaths:
        history = world.history._replace(deaths=world.history.deaths - 1)
        for number in numbers:
            dead = Worker(alive=False, events=world.workers[number].events)
            yield (*what, "; worker", number, "dies"), with_worker(world, number, dead)._replace(history=history)


class WorkerSide:
    """The workers' steps."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._case, self._replay = setting, setting.case, setting.replay

    def steps(self, world: World, number: int) -> Iterator[Step]:
        """Everything worker `number` can do next."""
        worker = world.workers[number]
        if not worker.alive:
            return
        if worker.activity is not None:
            yield from self._go_on(world, number, worker, worker.activity)
        elif worker.won is not None:
            events = (*worker.events, ("taken", worker.won))
            told = worker._replace(won=None, held=(*worker.held, worker.won), events=events)
            yield from self._seen(("worker", number, "tells Taken"), with_worker(world, number, told), number)
        else:
            yield from self._choose(world, number, worker)

    def _choose(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        if self._case.sleepers:
            yield from self._go_to_rest(world, number, worker)
        else:
            read = worker._replace(inbox=(), bell=False, rest=Rest.AWAKE)
            if worker.inbox:
                yield from self._go_on(world, number, read, Activity(publish, (number, *worker.inbox)))
            elif len(worker.held) < self._case.sequences and (worker.bell or worker.rest is Rest.AWAKE):
                yield from self._go_on(world, number, read, Activity(take, (number,)))
        for held in worker.held if worker.rest is not Rest.RISING else ():
            others = tuple(other for other in worker.held if other is not held)
            rest = worker.rest if self._case.sleepers else Rest.AWAKE
            after = worker._replace(held=others, rest=rest, events=(*worker.events, ("finish", held)))
            yield from self._seen(("worker", number, "finishes", held), with_worker(world, number, after), number)

    def _go_to_rest(self, world: World, number: int, worker: Worker) -> Iterator[Step]:
        """As `service.worker` does it: look, say that it rests, look again, sleep; read the pipe; say that it is up.

        The pipe is also read at work: what it said is heard and forgotten there, but for publications.
        """
        case, place = self._case, self._setting.rests + number
        if worker.rest is Rest.RISING:
            up = stored(with_worker(world, number, worker._replace(rest=Rest.AWAKE)), place, 0)
            yield from self._seen(("worker", number, "is up"), up, number)
        elif worker.held or worker.rest is Rest.ASLEEP:
            rest = Rest.RISING if worker.rest is Rest.ASLEEP else worker.rest
            read = worker._replace(inbox=(), bell=False, rest=rest)
            if worker.inbox:
                yield from self._go_on(world, number, read, Activity(publish, (number, *worker.inbox)))
            elif worker.bell:
                yield ("worker", number, "hears the bell"), with_worker(world, number, read)
        elif worker.rest is Rest.AWAKE or (worker.rest is Rest.RESTING and case.looks_again):
            yield from self._go_on(world, number, worker, Activity(take, (number,)))
        elif worker.rest is Rest.TIRED:
            after = with_worker(world, number, worker._replace(rest=Rest.RESTING))
            after = stored(after, place, 1) if case.worker_fences else after
            yield from self._seen(("worker", number, "says that it rests"), after, number)
        else:
            yield ("worker", number, "sleeps"), self._asleep(world, number, worker)

    def _asleep(self, world: World, number: int, worker: Worker) -> World:
        """Waiting in a system call: at the latest now all see that it rests."""
        world = with_worker(world, number, worker._replace(rest=Rest.ASLEEP))
        return stored(world, self._setting.rests + number, 1) if self._case.sleepers else world

    def _seen(self, what: What, world: World, number: int) -> Iterator[Step]:
        """A step that others can see: the worker may die right after it."""
        yield what, world
        yield from deaths(what, world, [number])

    def _go_on(self, world: World, number: int, worker: Worker, activity: Activity) -> Iterator[Step]:
        """One operation, and what follows from it without anybody seeing it."""
        what: What = ("worker", number, activity.call)
        moved = changed = won = False
        while True:
            kind, value, results = self._replay.next(*activity[:2], None, activity.results)
            if kind == "raise":
                raise Violation(f"worker {number}: {value}")
            if kind == "return":
                what += ("and returns", value)
                world = self._returned(world, number, worker._replace(activity=None), activity.call, value)
                break
            operation, place, expected, wanted = value
            seen = self._is_seen(place, won)
            if seen and moved:
                world = with_worker(world, number, worker._replace(activity=activity))
                break
            moved = moved or seen
            found = world.memory[place]
            what += (operation, place, expected, "finds", found)
            if operation == "store" or (operation == "cas" and found == expected):
                changed, won = True, self._setting.is_word(place)
                new = wanted if operation == "cas" else expected
                self._check_change(world, place, found, new)
                world = stored(world, place, new)
            results = (*results, None if operation == "store" else found)
            activity = Activity(activity.call, activity.arguments, results)
        if changed:
            yield from self._seen(what, world, number)
        else:
            yield what, world

    def _is_seen(self, place: int, won: bool) -> bool:
        """Whether it matters when a worker does this; `won`: it has won a word just before."""
        if not self._case.coarse:
            return True
        setting = self._setting
        return not (
            place in setting.never_used
            or place >= setting.frames
            or (place >= setting.flags and not self._case.cancels)
            or (won and setting.is_word(place))
        )

    def _check_change(self, world: World, place: int, found: Any, new: Any) -> None:
        if place in self._setting.heads:
            ring, under_way = self._setting.heads.index(place), world.main.activity
            end = world.main.own[1][ring] + (under_way is not None and under_way.call in (append, submit))
            if new > end:
                raise Violation(f"the head of ring {ring} passes what has been appended")
            if self._case.coarse and new < found:
                raise Violation(f"the head of ring {ring} goes back")
        elif self._case.coarse and self._setting.is_word(place) and found >> 56 != State.WAITING:
            raise Violation("a worker changes a word that does not wait")

    def _returned(self, world: World, number: int, worker: Worker, call: Any, value: Any) -> World:
        if call is publish:
            return with_worker(world, number, worker)
        if value is None:
            if self._case.sleepers and worker.rest is Rest.AWAKE:
                return with_worker(world, number, worker._replace(rest=Rest.TIRED))
            return self._asleep(world, number, worker)
        if worker.rest is Rest.RESTING:
            worker = worker._replace(rest=Rest.RISING)
        return self._won(world, number, worker, value)

    def _won(self, world: World, number: int, worker: Worker, claim: Any) -> World:
        held = Held(claim.slot, claim.frame.request_id, claim.attempt, claim.cancelled)
        history = world.history
        if claim.frame.payload != bytes([claim.attempt]):
            raise Violation(f"worker {number} reads {claim.frame}: its word says attempt {claim.attempt}")
        if (held.request, held.attempt) in history.started:
            raise Violation(f"attempt {held.attempt} of request {held.request} is run twice")
        if held.request in history.finished | {other.request for other in held_by_living(world)}:
            raise Violation(f"request {held.request} is run by worker {number} beside or after another")
        if held.cancelled and held.request not in world.main.cancelled:
            raise Violation(f"request {held.request} is cancelled though nobody asked for it")
        world = world._replace(history=history._replace(started=history.started | {(held.request, held.attempt)}))
        if self._case.tells_taken:
            return with_worker(world, number, worker._replace(won=held))
        return with_worker(world, number, worker._replace(held=(*worker.held, held)))
