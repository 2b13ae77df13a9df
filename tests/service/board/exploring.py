"""Depth first through every world that a case can get into."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from service.board.mainside import MainSide
from service.board.workerside import WorkerSide, deaths
from service.board.world import Case, Setting, Step, Violation, What, World


@dataclass(frozen=True)
class Explored:
    """What an exploration met: worlds, and among them those in which everything is over."""

    worlds: int
    ends: int


class _Numbers:
    """Numbers the parts of worlds, so that a world is known by a single number; equal parts become one object."""

    def __init__(self) -> None:
        self._parts: dict[Any, tuple[int, Any]] = {}

    def first(self, world: World) -> list[int]:
        """The numbers of the parts of a world without a predecessor."""
        return [self._number(part)[0] for part in _parts(world)]

    def of(self, world: World, before: World, numbers: list[int]) -> tuple[World, list[int]]:
        """The world and the numbers of its parts, most of which it shares with the world `before`."""
        taken, kept = [], []
        for part, former, number in zip(_parts(world), _parts(before), numbers, strict=True):
            if part is not former:
                number, part = self._number(part)
            taken.append(number)
            kept.append(part)
        memory, buffer, main, history, *workers = kept
        return World(memory, buffer, main, history, tuple(workers)), taken

    def _number(self, part: Any) -> tuple[int, Any]:
        return self._parts.setdefault(part, (len(self._parts), part))


def _parts(world: World) -> tuple[Any, ...]:
    memory, buffer, main, history, workers = world
    return (memory, buffer, main, history, *workers)


def _key(numbers: list[int]) -> int:
    key = 0
    for number in numbers:
        key = key << 24 | number
    return key


def explore(case: Case, most: int = 1_000_000) -> Explored:
    """Go through every order of steps; Violation, with the steps that lead to it, when something is wrong.

    An order that never ends is wrong too: every step brings something forward, so no world may come back.
    """
    setting = Setting(case)
    gc.disable()  # it would look through all worlds again and again, and there are no cycles among them
    try:
        return _search(setting, most)
    finally:
        gc.enable()


def _search(setting: Setting, most: int) -> Explored:
    main_side, worker_side, numbered, ends = MainSide(setting), WorkerSide(setting), _Numbers(), 0
    everybody = range(setting.case.workers)

    def steps(world: World) -> Iterator[Step]:
        yield from main_side.steps(world)
        for number in everybody:
            yield from worker_side.steps(world, number)

    world = setting.first()
    numbers = numbered.first(world)
    key = _key(numbers)
    seen, on_path = {key}, {key}
    what: What = ("begin",)
    path = [(what, world, numbers, key, iter([*steps(world), *deaths(("at once",), world, everybody)]))]
    try:
        while path:
            _, world, numbers, key, rest = path[-1]
            step = next(rest, None)
            if step is None:
                on_path.discard(key)
                path.pop()
                continue
            what, after = step
            after, numbers = numbered.of(after, world, numbers)
            key = _key(numbers)
            if key in on_path:
                raise Violation("this goes on for ever")
            if key in seen:
                continue
            seen.add(key)
            if len(seen) > most:
                raise RuntimeError(f"the case is too large: more than {most} worlds")
            following = list(steps(after))
            if not following:
                setting.check_end(after)
                ends += 1
            on_path.add(key)
            path.append((what, after, numbers, key, iter(following)))
    except Violation as violation:
        story = [_sentence(taken) for taken, *_ in path]
        raise Violation("\n  ".join([str(violation), *story, _sentence(what)])) from None
    return Explored(len(seen), ends)


def _sentence(what: What) -> str:
    return " ".join(getattr(piece, "__name__", None) or str(piece) for piece in what)
