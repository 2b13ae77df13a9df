"""What one arm did in one repetition: a row for each request, and figures for all of them together. Data only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Figure = float | None  # None: the kernel does not tell


@dataclass(frozen=True, slots=True)
class RequestRun:
    """One request, as main saw it. Times are seconds.

    `itl_s` has a time for each token after the first; tokens that arrived together share the time since those before
    them evenly. `queue_s`: until a worker took it, a part of `latency_s`.
    """

    request: int
    prompt_tokens: int
    output_tokens: int
    latency_s: float
    queue_s: float
    ttft_s: float | None
    itl_s: Sequence[float]
    text: str
    reason: str  # as in request_done of events.jsonl
    error: str = ""
    kv_bytes: int = 0  # of keys and values that it held at most

    @property
    def tokens_per_second(self) -> float:
        """Return output tokens over latency."""
        return self.output_tokens / self.latency_s if self.latency_s > 0 else 0.0

    @property
    def tpot_s(self) -> float | None:
        """Return the time per output token after the first."""
        return sum(self.itl_s) / len(self.itl_s) if self.itl_s else None


@dataclass(frozen=True, slots=True)
class Round:
    """All requests of an arm in one repetition. `elapsed_s`: from the first submission to the last end.

    `figures`: whatever else was measured around them, such as CPU seconds, by name with its unit at the end.
    """

    elapsed_s: float
    runs: Sequence[RequestRun]
    figures: Mapping[str, Figure] = field(default_factory=dict)

    @property
    def tokens_per_second(self) -> float:
        """Return output tokens of all requests over the time of all."""
        return sum(run.output_tokens for run in self.runs) / self.elapsed_s if self.elapsed_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class CountedRound:
    """A round that counts. `place`: its number among all rounds of the experiment, those of the warm-up included."""

    arm: str
    repetition: int
    place: int
    round: Round
