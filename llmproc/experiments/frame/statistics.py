"""Summaries of an experiment's figures: mean to p99, and the interval of the mean. Pure.

An interval is made of the means of repetitions, not of single requests: requests of one repetition share its good or
bad minute of the machine, and prompts differ among themselves, which no repetition changes. Student's t, as in
`intervals`.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

from llmproc.experiments.frame.schema import FigureSummary
from llmproc.experiments.intervals import LEVEL, student
from llmproc.experiments.samples import quantile_of


def summary_of(by_repetition: Mapping[int, Sequence[float]]) -> FigureSummary | None:
    """Summarise values, given by repetition; None without any. Quantiles lie between neighbours, linearly."""
    values = [value for each in by_repetition.values() for value in each]
    if not values:
        return None
    low, high = _interval([statistics.fmean(each) for each in by_repetition.values() if each])
    return FigureSummary(
        count=len(values),
        mean=statistics.fmean(values),
        std=statistics.stdev(values) if len(values) > 1 else 0.0,
        median=statistics.median(values),
        min=min(values),
        max=max(values),
        p95=quantile_of(values, 0.95),
        p99=quantile_of(values, 0.99),
        low=low,
        high=high,
    )


def _interval(means: Sequence[float]) -> tuple[float | None, float | None]:
    """Return the interval of the mean of repetitions; (None, None) with a single one."""
    if len(means) < 2:
        return None, None
    reach = student(LEVEL, len(means) - 1) * statistics.stdev(means) / math.sqrt(len(means))
    return statistics.fmean(means) - reach, statistics.fmean(means) + reach
