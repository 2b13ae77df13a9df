"""The figures of one run, from its records. Pure. Seconds, per second; failures are in no average.

TTFT, TPOT, ITL and E2E as vLLM's benchmark defines them (`client.answer`); percentiles by linear interpolation. Where a
server sends several tokens in a chunk, ITL is between chunks, and `tokens_per_chunk` says so.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from llmproc.client.answer import RemoteAnswer
from llmproc.client.verdict import FailureKind
from llmproc.experiments.samples import quantile_of
from llmproc.experiments.serve_load.driving import LoadRun
from llmproc.experiments.serve_load.goals import GoodputGoals

PERCENTILES = (50, 90, 95, 99)


def figures_of(run: LoadRun, goals: GoodputGoals) -> dict[str, Any]:
    """Return counts, latencies, rates, in-flight and own CPU time of a run."""
    answers = [record.answer for record in run.records]
    good = [answer for answer in answers if answer.failure is None]
    wall_s = max(run.ended - run.started, 1e-9)
    tokens = sum(answer.tokens.completion or 0 for answer in good)
    prompt_tokens = sum(answer.tokens.prompt or 0 for answer in good)
    kept = sum(map(goals.kept, answers)) if goals.given else None
    return {
        **counts_of(run, answers),
        "wall_s": wall_s,
        "wall_s_over_n": wall_s / len(answers) if answers else None,
        "queries_per_s": len(good) / wall_s,
        "output_tokens_per_s": tokens / wall_s,
        "output_tokens": tokens,
        "prompt_tokens": prompt_tokens,
        "tokens_counted_by": dict(Counter(answer.tokens.counted_by for answer in good)),
        "tokens_per_chunk": _per_chunk(good),
        "latency_s": spread_of([answer.total_s for answer in good]),
        "ttft_s": spread_of([s for answer in good if (s := answer.ttft_s) is not None]),
        "tpot_s": spread_of([s for answer in good if (s := answer.tpot_s) is not None]),
        "itl_s": spread_of([s for answer in good for s in answer.itl_s]),
        "e2e_s": spread_of([answer.total_s for answer in good]),
        "first_content_s": spread_of(
            [a.first_content - a.sent for a in good if a.reasoning and a.first_content is not None]
        ),
        "goodput_per_s": None if kept is None else kept / wall_s,
        "kept_goals": kept,
        "in_flight": in_flight_of(run),
        "late_s": spread_of([r.answer.sent - run.started - r.due_s for r in run.records if r.due_s is not None]),
        "client_cpu_s": run.cpu_s,
        "client_cpu_s_per_request": run.cpu_s / sends if (sends := _sends(answers)) else None,
        "client_cpu_share": run.cpu_s / wall_s,
    }


def counts_of(run: LoadRun, answers: Sequence[RemoteAnswer]) -> dict[str, Any]:
    """Return how many requests were planned, sent, and what became of them; attempts and retries apart."""
    kinds = Counter(str(answer.failure.kind) for answer in answers if answer.failure is not None)
    interrupted = kinds.pop(str(FailureKind.INTERRUPTED), 0)
    retried = [attempt for answer in answers for attempt in answer.attempts]
    return {
        "planned": run.planned,
        "total": len(answers),
        "succeeded": sum(answer.failure is None for answer in answers),
        "failed": sum(kinds.values()),
        "interrupted": interrupted,
        "not_sent": run.planned - len(answers),
        "failures": dict(sorted(kinds.items(), key=lambda pair: -pair[1])),
        "attempts": _sends(answers),
        "retries": len(retried),
        "retries_by_kind": dict(Counter(str(attempt.failure.kind) for attempt in retried)),
        "retry_wait_s": sum(attempt.waited_s for attempt in retried),
        "stopped": run.stopped,
    }


def _sends(answers: Sequence[RemoteAnswer]) -> int:
    return sum(1 + len(answer.attempts) for answer in answers)


def _per_chunk(good: Sequence[RemoteAnswer]) -> float | None:
    """Return tokens by usage for each chunk with output; None where usage is not told."""
    told = [answer for answer in good if answer.moments and answer.tokens.counted_by == "usage"]
    chunks = sum(len(answer.moments) for answer in told)
    return sum(answer.tokens.completion or 0 for answer in told) / chunks if chunks else None


def spread_of(values: Sequence[float]) -> dict[str, float] | None:
    """Return count, mean, median, standard deviation, extremes and percentiles; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return {
        "count": len(ordered),
        "mean": statistics.fmean(ordered),
        "median": statistics.median(ordered),
        "stdev": statistics.stdev(ordered) if len(ordered) > 1 else 0.0,
        "min": ordered[0],
        "max": ordered[-1],
        **{f"p{share}": quantile_of(ordered, share / 100) for share in PERCENTILES},
    }


def in_flight_of(run: LoadRun) -> Mapping[str, Any]:
    """Return the most requests under way at once, and their mean over time."""
    area, before, count, most = 0.0, run.started, 0, 0
    for moment, after in sorted(run.in_flight, key=lambda change: change[0]):
        area += count * (moment - before)
        before, count, most = moment, after, max(most, after)
    return {"most": most, "mean": area / max(run.ended - run.started, 1e-9), "changes": len(run.in_flight)}
