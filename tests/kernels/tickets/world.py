"""A small team as a value, what each of its members can do next, and what must never happen.

Steps of two phases, whose numbers of portions stand in a record that the caller overwrites for each step. In phase 0
ranks read X for a copy of their own before they take tickets; portion 0 of phase 1 writes X. The caller is rank 0, or
an opener that is no rank. Any rank that holds no portion may stop for ever (but a leading rank 0, the caller itself).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from kernels.tickets.replay import Call, Edit, Returned, Tickets

from llmproc.kernels.sizes import BELL, DONE, ENDED_BY, KEPT, OPENER, RANK_LINES, SLEEPERS
from llmproc.simd.layout import LINE

RECORD = 10_000  # places of the record: portions of phase 0; (portions of phase 1, ranks in use, stop) as one value
X = 20_000


class Violation(Exception):
    """Something that must never happen."""


@dataclass(frozen=True)
class Case:
    """How many members and steps; `steps`: (portions of phase 0, of phase 1, ranks in use) of each."""

    steps: tuple[tuple[int, int, int], ...] = ((2, 1, 2), (1, 2, 2))
    ranks: int = 2
    leads: bool = True
    stops: int = 0  # ranks that may stop for ever, at any point
    edits: tuple[Edit, ...] = ()


class Member(NamedTuple):
    """A rank, or the opener. `doing` names what comes when `call` is over."""

    doing: str
    call: Call | None = None
    key: int = 0
    phase: int = 0
    totals: tuple[int, ...] = ()  # of the record as it was read
    copy: int | None = None
    held: int = -1  # portion
    finished: int = 0
    step: int = 0  # of the caller: the one it is at
    asleep: bool = False
    stopped: bool = False


class World(NamedTuple):
    """Everything at one moment. `taken`, `finished`: (step, phase, portion), kept to judge."""

    memory: tuple[Any, ...]
    members: tuple[Member, ...]
    taken: frozenset[tuple[int, int, int]]
    finished: frozenset[tuple[int, int, int]]
    stops: int


class Team:
    """The rules of one case."""

    def __init__(self, case: Case) -> None:
        self.case, self.tickets = case, Tickets(case.edits)
        ended = [ENDED_BY + 4 * (phase % KEPT) for phase in range(2)]  # of the phases there are
        words = [0, DONE, SLEEPERS, BELL, *ended, OPENER, *(RANK_LINES + LINE * rank for rank in range(case.ranks))]
        places = [*words, RECORD, RECORD + 1, X]
        self.place = {place: index for index, place in enumerate(places)}
        self.first_key = self.tickets.names["first_key"]
        self.caller = 0 if case.leads else case.ranks

    def first(self) -> World:
        ranks = [Member("gate", Call("wait_for_step", (0, rank, 0, 0))) for rank in range(self.case.ranks)]
        caller = Member("fill", step=1)
        members = [caller, *ranks[1:]] if self.case.leads else [*ranks, caller]
        memory = ((0,) * (len(self.place) - 2)) + ((0, 0, 0), 0)
        return World(memory, tuple(members), frozenset(), frozenset(), self.case.stops)

    def load(self, world: World, place: int) -> Any:
        return world.memory[self.place[place]]

    def steps(self, world: World) -> list[tuple[str, World]]:
        """Everything that can happen next."""
        found = []
        for number, member in enumerate(world.members):
            if member.stopped or member.doing == "gone" or member.asleep:
                continue
            found.append((f"{number}: {member.doing}", self._step(world, number, member)))
            may_stop = number != self.caller and member.held < 0 and member.finished == 0
            if world.stops and may_stop:
                stopped = with_member(world, number, member._replace(stopped=True))
                found.append((f"{number} stops", stopped._replace(stops=world.stops - 1)))
        return found

    def _step(self, world: World, number: int, member: Member) -> World:
        if member.call is None:
            return self._plain(world, number, member)
        wanted = self.tickets.look(member.call)
        if isinstance(wanted, Returned):
            raise RuntimeError(f"{member.call} is over")
        world, result = self._perform(world, number, wanted)
        member = world.members[number]
        if member.asleep:
            return world
        call = member.call._replace(results=(*member.call.results, result))  # type: ignore[union-attr]
        return self._settle(world, number, member._replace(call=call))

    def _settle(self, world: World, number: int, member: Member) -> World:
        """Go on behind calls that are over; some return without any operation."""
        while member.call is not None:
            outcome = self.tickets.look(member.call)
            if not isinstance(outcome, Returned):
                break
            world, member = self._over(world, number, member._replace(call=None), outcome.value)
        return with_member(world, number, member)

    def _perform(self, world: World, number: int, operation: tuple[Any, ...]) -> tuple[World, int]:
        kind, place, *values = operation
        old = self.load(world, place)
        if kind == "load":
            return world, old
        if kind == "store":
            return self.stored(world, place, values[0]), 0
        if kind == "add":
            return self.stored(world, place, old + values[0]), old
        if kind == "cas":
            return (self.stored(world, place, values[1]) if old == values[0] else world), old
        if kind == "wait":
            sleeps = old == values[0]
            return (with_member(world, number, world.members[number]._replace(asleep=True)) if sleeps else world), 0
        return self._woken(world, place), 0

    def _woken(self, world: World, place: int) -> World:
        """Whoever sleeps on a place goes on behind its futex_wait."""
        for number, member in enumerate(world.members):
            if member.asleep and member.call is not None:
                wanted = self.tickets.look(member.call)
                if not isinstance(wanted, Returned) and wanted[1] == place:
                    call = member.call._replace(results=(*member.call.results, 0))
                    world = self._settle(world, number, member._replace(asleep=False, call=call))
        return world

    def stored(self, world: World, place: int, value: Any) -> World:
        index = self.place[place]
        return world._replace(memory=(*world.memory[:index], value, *world.memory[index + 1 :]))

    def _phase(self, number: int, member: Member) -> Any:
        return self.tickets.phase(0, number, 0, 0, member.key)

    def _plain(self, world: World, number: int, member: Member) -> World:
        """One operation on what is not a word of the team: the record, and X."""
        doing, at = member.doing, len(member.totals)
        if doing == "fill":  # one value after the other
            first, *others = self._record(member.step)
            world = self.stored(world, RECORD + at, (first, tuple(others))[at])
            member = member._replace(totals=(*member.totals, 0))
            if at == 1:
                ranks = others[1]
                arguments = (0, member.step, 1 if self.case.leads else 0, ranks)
                member = member._replace(doing="open", call=Call("open_step", arguments), totals=())
        elif doing == "read":
            value = self.load(world, RECORD + at)
            member = member._replace(totals=(*member.totals, *(value if at else (value,))))
            if at == 1:
                return self._settle(world, number, self._begin(number, member))
        elif doing == "copy":
            member = self._take(number, member._replace(copy=self.load(world, X)))
        else:
            return self._settle(*self._work(world, number, member))
        return self._settle(world, number, member)

    def _record(self, step: int) -> tuple[int, int, int, int]:
        if step > len(self.case.steps):
            return 1, 1, self.case.ranks, 1
        return *self.case.steps[step - 1], 0

    def _begin(self, number: int, member: Member) -> Member:
        if member.totals[3]:
            return Member("gone")
        if number >= member.totals[2]:
            return Member("gate", Call("wait_for_step", (0, number, member.key, 0)), key=member.key)
        phase = self._phase(number, member)
        return member._replace(doing="is open", call=Call("is_open", (phase,)), phase=0)

    def _take(self, number: int, member: Member) -> Member:
        call = Call("next_portion", (self._phase(number, member), member.totals[member.phase]))
        return member._replace(doing="take", call=call)

    def _work(self, world: World, number: int, member: Member) -> tuple[World, int, Member]:
        step, portion = self._step_of(member), (member.phase, member.held)
        if portion == (1, 0):
            world = self.stored(world, X, step)
        self._judge(world, step, member)
        world = world._replace(finished=world.finished | {(step, *portion)})
        return world, number, self._take(number, member._replace(held=-1, finished=member.finished + 1))

    def _step_of(self, member: Member) -> int:
        return member.key // self.first_key(1)

    def _judge(self, world: World, step: int, member: Member) -> None:
        record = (self.load(world, RECORD), *self.load(world, RECORD + 1))
        if record != self._record(step) or member.totals != record:
            raise Violation(f"the record is overwritten under a ticket of step {step}")
        if member.phase == 0 and (member.copy != step - 1 or self.load(world, X) != step - 1):
            raise Violation(f"a copy for step {step} is used that was read at another time")
        if member.phase == 1 and any((step, 0, portion) not in world.finished for portion in range(record[0])):
            raise Violation("a phase has begun before the one before was finished")

    def _over(self, world: World, number: int, member: Member, value: Any) -> tuple[World, Member]:
        """A function has returned: what comes next."""
        doing = member.doing
        if doing == "gate":
            return world, member._replace(doing="read", key=value, totals=())
        if doing == "open":
            if member.totals == () and self._record(member.step)[3]:
                return world, Member("gone")
            if not self.case.leads:
                return world, member._replace(doing="end", call=Call("wait_for_step_end", (0, member.step)))
            return world, member._replace(doing="read", key=self.first_key(member.step), totals=())
        if doing == "end":
            return world, self._next_step(world, member)
        if doing == "is open":
            return world, member._replace(doing="copy") if value else self._take(number, member._replace(copy=None))
        if doing == "take":
            return self._taken(world, number, member, value)
        if doing == "skip" and not value:
            return self._passed(world, number, member)
        if doing == "skip" or doing == "report":
            return self._reported(world, number, member, value)
        return self._passed(world, number, member)

    def _taken(self, world: World, number: int, member: Member, portion: int) -> tuple[World, Member]:
        if portion < 0:
            phase = self._phase(number, member)
            if member.finished == 0:
                return world, member._replace(doing="skip", call=Call("is_open", (phase,)))
            arguments = (phase, member.finished, member.totals[member.phase], member.phase == 1)
            return world, member._replace(doing="report", call=Call("report", arguments))
        ticket = (self._step_of(member), member.phase, portion)
        if ticket in world.taken:
            raise Violation(f"portion {ticket} is taken twice")
        if portion >= self._record(ticket[0])[member.phase]:
            raise Violation(f"there is no portion {ticket}")
        return world._replace(taken=world.taken | {ticket}), member._replace(doing="work", held=portion)

    def _reported(self, world: World, number: int, member: Member, ended: bool) -> tuple[World, Member]:
        member = member._replace(finished=0)
        if member.doing == "report" and ended:
            return self._passed(world, number, member)
        return world, member._replace(doing="wait", call=Call("wait_for_end", (self._phase(number, member), 0)))

    def _passed(self, world: World, number: int, member: Member) -> tuple[World, Member]:
        member = member._replace(copy=None, finished=0)
        if member.phase == 0:
            key = self.tickets.names["following"](self._phase(number, member)).key
            return world, self._take(number, member._replace(key=key, phase=1))
        if number == self.caller:
            return world, self._next_step(world, member)
        key = self.first_key(self._step_of(member))
        return world, Member("gate", Call("wait_for_step", (0, number, key, 0)), key=key)

    def _next_step(self, world: World, member: Member) -> Member:
        self.check_step(world, member.step)
        return Member("fill", step=member.step + 1)

    def check_step(self, world: World, step: int) -> None:
        portions = {(step, phase, n) for phase in (0, 1) for n in range(self._record(step)[phase])}
        if portions != {done for done in world.finished if done[0] == step}:
            raise Violation(f"step {step} ended before all of its portions were finished")

    def check_end(self, world: World) -> None:
        """Nothing more can happen: all steps are done, and all that have not stopped are gone."""
        waiting = [n for n, member in enumerate(world.members) if not member.stopped and member.doing != "gone"]
        if waiting:
            raise Violation(f"members {waiting} wait for ever")


def with_member(world: World, number: int, member: Member) -> World:
    return world._replace(members=(*world.members[:number], member, *world.members[number + 1 :]))
