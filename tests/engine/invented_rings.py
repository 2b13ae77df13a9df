"""Trace rings that tests invent: by hand, record by record, or from a team whose ranks work and pause at random."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from llmproc.engine.trace_steps import ENDS, Ring
from llmproc.kernels.records import PHASES, TRACE

Given = tuple[int, str, int]  # time, what, layer


def rings_of(*ranks: Sequence[Given]) -> list[Ring]:
    """Rings of all ranks. "ended" stands for the record WAIT of the rank that ended a phase: all others name it."""
    enders: dict[tuple[int, int], int] = {}  # step, phase -> rank
    rows = [list(_numbered(records)) for records in ranks]
    for rank, row in enumerate(rows):
        enders |= {place: rank for place, (_, what, _) in row if what == "ended"}
    return [
        np.array(
            [(t, PHASES.index("wait" if w == "ended" else w), n, enders.get(place, -1)) for place, (t, w, n) in row],
            TRACE,
        )
        for row in rows
    ]


def _numbered(records: Sequence[Given]) -> Iterator[tuple[tuple[int, int], Given]]:
    """Each record with its place: step and phase, counted from the step's start."""
    step = phase = -1
    for record in records:
        if record[1] == "start":
            step, phase = record[2], 0
        yield (step, phase), record
        phase += record[1] in ("ended", *ENDS)


def moved(records: Sequence[Given], by: int, number: int) -> list[Given]:
    """The same step later, under another number."""
    return [(time + by, what, number if what == "start" else layer) for time, what, layer in records]


class RandomTeam:
    """Ranks that take part in most phases, come late for some, sleep through others. `clock`: in nanoseconds."""

    def __init__(self, ranks: int, seed: int) -> None:
        self.chance, self.clock = random.Random(seed), 1000
        self.rings: list[list[Given]] = [[] for _ in range(ranks)]

    def step(self, number: int, phases: int) -> None:
        """Let all phases of a step pass; at least one rank works in each, one of those ends it."""
        free = {}  # when each rank goes on
        for rank, records in enumerate(self.rings):
            if rank == 0 or self.chance.random() < 0.9:
                free[rank] = self.clock + (0 if rank == 0 else self.chance.randrange(30))
                records.append((free[rank], "start", number))
        for i in range(phases):
            self._phase(i, free)
        self.clock += self.chance.randrange(100)

    def _phase(self, number: int, free: dict[int, int]) -> None:
        chance, name = self.chance, ("qkv", "attend", "output", "down")[number % 4]
        here = [rank for rank in free if chance.random() < 0.8] or [0]
        done = {}
        for rank in here:
            at = max(free[rank], self.clock)
            if name == "qkv":
                at += chance.randrange(5)
                self.rings[rank].append((at, "norm", number))
            done[rank] = at + chance.randrange(1, 50)
            self.rings[rank].append((done[rank], name, number))
        last = max(here, key=lambda rank: done[rank])
        end = done[last] + chance.randrange(3)
        for rank in free:
            if rank not in here:
                free[rank] = max(free[rank], end + chance.randrange(40))
                self.rings[rank].append((free[rank], "late", number))
            elif rank == last:
                free[rank] = end + chance.randrange(3)
                self.rings[rank].append((free[rank], "ended", number))
            else:
                free[rank] = end + chance.randrange(20)
                self.rings[rank].append((free[rank], chance.choice(("wait", "sleep")), number))
        self.clock = end
