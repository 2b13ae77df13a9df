"""Samples -> microseconds of CPU a token, shares of the tree, the ratio to the prompt loop, and the bars. Pure.

Bars: at SHARE_STREAMS streams the first process takes at most SHARE of the whole tree's CPU time; at every number of
streams it takes at most TIMES what the prompt loop takes for a token in the same repetition.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from llmproc.experiments.intervals import ratio_of
from llmproc.experiments.samples import paired_ratios, summarise

SHARE, SHARE_STREAMS, TIMES = 0.08, 16, 3.0


@dataclass(frozen=True, slots=True)
class ServedSample:
    """One run of the load. `main_s`, `tree_s`: CPU seconds; `stages`: of a server with clocks, else empty."""

    streams: int
    repetition: int
    seconds: float
    tokens: int
    failed: int
    client_s: float
    main_s: float
    tree_s: float
    stages: Mapping[str, float]

    @property
    def main_us(self) -> float:
        """Return microseconds of the first process for each token."""
        return 1e6 * self.main_s / max(self.tokens, 1)

    @property
    def share(self) -> float:
        """Return the first process's share of the tree's CPU time."""
        return self.main_s / self.tree_s if self.tree_s > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ChatSample:
    """One turn of the prompt loop."""

    repetition: int
    seconds: float
    tokens: int
    main_s: float
    tree_s: float

    @property
    def main_us(self) -> float:
        """Return microseconds of the first process for each token."""
        return 1e6 * self.main_s / self.tokens


def streams_row(
    streams: int, plain: Sequence[ServedSample], clocked: Sequence[ServedSample], chat: Sequence[ChatSample]
) -> dict[str, Any]:
    """Return what one number of streams takes. Stages in microseconds a token, medians over repetitions."""
    ratio = ratio_of(list(paired_ratios(_by_repetition(plain), {c.repetition: c.main_us for c in chat}).values()))
    stages = {
        stage: summarise([1e6 * s.stages[stage] / max(s.tokens, 1) for s in clocked]).median
        for stage in (clocked[0].stages if clocked else ())
    }
    return {
        "streams": streams,
        "tokens_per_s": summarise([s.tokens / s.seconds for s in plain]).as_dict(),
        "main_us": summarise([s.main_us for s in plain]).as_dict(),
        "share": summarise([s.share for s in plain]).as_dict(),
        "client_us": summarise([1e6 * s.client_s / max(s.tokens, 1) for s in plain]).as_dict(),
        "clocked_us": summarise([s.main_us for s in clocked]).as_dict() if clocked else None,
        "stages_us": stages,
        "over_chat": None if ratio is None else ratio.as_dict(),
        "failed": sum(s.failed for s in [*plain, *clocked]),
        "samples": {"plain": [asdict(s) for s in plain], "clocked": [asdict(s) for s in clocked]},
    }


def chat_row(chat: Sequence[ChatSample]) -> dict[str, Any]:
    """Return what the prompt loop takes."""
    return {
        "tokens_per_s": summarise([s.tokens / s.seconds for s in chat]).as_dict(),
        "main_us": summarise([s.main_us for s in chat]).as_dict(),
        "samples": [asdict(s) for s in chat],
    }


def bars_of(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Judge: [{what, value, at_most, kept}]."""
    found = [_bar("incomplete answers", sum(row["failed"] for row in rows), 0)]
    found += [
        _bar(f"share of the tree's CPU time, {row['streams']} streams", row["share"]["median"], SHARE)
        for row in rows
        if row["streams"] == SHARE_STREAMS
    ]
    return found + [
        _bar(f"CPU time a token over the prompt loop's, {row['streams']} streams", row["over_chat"]["mean"], TIMES)
        for row in rows
        if row["over_chat"] is not None
    ]


def _bar(what: str, value: float, at_most: float) -> dict[str, Any]:
    return {"what": what, "value": value, "at_most": at_most, "kept": value <= at_most}


def _by_repetition(samples: Sequence[ServedSample]) -> dict[int, float]:
    return {s.repetition: s.main_us for s in samples if s.main_us > 0}
