"""The traced arm over a real engine: what it answers for a work, whatever the ranks; and a rank that is stopped."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from engine.invented_rings import Given, rings_of
from engine.naive_models import random_model
from engine.rank_stops import WITH_TICKET, clear_stops, stop_at
from support.waiting import until

from llmproc.config import EngineOptions
from llmproc.engine.batch import Chunk
from llmproc.engine.loading import open_weights
from llmproc.engine.rank_times import RankTimes
from llmproc.engine.trace_steps import ENDS, Ring, whole_steps
from llmproc.engine.trace_sums import ORDER, StepNote, summarise_rings
from llmproc.errors import UsageError
from llmproc.experiments.bench.arms import traced
from llmproc.experiments.bench.arms.arm import ArmOptions
from llmproc.experiments.bench.arms.traced import NotedForward, TracedArm
from llmproc.experiments.bench.remote import OWN, TRACED, RemoteArm
from llmproc.experiments.bench.work import Work
from llmproc.kernels.records import RECORDS

BATCH_TOKENS = 16
PREFILL, DECODE = Work("pp40", "prefill", 40), Work("tg5 b3", "decode", 1, 3, 5)


@contextmanager
def traced_arm(threads: int, leads: bool = True, **sizes: int) -> Iterator[TracedArm]:
    """The arm over a small model of two layers."""
    options = EngineOptions(threads=threads, sequences=3, batch_tokens=BATCH_TOKENS, traced=True, leads=leads)
    arm = TracedArm(NotedForward(open_weights(*random_model(4, "int8", 16, dim=64, hidden_dim=160, **sizes), options)),
                    BATCH_TOKENS, adapt=False)  # fmt: skip
    try:
        yield arm
    finally:
        arm.close()


def check_sums(found: dict, threads: int) -> None:
    """The parts of every whole add up to it."""
    seconds = found["seconds"]
    assert seconds > 0 and [row["phase"] for row in found["phases"]] == [
        name for name in ORDER if name in {row["phase"] for row in found["phases"]}
    ]
    assert sum(row["seconds"] for row in found["phases"]) == pytest.approx(seconds)
    assert [(row["rank"], row["steps"]) for row in found["ranks"]] == [(n, found["steps"]) for n in range(threads)]
    for row in found["ranks"]:
        split = [row[f"{cause}_s"] or 0.0 for cause in ("worked", "barrier", "sleeping", "run_queue", "late")]
        assert min(split) >= 0 and sum(split) == pytest.approx(seconds)
    copies = 0 if found["amounts"]["tokens"] > 4 * found["steps"] else 2
    phases = sum(row["count"] for row in found["phases"] if not copies or row["phase"] not in ("norm", "prepare"))
    ended = sum(row["ended"] for row in found["ranks"])
    assert ended in (phases, phases - found["amounts"]["steps_with_logits"]), "the last norm is of few rows"


@pytest.mark.parametrize(("threads", "leads"), [(1, True), (2, True), (2, False)])
def test_a_prefill_and_a_decode_are_told_phase_by_phase(threads: int, leads: bool) -> None:
    with traced_arm(threads, leads) as arm:
        prefill, decode = arm.trace(PREFILL), arm.trace(DECODE)
        again = arm.trace(DECODE)
    assert (prefill["steps"], prefill["of_steps"], decode["steps"], decode["of_steps"]) == (3, 3, 5, 5)
    assert prefill["amounts"] == {
        "steps": 3, "steps_with_logits": 1, "tokens": 40, "outputs": 1, "positions": 16 + 32 + 40, "pairs": 820,
    }  # fmt: skip
    assert decode["amounts"] == again["amounts"] == {
        "steps": 5, "steps_with_logits": 5, "tokens": 15, "outputs": 15, "positions": 45, "pairs": 45,
    }  # fmt: skip
    assert {row["phase"]: row["count"] for row in prefill["phases"]} == {
        "embed": 3, "norm": 3 * 4 + 1, "qkv": 6, "rotate": 6, "attend": 6, "prepare": 6, "output": 6, "gated": 6,
        "down": 6, "logits": 1,
    }  # fmt: skip
    assert {row["phase"]: row["count"] for row in decode["phases"]} == {
        "embed": 5, "norm": 5 * 5, "qkv": 10, "rotate": 10, "attend": 10, "prepare": 10, "output": 10, "gated": 10,
        "down": 10, "logits": 5,
    }  # fmt: skip
    for found in (prefill, decode, again):
        check_sums(found, threads)


def test_one_rank_waits_for_no_other() -> None:
    with traced_arm(1) as arm:
        found = arm.trace(DECODE)
    (rank,) = found["ranks"]
    assert rank["barrier_s"] == rank["sleeping_s"] == rank["waited_for_s"] == 0 and found["longest"] is None
    assert rank["ended"] == 5 * (2 + 2 * 6)


@pytest.mark.parametrize("threads", [1, 2])
def test_of_a_long_decode_the_last_steps_are_left(threads: int) -> None:
    """Two layers write 36 records a step; attention over more than 256 positions is joined in a phase of its own."""
    steps = 600
    with traced_arm(threads, seq_len=steps) as arm:
        found = arm.trace(Work(f"tg{steps}", "decode", 1, 1, steps))
        rings = arm._noted.traced.trace()
    assert len(rings[0]) == RECORDS, "rank 0 was there in every step, so that its ring is full"
    kept = found["steps"]
    assert 0 < kept < found["of_steps"] == steps
    last = range(steps - kept, steps)
    assert found["amounts"]["tokens"] == kept and found["amounts"]["positions"] == sum(p + 1 for p in last)
    merged = {row["phase"]: row["count"] for row in found["phases"]}["merge"]
    assert merged == 2 * sum(position >= 256 for position in last)
    check_sums(found, threads)


def test_the_arm_beside_the_measured_one_in_a_process_of_its_own(quick: Path) -> None:
    options = ArmOptions(str(quick), threads=2, context=64, batch_tokens=BATCH_TOKENS, sequences=3)
    arm = RemoteArm(TRACED, options)
    try:
        assert arm.name == "llmproc" and arm.settings(PREFILL) == [""]
        found = arm.trace(PREFILL)
        assert found["steps"] == 3 and len(found["ranks"]) == 2
    finally:
        arm.close()
    measured = RemoteArm(OWN, options)
    try:
        with pytest.raises(UsageError, match=r"^llmproc keeps no trace$"):
            measured.trace(PREFILL)
    finally:
        measured.close()


def test_a_rank_that_comes_late_counts_the_phases_that_it_missed() -> None:
    """It sleeps between the steps, so that rank 0 alone has ended some when it comes."""
    with traced_arm(2) as arm:
        forward = arm._noted.traced

        def missed() -> list[tuple[int, list[str]]]:
            forward.run([Chunk([3], 0, [0], True)])
            steps = [step for step in whole_steps(forward.trace()) if step.ranks[1]][:-1]  # it may still be in the last
            ends = [
                (len(step.phases), [record.what for record in step.ranks[1] if record.what in ENDS]) for step in steps
            ]
            return [(count, seen) for count, seen in ends if "late" in seen and {"wait", "sleep"} & set(seen)]

        found = until(missed, "rank 1 is never late, or never comes")
    assert all(len(seen) == count for count, seen in found)


class Behind:
    """A team of one rank that notes the end of its only step just before the third look, or never."""

    vocab_size, context, pages, in_use, step_number = 40, 64, 4, 1, 7

    def __init__(self, ready: int) -> None:
        self.looks, self.ready = 0, ready

    def rank_tasks(self) -> list[int]:
        raise OSError("its thread has ended")

    def run(self, chunks: list[Chunk]) -> None:
        pass

    def trace(self) -> list[Ring]:
        self.looks += 1
        written: list[Given] = [(0, "start", 7), (9, "qkv", 0), (9, "ended", 0)]
        return rings_of(written if self.looks >= self.ready else written[:2])


def test_a_rank_that_has_not_noted_the_end_of_a_step_is_given_time_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "_LOOK_S", 0)
    forward = Behind(3)
    noted = NotedForward(forward)  # type: ignore[arg-type] # a stand-in
    assert noted.summary().steps == [] and forward.looks == 1, "there is nothing to wait for"
    forward.looks = 0
    noted.run([Chunk([3], 0, [0], True)])
    assert noted.summary().steps == [7] and forward.looks == 3
    forward.ready = 1 << 30
    assert noted.summary().steps == [], "but not for ever"


class Clock:
    """Ranks that waited for a CPU in every step: rank 1 for 5 ns, rank 0 not at all."""

    def times(self, ranks: int) -> list[RankTimes]:
        return [RankTimes(9, 5 * rank) for rank in range(ranks)]

    def close(self) -> None:
        pass


def test_what_each_rank_waited_for_a_cpu_is_noted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traced, "RankClock", lambda tasks: Clock())
    with traced_arm(2) as arm:
        arm.run(DECODE)
        arm._noted.traced.use(1)
        arm.run(DECODE)
        notes = [step.note for step in arm._noted.steps]
        assert [(note.ranks, note.run_queue) for note in notes] == [(2, (0, 5))] * 5 + [(1, (0,))] * 5
        assert [note.number for note in notes] == list(range(notes[0].number, notes[0].number + 10))
        assert all(note.elapsed > 0 for note in notes)
        found = arm.trace(DECODE)
        assert [row["steps"] for row in found["ranks"]] == [5, 0] and found["ranks"][1]["run_queue_s"] == 0


def test_a_kernel_that_does_not_count_waiting_is_no_hindrance(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(tasks: list[int]) -> None:
        raise OSError("schedstat counts nothing")

    monkeypatch.setattr(traced, "RankClock", refuse)
    with traced_arm(2) as arm:
        found = arm.trace(DECODE)
    assert [row["run_queue_s"] for row in found["ranks"]] == [None, None]
    check_sums(found, 2)


def test_a_rank_that_is_stopped_inside_a_portion_is_the_one_that_was_waited_for() -> None:
    with traced_arm(2) as arm:
        forward, over, counts = arm._noted.traced, threading.Event(), [0]
        words = forward.workspace.team_words[:2].view("i8")

        def run() -> None:
            while not over.is_set():
                counts[0] += 1
                forward.run([Chunk([3], 0, [0], True)])

        thread = threading.Thread(target=run)
        stop_at(forward, 1, WITH_TICKET)
        thread.start()
        seen = [(-1, -1)] * 200

        def stands_still() -> bool:
            seen.append((int(words[0]), counts[0]))
            return len(set(seen[-200:])) == 1 and counts[0] > 0

        try:
            until(stands_still, "rank 1 takes no portion, or the team does not wait for it")
        finally:
            over.set()
            clear_stops(forward, 1)
            thread.join()
        last = forward.step_number
        forward.run([Chunk([3], 0, [0], True)])  # both have noted the end of the step before
        found = summarise_rings(forward.trace(), [StepNote(last, 2)])
    assert found.steps == [last] and found.longest is not None
    assert (found.longest.rank, found.longest.phase.by) == (0, 1)
    waited = [rank.waited_for for rank in found.ranks]
    assert waited[1] > waited[0] and found.ranks[0].barrier >= found.longest.ns > found.wall / 2
