"""Steps of a trace -> time by phase, and of each rank by what it did or waited for. Pure.

Used by bench's traced arm. The time of a step, from when its first rank began to the end of its last phase, is split
for each rank in use, so that the parts add up to it:

    worked      in portions, its own or looking for one
    barrier     from its own last portion to the end of the phase: another rank still held one
    sleeping    from that end to when this rank, which slept, went on
    late        it was not there, although it did not sleep: from the beginning of a step to its own, from a phase's end
                to when it noticed, phases that were over when it came
    run queue   of all those, what the kernel says: it was runnable and waited for a CPU. While a rank that waits so
                holds the last portion of a phase, others wait with it: the longest waits for it, up to its own time in
                the run queue, are counted here, not under barrier, and taken from what it worked. The rest is taken
                from its late time, then from sleeping, and from worked as far as it cannot have waited between steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from llmproc.engine.trace_steps import ENDS, Ring, RingStep, TeamPhase, whole_steps
from llmproc.kernels.records import RECORDS

ORDER = ("embed", "norm", "qkv", "rotate", "attend", "merge", "prepare", "output", "gated", "down", "logits")


@dataclass(frozen=True, slots=True)
class StepNote:
    """A step as its caller saw it: how long ranks waited for a CPU, between a look before it and one after it."""

    number: int  # as START has it
    ranks: int  # in use: rank 0 to this, exclusive
    run_queue: tuple[int, ...] = ()  # nanoseconds, of each rank in use; () if unknown
    elapsed: int = 0  # nanoseconds between the two looks


@dataclass(slots=True)
class PhaseTime:
    """One kind of phase, all of them together, in nanoseconds."""

    count: int = 0
    wall: int = 0  # of the team
    worked: int = 0  # of the ranks, by the clock


@dataclass(slots=True)
class RankTime:
    """One rank over all steps, in nanoseconds, as the module says."""

    steps: int = 0  # in which it was in use
    worked: int = 0
    barrier: int = 0
    sleeping: int = 0
    run_queue: int = 0
    late: int = 0
    ended: int = 0  # phases that it ended, so that it was the last to hold a portion
    waited_for: int = 0  # time of other ranks behind their own last portions, in those phases

    def add(self, other: RankTime) -> None:
        """Add another one's times."""
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(frozen=True, slots=True)
class PortionWait:
    """One rank's wait for another, which held a portion."""

    ns: int
    phase: TeamPhase
    rank: int


@dataclass(slots=True)
class TraceSummary:
    """All steps together."""

    steps: list[int] = field(default_factory=list)  # numbers
    wall: int = 0  # nanoseconds
    phases: dict[str, PhaseTime] = field(default_factory=dict)
    ranks: list[RankTime] = field(default_factory=list)
    longest: PortionWait | None = None  # of all waits for a portion


def summarise_rings(rings: Sequence[Ring], notes: Sequence[StepNote], full: int = RECORDS) -> TraceSummary:
    """Sum up the noted steps that are whole in the rings (one per rank). `full`: records of a ring that may be cut."""
    noted = {note.number: note for note in notes}
    found = TraceSummary(ranks=[RankTime() for _ in rings])
    for step in whole_steps(rings, full):
        if step.number in noted:
            _add_step(found, step, noted[step.number])
    return found


def _add_step(found: TraceSummary, step: RingStep, note: StepNote) -> None:
    found.steps.append(step.number)
    found.wall += step.end - step.begin
    for phase in (*step.phases, *step.copies):
        kind = found.phases.setdefault(phase.name, PhaseTime())
        kind.count += 1
        kind.wall += phase.end - phase.begin
    times = [RankTime(steps=1) for _ in range(note.ranks)]
    waits: list[PortionWait] = []
    for rank, time in enumerate(times):
        _split(step, rank, time, waits, found.phases)
    for phase in step.phases:
        if 0 <= phase.by < note.ranks:
            times[phase.by].ended += 1
    for wait in waits:
        times[wait.phase.by].waited_for += wait.ns
    found.longest = max((*waits, *([found.longest] if found.longest else ())), key=lambda w: w.ns, default=None)
    outside = max(0, note.elapsed - (step.end - step.begin))
    for rank, waited in enumerate(note.run_queue[: note.ranks]):
        _explain(times, rank, waited, outside, [wait for wait in waits if wait.phase.by == rank])
    for total, time in zip(found.ranks, times, strict=False):
        total.add(time)


def _split(step: RingStep, rank: int, time: RankTime, waits: list[PortionWait], phases: dict[str, PhaseTime]) -> None:
    """Split the step's time for one rank, and note when it waited for another one."""
    at, number, name = step.begin, 0, ""
    for record in step.ranks[rank]:
        now = min(max(record.time, at), step.end)
        if record.what in ("start", "late"):
            time.late += now - at
        elif record.what in ENDS:
            phase = step.phases[number]
            end = min(max(phase.end, at), now)
            if phase.by == rank:
                _work(time, phases, name, end - at)
            else:
                time.barrier += end - at
                waits.append(PortionWait(end - at, phase, rank))
            if record.what == "sleep":
                time.sleeping += now - end
            else:
                time.late += now - end
        else:
            name = record.what
            _work(time, phases, name, now - at)
        number += record.what in ENDS
        at = now
    time.late += step.end - at


def _work(time: RankTime, phases: dict[str, PhaseTime], name: str, ns: int) -> None:
    time.worked += ns
    phases.setdefault(name, PhaseTime()).worked += ns


def _explain(times: Sequence[RankTime], rank: int, waited: int, outside: int, waits: Sequence[PortionWait]) -> None:
    """Count under run queue what `rank` waited for a CPU in a step, and what others waited for it meanwhile.

    `outside`: the part of the time it waited in that was not the step's. `waits`: those for this rank; several ranks
    wait for one portion at the same time, so that it is explained once for all.
    """
    together: dict[TeamPhase, list[PortionWait]] = {}
    for wait in waits:
        together.setdefault(wait.phase, []).append(wait)
    left = waited
    for here in sorted(together.values(), key=lambda found: max(w.ns for w in found), reverse=True):
        part = min(left, max(w.ns for w in here))
        left -= part
        for wait in here:
            moved = min(wait.ns, part)
            times[wait.rank].barrier -= moved
            times[wait.rank].run_queue += moved
    own = times[rank]
    left = waited - _move(own, "worked", waited - left)  # it held those portions meanwhile
    left -= _move(own, "late", left)
    left -= _move(own, "sleeping", left)
    _move(own, "worked", max(0, left - outside))


def _move(time: RankTime, name: str, ns: int) -> int:
    """Count up to `ns` of a rank's time under run queue; return how much that was."""
    part = min(ns, getattr(time, name))
    setattr(time, name, getattr(time, name) - part)
    time.run_queue += part
    return part
