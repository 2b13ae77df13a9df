"""Rings of trace records -> steps, each with its phases as the team went through them. Pure.

Used by `trace_sums`. Every rank counts every phase of a step it takes part in, by a record of ENDS, so phases of
different ranks are matched by their number. A phase ended at the first moment at which any rank saw that it had.
For few tokens each rank norms or prepares its own copy: that lasts until the first rank has one, since then the product
that reads it can begin.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from llmproc.kernels.records import PHASES, RECORDS

Ring: TypeAlias = npt.NDArray[np.void]  # (records,) of TRACE, oldest first
ENDS = ("wait", "sleep", "late")


class TraceRecord(NamedTuple):
    """One record of a ring. `what`: a name of PHASES."""

    time: int  # nanoseconds
    what: str
    layer: int
    by: int


class TeamPhase(NamedTuple):
    """A phase as the team went through it, times in nanoseconds. `by`: the rank that ended it, -1 for own copies."""

    name: str
    layer: int
    begin: int
    end: int
    by: int


@dataclass(frozen=True, slots=True)
class RingStep:
    """One step: when the first rank began it, its phases in order (`copies` apart), and each rank's own records."""

    number: int
    begin: int
    phases: tuple[TeamPhase, ...]
    copies: tuple[TeamPhase, ...]
    ranks: tuple[tuple[TraceRecord, ...], ...]  # () for a rank that took no part

    @property
    def end(self) -> int:
        """Return when the last phase ended."""
        return self.phases[-1].end


def may_be_cut(rings: Sequence[Ring]) -> bool:
    """Return whether a ring is full: its first steps may have been overwritten."""
    return any(len(ring) >= RECORDS for ring in rings)


def whole_steps(rings: Sequence[Ring], full: int = RECORDS) -> list[RingStep]:
    """Return the steps that are whole in all rings, in their order.

    `rings`: of each rank. One with `full` records may have lost older ones: its steps count from its first START on,
    and none that is older in any ring. A step that has not ended in the rings is left out.
    """
    found = [_by_step(ring) for ring in rings]
    first = max(
        (min(steps) for steps, ring in zip(found, rings, strict=True) if len(ring) >= full and steps), default=0
    )
    if any(len(ring) >= full and not steps for steps, ring in zip(found, rings, strict=True)):
        return []
    numbers = sorted({number for steps in found for number in steps if number >= first})
    made = (_step(number, [tuple(steps.get(number, ())) for steps in found]) for number in numbers)
    return [step for step in made if step is not None]


def _by_step(ring: Ring) -> dict[int, list[TraceRecord]]:
    """Return step number -> its records, from START on; those before the first START belong to a step that was cut."""
    steps: dict[int, list[TraceRecord]] = {}
    current: list[TraceRecord] = []
    for time, what, layer, by in ring.tolist():
        if PHASES[what] == "start":
            current = steps.setdefault(layer, [])
        current.append(TraceRecord(time, PHASES[what], layer, by))
    return steps


class _Visit(NamedTuple):
    """One rank in one phase: its record of the end, what it did there, and when it had a copy of its own."""

    ended: TraceRecord
    name: str  # "" for a rank that came late
    copy: TraceRecord | None


def _visits(records: Sequence[TraceRecord]) -> Iterator[_Visit]:
    """Yield a rank's visits to the phases of a step in their order; one that lacks its end is not a visit."""
    done: list[TraceRecord] = []
    for record in records:
        if record.what in ENDS:
            late = record.what == "late"
            copy = done[0] if len(done) > (0 if late else 1) else None
            yield _Visit(record, "" if late else done[-1].what, copy)
            done = []
        elif record.what != "start":
            done.append(record)


def _step(number: int, ranks: Sequence[tuple[TraceRecord, ...]]) -> RingStep | None:
    """Return the step, None when a rank is in a phase whose end none has noted yet."""
    visits = [list(_visits(records)) for records in ranks]
    count = max((i + 1 for row in visits for i, visit in enumerate(row) if visit.name), default=0)
    if any(records and _is_open(records) and _ends(records) >= count for records in ranks):
        return None
    begin = at = min(records[0].time for records in ranks if records)
    phases, copies = [], []
    for i in range(count):
        here = [row[i] for row in visits if i < len(row)]
        worked = min((visit for visit in here if visit.name), key=lambda visit: visit.ended.time, default=None)
        if worked is None:
            return None
        end = min(visit.ended.time for visit in here)
        if made := [visit.copy for visit in here if visit.copy]:
            first = min(made)
            copies.append(TeamPhase(first.what, first.layer, at, first.time, -1))
            at = copies[-1].end
        phases.append(TeamPhase(worked.name, worked.ended.layer, at, end, worked.ended.by))
        at = end
    completed = tuple(_completed(records, phases) for records in ranks)
    return RingStep(number, begin, tuple(phases), tuple(copies), completed) if count else None


def _is_open(records: Sequence[TraceRecord]) -> bool:
    """Return whether a rank has worked in a phase, and not noted its end."""
    return records[-1].what not in (*ENDS, "start")


def _ends(records: Sequence[TraceRecord]) -> int:
    return sum(record.what in ENDS for record in records)


def _completed(records: tuple[TraceRecord, ...], phases: Sequence[TeamPhase]) -> tuple[TraceRecord, ...]:
    """Add what a rank will note that has not seen the end of its phase yet: the others did not wait for that."""
    if not records or not _is_open(records):
        return records
    last, phase = records[-1], phases[_ends(records)]
    what = "sleep" if last.what == phase.name else "late"  # it had only made its copy
    return (*records, TraceRecord(phases[-1].end, what, last.layer, phase.by))
