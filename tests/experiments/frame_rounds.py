"""Rounds and plans as tests make them: no process, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from llmproc.experiments.frame.options import FrameOptions
from llmproc.experiments.frame.plan import ExperimentArm, ExperimentPlan
from llmproc.experiments.frame.rounds import RequestRun, Round

SURROUNDINGS: dict[str, Any] = {
    "started": "2026-01-02T03:04:05+0000",
    "command": "python -m llmproc experiment made",
    "machine": {"cpu": "a CPU", "cpus_allowed": [0, 1], "kernel": "6.1", "quota_cpus": None},
    "conditions": {},
    "warnings": ["it rained"],
}


def common(folder: Path, **more: Any) -> FrameOptions:
    """Options of an experiment called made."""
    return FrameOptions("made", Path("m.bin"), None, ("a", "b"), folder, **more)


def request(number: int = 0, latency_s: float = 1.0, tokens: int = 5, **more: Any) -> RequestRun:
    """A request whose first token came at half its time."""
    gaps = [latency_s / 2 / max(tokens - 1, 1)] * (tokens - 1)
    found: dict[str, Any] = {"queue_s": 0.1, "ttft_s": latency_s / 2, "itl_s": gaps, "text": "t", "reason": "end"}
    return RequestRun(number, 3, tokens, latency_s, **{**found, **more})


def made_round(latencies: Sequence[float], **figures: float | None) -> Round:
    """A round of requests one after another."""
    return Round(sum(latencies), [request(n, latency) for n, latency in enumerate(latencies)], figures)


class FakeRunner:
    """Notes what it is to run; `answer` gives the round, or raises."""

    def __init__(self, answer: Callable[[ExperimentArm, int], Round]) -> None:
        self.order: list[tuple[str, int]] = []
        self.closed = False
        self._answer = answer

    def run(self, arm: ExperimentArm, repetition: int) -> Round:
        self.order.append((arm.name, repetition))
        return self._answer(arm, repetition)


def plan(
    arms: Sequence[ExperimentArm], answer: Callable[[ExperimentArm, int], Round], **more: Any
) -> tuple[ExperimentPlan, FakeRunner]:
    """A plan on a runner that notes what it runs."""
    runner = FakeRunner(answer)

    @contextmanager
    def opened() -> Iterator[FakeRunner]:
        yield runner
        runner.closed = True

    return ExperimentPlan(arms, {"own": 1}, opened, **more), runner


def arm(name: str, **more: Any) -> ExperimentArm:
    """An arm."""
    settings: Mapping[str, Any] = {"x": name}
    return ExperimentArm(name, settings, **more)
