"""The engine under test once more, with trace rings: runs a work once, and answers where its time went.

Opened by `bench --phases` after all measuring, in a process of its own: what the ranks note costs some 30 ns a phase,
and between two steps the kernel is asked for how long each rank waited for a CPU. Decoding overwrites old records: then
the last steps are what is summed up.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from llmproc.engine.batch import Chunk
from llmproc.engine.forward import Forward
from llmproc.engine.rank_adapter import adapter_of
from llmproc.engine.rank_times import RankClock
from llmproc.engine.trace_steps import may_be_cut
from llmproc.engine.trace_sums import ORDER, RankTime, StepNote, TraceSummary, summarise_rings
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.arms.own import Logits, OwnArm, engine_options
from llmproc.experiments.bench.work import Work

WARM_UP_STEPS = 8
_LOOKS, _LOOK_S = 100, 0.005  # several turns of a rank that shares its CPU


@dataclass(frozen=True, slots=True)
class NotedStep:
    """One step and what it computed. `positions`: of keys and values read; `pairs`: of a query and a position."""

    note: StepNote
    tokens: int
    outputs: int
    positions: int
    pairs: int


class NotedForward:
    """A ForwardPass over a traced Forward that notes every step. `close` it; it belongs to one thread."""

    def __init__(self, forward: Forward) -> None:
        self.traced, self.steps = forward, list[NotedStep]()
        self.vocab_size, self.context, self.pages = forward.vocab_size, forward.context, forward.pages
        self._clock: RankClock | None = None
        self._looked = time.monotonic_ns()  # when its times were read last
        try:
            self._clock = RankClock(forward.rank_tasks())
        except OSError:  # this kernel does not count run-queue wait
            pass

    def run(self, chunks: Sequence[Chunk]) -> Logits:
        """Compute the chunks, and note them."""
        ranks = self.traced.in_use
        logits = self.traced.run(chunks)
        waited = tuple(times.wait_ns for times in self._clock.times(ranks)) if self._clock else ()
        before, self._looked = self._looked, time.monotonic_ns()
        note = StepNote(self.traced.step_number, ranks, waited, self._looked - before)
        self.steps.append(_noted(chunks, note))
        return logits

    def restart(self) -> None:
        """Forget all steps up to now."""
        self.steps = []
        if self._clock:
            self._clock.times(0)
        self._looked = time.monotonic_ns()

    def summary(self) -> TraceSummary:
        """Sum up the noted steps that the rings still hold.

        The rank that ends a step wakes its caller before it notes the end, so that this may have to wait a little.
        """
        notes = [step.note for step in self.steps]
        for _ in range(_LOOKS):
            rings = self.traced.trace()
            found = summarise_rings(rings, notes)
            expected = [note.number for note in notes]
            if may_be_cut(rings):
                expected = expected[-1:]
            if list(found.steps[len(found.steps) - len(expected) :]) == expected:
                break
            time.sleep(_LOOK_S)
        return found

    @property
    def counts_waiting(self) -> bool:
        """Return whether the kernel says how long a rank waited for a CPU."""
        return self._clock is not None

    def wipe(self, pages: Sequence[int]) -> None:
        self.traced.wipe(pages)

    def close(self) -> None:
        """End the ranks."""
        if self._clock:
            self._clock.close()
        self.traced.close()


def _noted(chunks: Sequence[Chunk], note: StepNote) -> NotedStep:
    sizes = [(len(chunk.tokens), chunk.position) for chunk in chunks]
    return NotedStep(
        note,
        tokens=sum(n for n, _ in sizes),
        outputs=sum(chunk.logits for chunk in chunks),
        positions=sum(n + position for n, position in sizes),
        pairs=sum(n * position + n * (n + 1) // 2 for n, position in sizes),
    )


class TracedArm(OwnArm):
    """An arm that can also say where the time of a work went."""

    def __init__(self, forward: NotedForward, batch_tokens: int, adapt: bool) -> None:
        """Take over a forward pass; `adapt`: its ranks follow the free CPUs."""
        super().__init__(forward, batch_tokens, adapter_of(forward.traced, adapt))
        self._noted = forward

    def trace(self, work: Work) -> dict[str, Any]:
        """Do a prefill or decode, after a short one that does not count; return its sums for `bench.phases`."""
        self.prepare(work, "")
        self.run(work.shortened(WARM_UP_STEPS))
        self._noted.restart()
        self.run(work)
        found, kept = self._noted.summary(), set[int]()
        kept.update(found.steps)
        steps = [step for step in self._noted.steps if step.note.number in kept]
        return {
            "steps": len(steps),
            "of_steps": len(self._noted.steps),
            "seconds": found.wall / 1e9,
            "amounts": _amounts(steps),
            "phases": [_phase_row(found, name) for name in ORDER if name in found.phases],
            "ranks": [_rank_row(n, rank, self._noted.counts_waiting) for n, rank in enumerate(found.ranks)],
            "longest": _longest(found),
        }


def _amounts(steps: Sequence[NotedStep]) -> dict[str, int]:
    names = ("tokens", "outputs", "positions", "pairs")
    counts = {"steps": len(steps), "steps_with_logits": sum(step.outputs > 0 for step in steps)}
    return counts | {name: sum(getattr(step, name) for step in steps) for name in names}


def _phase_row(found: TraceSummary, name: str) -> dict[str, Any]:
    kind = found.phases[name]
    return {"phase": name, "count": kind.count, "seconds": kind.wall / 1e9, "worked_s": kind.worked / 1e9}


def _rank_row(number: int, rank: RankTime, counts_waiting: bool) -> dict[str, Any]:
    names = ("worked", "barrier", "sleeping", "run_queue", "late", "waited_for")
    row = {"rank": number, "steps": rank.steps, "ended": rank.ended}
    row |= {f"{name}_s": getattr(rank, name) / 1e9 for name in names}
    return row if counts_waiting else row | {"run_queue_s": None}


def _longest(found: TraceSummary) -> dict[str, Any] | None:
    """Return the longest wait of one rank for a portion of another."""
    if (wait := found.longest) is None:
        return None
    phase = wait.phase
    return {"seconds": wait.ns / 1e9, "phase": phase.name, "layer": phase.layer, "rank": wait.rank, "by": phase.by}


def open_arm(options: ArmOptions) -> TracedArm:
    """Open the engine as the measured arm does, with rings."""
    from llmproc.engine import loading

    engine = replace(engine_options(options), traced=True)
    forward = NotedForward(loading.open_forward(options.path, engine))
    return TracedArm(forward, options.batch_tokens, engine.adapt)
