"""Arms for `compare-modes` that the tests open in place of real workers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from experiments.fake_arm import FakeArm

from llmproc.errors import StartError
from llmproc.experiments.compare_modes.arm import ArmRun, Prompt
from llmproc.experiments.compare_modes.options import CompareOptions

opened: list[CompareOptions] = []
closed: list[CompareOptions] = []
asked: list[Sequence[Prompt]] = []


class Noted(FakeArm):
    """Keeps what it was asked."""

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        asked.append(prompts)
        return super().run(mode, workers, prompts)


class Failing(FakeArm):
    """Loses one request of every ws run."""

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        found = super().run(mode, workers, prompts)
        lost = replace(found.rows[0], error="3 workers in a row died on this request")
        return replace(found, rows=(lost, *found.rows[1:])) if mode == "ws" else found


class Interrupted(FakeArm):
    """Ctrl-C comes in the third run."""

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        if len(self.diary) == 2:
            raise KeyboardInterrupt
        return super().run(mode, workers, prompts)


@contextmanager
def _opened(options: CompareOptions, arm: FakeArm) -> Iterator[FakeArm]:
    opened.append(options)
    try:
        yield arm
    finally:
        closed.append(options)


def open_arm(options: CompareOptions):  # type: ignore[no-untyped-def]
    waits = options.work == "wait"
    return _opened(options, Noted(options.unit_s, None if waits else 2, digests=not waits))


def open_failing(options: CompareOptions):  # type: ignore[no-untyped-def]
    return _opened(options, Failing())


def open_interrupted(options: CompareOptions):  # type: ignore[no-untyped-def]
    return _opened(options, Interrupted())


@contextmanager
def open_nothing(options: CompareOptions) -> Iterator[FakeArm]:
    raise StartError("no worker could be started")
    yield FakeArm()
