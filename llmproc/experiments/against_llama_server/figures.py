"""Samples -> rates, waits, CPU seconds and ratios of servers and engines, and whether the bars are kept. Pure.

Every ratio is ours over the peer's within a repetition. A wait is the median over answers of the time to the first
text, a gap the 95th percentile over all times between two texts of an answer; both over one run.

Bars: every answer complete; requests a second at least TWICE the peer's, and at least SHARE of what the ratio of the
engines alone promises; wait and gap not above the peer's; serving at most SERVING of our CPU time.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from llmproc.experiments.http_load.cpu_times import CpuUse
from llmproc.experiments.http_load.streamed import StreamedAnswer
from llmproc.experiments.intervals import Ratio, ratio_of
from llmproc.experiments.samples import paired_ratios, quantile_of, summarise

TWICE, SHARE, SERVING = 2.0, 0.9, 0.08


@dataclass(frozen=True, slots=True)
class ServerSample:
    """One run of the load on one server. `failures`: why, and how many; CPU seconds of clients and of idle servers."""

    server: str
    repetition: int
    place: int
    seconds: float
    answers: Sequence[StreamedAnswer]  # complete ones
    failures: Mapping[str, int]
    client_s: float
    cpu: CpuUse
    others_s: float

    @property
    def requests_per_s(self) -> float:
        """Return complete answers a second."""
        return len(self.answers) / self.seconds

    @property
    def wait_s(self) -> float | None:
        """Return the median time to the first text; None without answers."""
        found = [answer.first_s for answer in self.answers if answer.first_s is not None]
        return statistics.median(found) if found else None

    @property
    def gap_s(self) -> float | None:
        """Return the 95th percentile of the times between two texts; None without any."""
        found = [gap for answer in self.answers for gap in answer.gaps_s]
        return quantile_of(found, 0.95) if found else None

    @property
    def tokens(self) -> int:
        """Return the tokens of complete answers."""
        return sum(answer.new_tokens for answer in self.answers)

    def as_dict(self) -> dict[str, Any]:
        """Return it as the document holds it."""
        return {
            "repetition": self.repetition,
            "place": self.place,
            "seconds": self.seconds,
            "requests_per_s": self.requests_per_s,
            "wait_s": self.wait_s,
            "gap_s": self.gap_s,
            "tokens": self.tokens,
            "counted": sorted({answer.counted for answer in self.answers}),
            "failures": dict(self.failures),
            "client_s": self.client_s,
            "others_s": self.others_s,
            **asdict(self.cpu),
            "answers": [
                {"first_s": a.first_s, "total_s": a.total_s, "gaps_ms": [round(1e3 * gap, 2) for gap in a.gaps_s]}
                for a in self.answers
            ],
        }


@dataclass(frozen=True, slots=True)
class EngineSample:
    """One run of an engine alone over all sequences."""

    engine: str
    repetition: int
    place: int
    seconds: float
    sequences: int

    @property
    def requests_per_s(self) -> float:
        """Return sequences answered a second."""
        return self.sequences / self.seconds


Sample: TypeAlias = ServerSample | EngineSample
_OF_SERVER: Mapping[str, Callable[[ServerSample], float | None]] = {
    "requests_per_s": lambda sample: sample.requests_per_s,
    "wait_s": lambda sample: sample.wait_s,
    "gap_s": lambda sample: sample.gap_s,
    "client_s": lambda sample: sample.client_s,
    "serving_s": lambda sample: sample.cpu.serving_s,
    "computing_s": lambda sample: sample.cpu.computing_s,
    "total_s": lambda sample: sample.cpu.total_s,
    "others_s": lambda sample: sample.others_s,
}
COMPARED = ("requests_per_s", "wait_s", "gap_s")


def server_row(samples: Sequence[ServerSample]) -> dict[str, Any]:
    """Return the entry of a server: summaries of its figures, and its samples."""
    found = {name: [v for s in samples if (v := value(s)) is not None] for name, value in _OF_SERVER.items()}
    return {
        "name": samples[0].server,
        **{name: summarise(values).as_dict() if values else None for name, values in found.items()},
        "failed": sum(sum(sample.failures.values()) for sample in samples),
        "samples": [sample.as_dict() for sample in samples],
    }


def engine_row(samples: Sequence[EngineSample]) -> dict[str, Any]:
    """Return the entry of an engine alone."""
    return {
        "name": samples[0].engine,
        "requests_per_s": summarise([sample.requests_per_s for sample in samples]).as_dict(),
        "samples": [asdict(sample) for sample in samples],
    }


def ratios_of_servers(own: Sequence[ServerSample], peer: Sequence[ServerSample]) -> dict[str, Ratio | None]:
    """Return ours over a peer's, for each figure that is compared."""
    return {name: _ratio(_by_repetition(own, name), _by_repetition(peer, name)) for name in COMPARED}


def ratio_of_engines(own: Sequence[EngineSample], peer: Sequence[EngineSample]) -> Ratio | None:
    """Return ours over the peer's; None where one of them was not measured."""
    rates = [{sample.repetition: sample.requests_per_s for sample in samples} for samples in (own, peer)]
    return _ratio(*rates)


def serving_share(samples: Sequence[ServerSample]) -> float | None:
    """Return the median share of serving in a server's CPU time; None where it cannot be told apart."""
    found = [s.cpu.serving_s / s.cpu.total_s for s in samples if s.cpu.serving_s is not None and s.cpu.total_s > 0]
    return statistics.median(found) if found else None


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that has to hold. `value`: None where it could not be measured, which keeps no bar."""

    what: str
    value: float | None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def kept(self) -> bool:
        """Return whether it holds."""
        if self.value is None:
            return False
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )

    def as_dict(self) -> dict[str, Any]:
        """Return it as the document holds it."""
        return {**asdict(self), "kept": self.kept}


def bars_of(servers: Mapping[str, Ratio | None], engines: Ratio | None, failed: int, share: float | None) -> list[Bar]:
    """Judge ours beside llama-server. `failed`: incomplete answers of both; `share`: of serving in our CPU time."""
    means = {name: None if ratio is None else ratio.mean for name, ratio in servers.items()}
    promised = None if engines is None else SHARE * engines.mean
    return [
        Bar("incomplete answers", failed, at_most=0),
        Bar("requests/s over llama-server's", means["requests_per_s"], at_least=TWICE),
        Bar(
            f"requests/s over llama-server's, of {SHARE:g} times the engines' ratio",
            None if promised is None else means["requests_per_s"],
            at_least=promised,
        ),
        Bar("median time to first text over llama-server's", means["wait_s"], at_most=1.0),
        Bar("95th percentile of gaps over llama-server's", means["gap_s"], at_most=1.0),
        Bar("share of serving in our CPU time", share, at_most=SERVING),
    ]


def _by_repetition(samples: Sequence[ServerSample], name: str) -> dict[int, float]:
    found = {sample.repetition: _OF_SERVER[name](sample) for sample in samples}
    return {repetition: value for repetition, value in found.items() if value is not None and value > 0}


def _ratio(own: Mapping[int, float], peer: Mapping[int, float]) -> Ratio | None:
    return ratio_of(list(paired_ratios(own, peer).values()))
