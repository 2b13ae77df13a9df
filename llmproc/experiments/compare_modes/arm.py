"""The arm of a comparison: it answers prompts with real (or simulated) workers and reports each run.

Used by `runner`; implemented by `service_arm` on processes, in tests on a fake clock. Never in it: statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from llmproc.errors import LlmprocError

SLACK_S = 1e-3  # clocks of two processes, read one after the other


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request of a workload."""

    text: str
    cost: float | None = None  # expected, in the workload's unit: lpt sorts by it, and a wait takes it
    tokens: int | None = None  # the exact length of the answer, whatever is sampled; None: until it ends by itself


@dataclass(frozen=True, slots=True)
class ArmRow:
    """The times and the answer of one request, in seconds since all prompts were submitted."""

    request: int  # its place among the prompts, from 0
    worker: int
    queue_s: float  # from arrival until a worker took it
    service_s: float  # what a worker spent on it, from taking it to its terminal event
    started_s: float  # a worker took it
    ended_s: float  # its terminal event
    tokens: int = 0  # of the answer
    digest: str = ""  # of the answer's ids; empty when nothing is generated
    error: str = ""  # why it failed


@dataclass(frozen=True, slots=True)
class ArmRun:
    """One run of all prompts. None: unknown on this machine."""

    elapsed_s: float  # from the submission of the first to the last terminal event; workers were ready before
    rows: tuple[ArmRow, ...]  # in any order
    steals: int = 0
    wait_s: float | None = None  # all workers' threads together: runnable, but waiting for a CPU, during the run
    pss_bytes: int | None = None  # template and workers together, while the workers live

    @property
    def failed(self) -> int:
        """Return how many requests ended with an error."""
        return sum(bool(row.error) for row in self.rows)

    def in_order(self) -> list[ArmRow]:
        """Return the rows sorted by request."""
        return sorted(self.rows, key=lambda row: row.request)


class PromptArm(Protocol):
    """A way to answer prompts, opened once per experiment. No run may speed up a later one (by cached prefixes)."""

    def run(self, mode: str, workers: int, prompts: Sequence[Prompt]) -> ArmRun:
        """Run all prompts once, submitted together, on `workers` workers that are ready before the clock starts."""


def judge_run(run: ArmRun, mode: str, workers: int, prompts: Sequence[Prompt]) -> None:
    """Raise LlmprocError unless each request ended once, on an existing worker, within the time of the run."""
    where = f"mode {mode} with {workers} worker{'s' * (workers != 1)}"
    seen = sorted(row.request for row in run.rows)
    if seen != list(range(len(prompts))):
        lost = sorted(set(range(len(prompts))) - set(seen))
        strange = sorted({request for request in seen if seen.count(request) > 1 or request not in range(len(prompts))})
        told = ", ".join(
            f"{what} {places[:8]}" for what, places in (("no row for", lost), ("too many for", strange)) if places
        )
        raise LlmprocError(f"{where}: {told}: every request must end once")
    for row in run.rows:
        if not 0 <= row.worker < workers:
            raise LlmprocError(f"{where}: request {row.request} ran on worker {row.worker}")
        if not (0 <= row.started_s <= row.ended_s <= run.elapsed_s + SLACK_S and row.service_s >= 0):
            times = f"from {row.started_s:.6f} to {row.ended_s:.6f} s, {row.service_s:.6f} s of service"
            raise LlmprocError(f"{where}: request {row.request} ran {times}, in a run of {run.elapsed_s:.6f} s")
