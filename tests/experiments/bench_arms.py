"""Arms that compute nothing: their clock is moved on by themselves. Imported by tests and by children."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from support.clocks import FakeClock

from llmproc.engine.batch import Chunk
from llmproc.errors import CheckpointError, UsageError
from llmproc.experiments.bench.arms.arm import ArmOptions, ModelArm
from llmproc.experiments.bench.timed import TimedArm
from llmproc.experiments.bench.work import Work

LOGITS_OF = (5, 17, 300, 511, 2)


class FakeArm(ModelArm):
    """Takes `per_token` seconds for every token, and less or more with its settings. Keeps a diary."""

    def __init__(self, name: str, clock: FakeClock, per_token: float, settings: dict[str, float] | None = None) -> None:
        self.name, self.clock, self.per_token = name, clock, per_token
        self._settings = settings or {"": 1.0}
        self._factor = 1.0
        self.diary: list[str] = []

    def about(self) -> dict[str, Any]:
        return {"decode": "pretended", "package": f"{self.name} 1.0"}

    def settings(self, work: Work) -> list[str]:
        return list(self._settings)

    def prepare(self, work: Work, setting: str) -> None:
        self._factor = self._settings[setting]
        self.clock.now += 50  # must never be counted
        self.diary.append(f"{work.name} {setting}".strip())

    def _take(self, tokens: int) -> None:
        self.clock.now += tokens * self.per_token * self._factor

    def prefill(self, tokens: int) -> None:
        self._take(tokens)

    def decode(self, sequences: int, steps: int) -> None:
        self._take(sequences * steps)

    def matmuls(self, tokens: int, outputs: int, steps: int) -> None:
        self._take(tokens * steps)

    def close(self) -> None:
        self.diary.append("closed")


class FakeMachine:
    """Reads and multiplies at fixed rates: 1e9 bytes and 1e11 multiply-adds a second and thread."""

    name = "machine"

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock

    def about(self) -> dict[str, Any]:
        return {"read": "pretended"}

    def settings(self, work: Work) -> list[str]:
        return [""]

    def prepare(self, work: Work, setting: str) -> None:
        pass

    def run(self, work: Work) -> float:
        self.clock.now += 0.5
        return {"read": 0.5e9, "integer": 0.5e11, "float": 0.25e11}[work.kind] * work.sequences

    def close(self) -> None:
        pass


class FakeForward:
    """A ForwardPass that only looks at what it is given: every chunk continues its sequence, on its own pages."""

    def __init__(self, vocab_size: int = 40, context: int = 64, pages: int = 16) -> None:
        self.vocab_size, self.context, self.pages, self.ranks = vocab_size, context, pages, 1
        self.steps: list[list[tuple[list[int], int, list[int], bool]]] = []
        self.closed = False

    def run(self, chunks: Sequence[Chunk]) -> np.ndarray:
        assert all(0 <= token < self.vocab_size for chunk in chunks for token in chunk.tokens)
        assert all(0 <= page < self.pages for chunk in chunks for page in chunk.pages)
        assert all(len(chunk.pages) * 16 >= chunk.position + len(chunk.tokens) for chunk in chunks)
        used = [page for chunk in chunks for page in chunk.pages]
        assert len(used) == len(set(used)), "two sequences share a page"
        self.steps.append([(list(c.tokens), c.position, list(c.pages), c.logits) for c in chunks])
        wanted = [chunk for chunk in chunks if chunk.logits]
        logits = np.zeros((len(wanted), self.vocab_size), np.float32)
        for row, chunk in enumerate(wanted):
            logits[row, (chunk.tokens[-1] + 1) % self.vocab_size] = 1
        return logits

    def wipe(self, pages: Sequence[int]) -> None:
        raise AssertionError("bench never fails a sequence")

    def close(self) -> None:
        self.closed = True


def timed(name: str, clock: FakeClock, per_token: float, settings: dict[str, float] | None = None) -> TimedArm:
    return TimedArm(FakeArm(name, clock, per_token, settings), clock)


# -- what children are told to open -----------------------------------------------------------------------------------


def open_own(options: ArmOptions) -> FakeArm:
    return FakeArm("llmproc", FakeClock(), 0.0)


class FakeTraced(FakeArm):
    """Answers for its trace what a step of 10 ms would be, all of it one phase."""

    def trace(self, work: Work) -> dict[str, Any]:
        self.diary.append(f"traced {work.name}")
        amounts = {"steps": 1, "steps_with_logits": 1, "tokens": 1, "outputs": 1, "positions": 1, "pairs": 1}
        names = ("worked", "barrier", "sleeping", "run_queue", "late", "waited_for")
        ranks = [{"rank": 0, "steps": 1, "ended": 1} | {f"{name}_s": 0.01 * (name == "worked") for name in names}]
        phases = [{"phase": "down", "count": 1, "seconds": 0.01, "worked_s": 0.01}]
        return {"steps": 1, "of_steps": work.steps, "seconds": 0.01, "amounts": amounts, "phases": phases,
                "ranks": ranks, "longest": None}  # fmt: skip


def open_traced(options: ArmOptions) -> FakeArm:
    return FakeTraced("llmproc", FakeClock(), 0.0)


def open_peer(options: ArmOptions) -> FakeArm:
    return FakeArm("llama.cpp", FakeClock(), 0.0, {"flash=0": 1.0, "flash=1": 0.5})


def open_machine(options: ArmOptions) -> FakeMachine:
    return FakeMachine(FakeClock())


class Talkative(FakeArm):
    """Prints where a library would, and dies or fails on request."""

    def prefill(self, tokens: int) -> None:
        print("ggml: a library speaks")
        os.write(1, b"and in C too\n")
        print("the last words of a library", file=sys.stderr, flush=True)
        if tokens == 13:
            os.kill(os.getpid(), signal.SIGKILL)
        if tokens == 14:
            raise CheckpointError("model.bin", "dim", 0, "must be positive")
        if tokens == 15:
            raise RuntimeError("a bug")


def open_talkative(options: ArmOptions) -> FakeArm:
    return Talkative("talkative", FakeClock(), 0.0)


def open_refusing(options: ArmOptions) -> FakeArm:
    raise UsageError(f"--threads is {options.threads}: too many for this arm")


def open_dying(options: ArmOptions) -> FakeArm:
    print("cannot map the model", file=sys.stderr, flush=True)
    os._exit(9)


def open_peer_with_logits(options: ArmOptions) -> Any:
    """llama.cpp that also says, for each setting, its logits after LOGITS_OF. For children only: it starts threads."""
    from llmproc.experiments.bench.arms.llama_cpp import open_arm

    arm = open_arm(options)
    work = Work("logits", "prefill", 24)
    logits = {}
    for setting in arm.settings(work):
        arm.prepare(work, setting)
        arm._decode([(token, at, 0, at == len(LOGITS_OF) - 1) for at, token in enumerate(LOGITS_OF)])
        logits[setting] = arm.logits(len(LOGITS_OF) - 1)
    about = {**arm.about(), "logits": logits, "vocab_size": arm.vocab_size}
    arm.about = lambda: about  # type: ignore[method-assign]
    return arm
