"""What main can do next: as `requestboard` prescribes it, with the real `RequestBoard`.

Submit while there is room; append again what is stranded; cancel; hear events; when a worker is dead and its pipe
drained, recover: reap it, take its requests back, see what is stranded, start another worker. After every append it
rings the bell, which takes along what the ring's owner is to publish.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from service.board.replay import Replay
from service.board.world import (
    Activity,
    Main,
    Setting,
    Step,
    Violation,
    What,
    Worker,
    World,
    frame_of,
    held_by_living,
    stored,
    with_worker,
)

from llmproc.processes.boardlayout import State


def submit(replay: Replay, request: int, ring: int) -> tuple[int, bytes]:
    slot = replay.board.write_request(frame_of(request, 0))
    return slot, replay.board.append(ring, slot)


def append(replay: Replay, ring: int, slot: int) -> bytes:
    return replay.board.append(ring, slot)


def cancel(replay: Replay, slot: int) -> None:
    replay.board.set_cancel(slot)


def release(replay: Replay, slot: int) -> None:
    replay.board.release(slot)


def recover(replay: Replay, worker: int, slots: tuple[tuple[int, int, int], ...]) -> tuple[Any, Any]:
    known = {slot: (request, attempt) for slot, request, attempt in slots}
    taken_back = replay.board.reaped(worker)
    for slot in taken_back:
        request, attempt = known[slot]
        replay.board.take_back(slot, frame_of(request, attempt + 1))
    return taken_back, replay.board.stranded()


class MainSide:
    """Main's steps."""

    def __init__(self, setting: Setting) -> None:
        self._setting, self._case, self._replay = setting, setting.case, setting.replay

    def steps(self, world: World) -> Iterator[Step]:
        """Everything main can do next, and what its CPU can."""
        yield from self._drain(world)
        main = world.main
        if main.activity is not None:
            yield self._go_on(world, main.activity)
        elif main.asks:
            if not (world.buffer and self._case.main_fences):
                yield self._ask(world)
        elif main.bell is not None:
            if not world.buffer:  # a system call: the kernel takes locks, which no store passes
                yield ("main rings",), self._ring(world, *main.bell)
        else:
            yield from self._choose(world)

    def _drain(self, world: World) -> Iterator[Step]:
        before: set[int] = set()
        for index, (place, value) in enumerate(world.buffer):
            if index == 0 or (self._case.weak and place not in before):
                buffer = world.buffer[:index] + world.buffer[index + 1 :]
                yield ("main's store to", place, "is seen"), stored(world, place, value)._replace(buffer=buffer)
            before.add(place)

    def _go_on(self, world: World, activity: Activity) -> Step:
        """One operation, and what follows from it without anybody seeing it."""
        what: What = ("main:", activity.call, activity.arguments)
        moved = False
        while True:
            kind, value, more = self._replay.next(*activity[:2], world.main.own, activity.results)
            if kind == "raise":
                raise Violation(f"main: {value}")
            if kind == "return":
                world = world._replace(main=world.main._replace(own=more, activity=None))
                return (*what, "done"), getattr(self, activity.then)(world, activity.arguments, value)
            operation, place, new, _ = value
            seen = self._is_seen(world, activity, operation, place)
            if seen and moved:
                return what, world._replace(main=world.main._replace(activity=activity))
            moved = moved or seen
            what += (operation, place)
            result = None
            if operation == "store":
                world = self._store(world, place, new)
            else:
                result = next((v for p, v in reversed(world.buffer) if p == place), world.memory[place])
            activity = activity._replace(results=(*more, result))

    def _is_seen(self, world: World, activity: Activity, operation: str, place: int) -> bool:
        """Whether it matters when main does this."""
        if not self._case.coarse:
            return operation == "load" or not self._case.buffered
        if self._is_private_frame(place):
            slot = place - self._setting.frames
            waits = self._setting.word(world, slot).state is State.WAITING
            if waits or slot in [held.slot for held in held_by_living(world)]:
                raise Violation(f"the frame of slot {slot} is written though it may be read")
            return False
        if operation == "store":
            return not self._case.buffered
        if place in self._setting.heads:
            return activity.call is recover  # others only want to know that there is room
        return bool(world.memory[place] >> 56 == State.WAITING)

    def _is_private_frame(self, place: int) -> bool:
        return self._case.coarse and not self._case.weak and place >= self._setting.frames

    def _store(self, world: World, place: int, value: Any) -> World:
        if self._case.buffered and not self._is_private_frame(place):
            return world._replace(buffer=(*world.buffer, (place, value)))
        return stored(world, place, value)

    # what to do

    def _choose(self, world: World) -> Iterator[Step]:
        main, case = world.main, self._case
        free, ends, *_ = main.own
        heads = [world.memory[place] for place in self._setting.heads]
        room = [case.cells - (end - head) > 0 for end, head in zip(ends, heads, strict=True)]
        request, ring = main.submitted, main.submitted % case.dealt
        if request < case.requests and free and room[ring]:
            yield self._begin(world, submit, (request, ring), "_submitted")
        for slot in main.stranded[:1]:
            for ring in range(case.dealt):
                if room[ring]:
                    yield self._begin(world, append, (ring, slot), "_appended")
        for slot, request, _ in main.slots:
            if request in case.cancels - main.cancelled:
                known = {taken for taken, _ in main.taken}
                history = world.history._replace(told=world.history.told | ({request} & known))
                main = main._replace(cancelled=main.cancelled | {request})
                yield self._begin(world._replace(main=main, history=history), cancel, (slot,), "_cancelled")
        for number, worker in enumerate(world.workers):
            if worker.events and (worker.alive or case.drains_first):
                yield self._hear(world, number, worker)
            elif not worker.alive:
                yield self._begin(world, recover, (number, main.slots), "_recovered")

    def _begin(self, world: World, call: Any, arguments: tuple[Any, ...], then: str) -> Step:
        return self._go_on(world, Activity(call, arguments, (), then))

    def _hear(self, world: World, number: int, worker: Worker) -> Step:
        (kind, held), *rest = worker.events
        world = with_worker(world, number, worker._replace(events=tuple(rest)))
        main, history = world.main, world.history
        what = ("main hears", kind, held, "from", number, ";")
        if kind == "taken":
            if held.request in main.cancelled and self._case.tells_late:
                history = history._replace(told=history.told | {held.request})
            taken = main.taken | {(held.request, number)}
            return what, world._replace(main=main._replace(taken=taken), history=history)
        if held.request in history.finished:
            raise Violation(f"request {held.request} ends twice")
        if held.request in main.cancelled - history.told and not held.cancelled:
            raise Violation(f"the cancel of request {held.request} reached nobody")
        started = frozenset(pair for pair in history.started if pair[0] != held.request)
        history = history._replace(started=started, finished=history.finished | {held.request})
        main = main._replace(taken=main.taken - {(held.request, number)})
        if self._case.sleepers and self._case.asks_again and self._in_rings(main, held.slot):
            owners = self._case.producer == "owner"  # have published since, perhaps: all are asked
            main = main._replace(asks=tuple(range(self._case.workers)) if owners else (number,), wakes_all=True)
        more, after = self._begin(world._replace(main=main, history=history), release, (held.slot,), "_released")
        return (*what, *more), after

    # what it means that a call has returned

    def _submitted(self, world: World, arguments: Any, value: tuple[int, bytes]) -> World:
        (request, ring), (slot, payload) = arguments, value
        slots = (*world.main.slots, (slot, request, 0))
        main = world.main._replace(submitted=request + 1, slots=slots)
        return world._replace(main=main._replace(**self._bell(ring, payload)))

    def _appended(self, world: World, arguments: Any, payload: bytes) -> World:
        ring, slot = arguments
        stranded = tuple(other for other in world.main.stranded if other != slot)
        return world._replace(main=world.main._replace(stranded=stranded, **self._bell(ring, payload)))

    def _bell(self, ring: int, payload: bytes) -> dict[str, Any]:
        """For all; or for the owner if he sleeps, else for one other who does, and for him if he is to publish."""
        if not self._case.sleepers:
            return {"bell": (ring, payload)}
        others = [number for number in range(self._case.workers) if number != ring and self._case.steals]
        return {"asks": (ring, *others), "wakes_all": False, "bell": (ring, payload) if payload else None}

    def _in_rings(self, main: Main, ended: int) -> bool:
        """Whether something waits in a ring, as far as main knows."""
        taken = {request for request, _ in main.taken}
        return any(slot != ended and request not in taken | set(main.stranded) for slot, request, _ in main.slots)

    def _ask(self, world: World) -> Step:
        """Whether a worker rests: then it is rung for, unless main thinks that it is at work."""
        (number, *rest), main, place = world.main.asks, world.main, self._setting.rests + world.main.asks[0]
        what = ("main asks whether", number, "rests:", world.memory[place])
        if world.memory[place] and number not in [worker for _, worker in main.taken]:
            world = self._rung(world, number, b"")
            rest = rest if main.wakes_all else []
        return what, world._replace(main=world.main._replace(asks=tuple(rest)))

    def _released(self, world: World, arguments: Any, value: None) -> World:
        (slot,) = arguments
        slots = tuple(entry for entry in world.main.slots if entry[0] != slot)
        stranded = tuple(other for other in world.main.stranded if other != slot)  # it was in somebody's hand
        return world._replace(main=world.main._replace(slots=slots, stranded=stranded))

    def _cancelled(self, world: World, arguments: Any, value: None) -> World:
        return world

    def _recovered(self, world: World, arguments: Any, value: tuple[Any, Any]) -> World:
        (number, _), (taken_back, stranded) = arguments, value
        main, history = world.main, world.history
        slots = tuple((slot, request, attempt + (slot in taken_back)) for slot, request, attempt in main.slots)
        waiting = {request for slot, request, _ in main.slots if slot in taken_back}
        stranded = tuple(stranded) if self._case.appends_again else ()
        taken = frozenset(pair for pair in main.taken if pair[0] not in waiting)
        main = main._replace(slots=slots, stranded=stranded, taken=taken)
        if self._case.sleepers:
            world = stored(world, self._setting.rests + number, 0)  # before the fork
        world = world._replace(main=main, history=history._replace(told=history.told - waiting))
        return with_worker(world, number, Worker(events=world.workers[number].events))  # none, but for a mutant

    def _ring(self, world: World, ring: int, payload: bytes) -> World:
        world = world._replace(main=world.main._replace(bell=None))
        for number in [ring] if self._case.sleepers else range(self._case.workers):
            world = self._rung(world, number, payload if number == ring else b"")
        return world

    def _rung(self, world: World, number: int, payload: bytes) -> World:
        worker = world.workers[number]
        if not worker.alive:
            return world  # nobody reads it
        inbox = (*worker.inbox, payload) if payload else worker.inbox
        return with_worker(world, number, worker._replace(bell=True, inbox=inbox))
