"""An experiment's result, field by field: types that write it, and check it when it is read.

Times are seconds, sizes bytes, shares from 0 to 1, moments of `started` local time. A figure that the kernel does not
tell is null. Fields may be added, never renamed; a reader ignores those that it does not know.
"""

from __future__ import annotations

from typing import Any

import msgspec

SCHEMA, KIND = 1, "experiment"


class FigureSummary(msgspec.Struct, frozen=True):
    """A figure over all repetitions. `low` to `high`: 95 % interval of the mean (see `statistics`); null with one."""

    count: int
    mean: float
    std: float
    median: float
    min: float
    max: float
    p95: float
    p99: float
    low: float | None
    high: float | None


class ArmBlock(msgspec.Struct, frozen=True):
    """One of `arms`: a setting, and why it was skipped or is doubtful ("": it was not, it is not)."""

    arm: str
    settings: dict[str, Any]
    skipped: str
    doubtful: str
    simulated: bool


class RunBlock(msgspec.Struct, frozen=True):
    """One of `runs`: a request in one repetition of one arm, warm-up left out. Fields as in `rounds.RequestRun`."""

    arm: str
    repetition: int
    request: int
    simulated: bool
    latency_s: float
    queue_s: float
    ttft_s: float | None
    tpot_s: float | None
    itl_s: list[float]
    prompt_tokens: int
    output_tokens: int
    tokens_per_second: float
    reason: str
    text: str
    error: str
    kv_bytes: int = 0


class RoundBlock(msgspec.Struct, frozen=True):
    """One of `rounds`: all requests of an arm in one repetition. `place`: in which order rounds were run."""

    arm: str
    repetition: int
    place: int
    simulated: bool
    elapsed_s: float
    output_tokens: int
    tokens_per_second: float
    failed: int
    figures: dict[str, float | None]


class ArmSummary(msgspec.Struct, frozen=True):
    """One of `summary.arms`: what requests took, and `figures` of rounds, `elapsed_s` and `tokens_per_second` too.

    `mean_latency_s` to `mean_tokens_per_sec` are the same figures under the names that others' scripts read.
    """

    arm: str
    simulated: bool
    doubtful: str
    failed: int
    latency_s: FigureSummary | None
    queue_s: FigureSummary | None
    ttft_s: FigureSummary | None
    tpot_s: FigureSummary | None
    itl_s: FigureSummary | None
    tokens_per_second: FigureSummary | None
    figures: dict[str, FigureSummary | None]
    mean_latency_s: float | None
    std_latency_s: float | None
    p95_latency_s: float | None
    mean_tokens_per_sec: float | None


class RatioBlock(msgspec.Struct, frozen=True):
    """One of `comparisons`: an arm's figure over another's, repetition by repetition (see `experiments.intervals`)."""

    arm: str
    than: str
    figure: str
    simulated: bool
    ratio: dict[str, float | None]
    samples: dict[str, float]


class SummaryBlock(msgspec.Struct, frozen=True):
    """`summary`: every arm; and of the first arm that ran, the four figures under the names of others' scripts."""

    arms: list[ArmSummary]
    mean_latency_s: float | None
    std_latency_s: float | None
    p95_latency_s: float | None
    mean_tokens_per_sec: float | None


class SystemBlock(msgspec.Struct, frozen=True):
    """`system`: the machine, what else went on on it meanwhile, and sentences on what makes figures doubtful."""

    machine: dict[str, Any]
    conditions: dict[str, Any]
    warnings: list[str]


class ExperimentDocument(msgspec.Struct, frozen=True):
    """The whole result. `complete`: false when it was interrupted; what was measured until then is there.

    `details`: blocks of this experiment alone, described where it makes them. `same_texts`: whether each request got
    the same text in every round; null without two rounds of any request.
    """

    schema: int
    kind: str
    experiment: str
    simulated: bool
    complete: bool
    started: str
    command: str
    config: dict[str, Any]
    system: SystemBlock
    arms: list[ArmBlock]
    runs: list[RunBlock]
    rounds: list[RoundBlock]
    summary: SummaryBlock
    comparisons: list[RatioBlock]
    same_texts: bool | None
    about: str
    notes: list[str]
    findings: list[str]
    details: dict[str, Any] = {}
