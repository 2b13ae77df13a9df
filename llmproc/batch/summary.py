"""What a run came to: one object for --json and run.json, and the same as lines for a person.

Every figure is measured in this run; seconds are wall time. Documented in logs/README.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llmproc.batch.options import BatchOptions
from llmproc.batch.stages import Stages
from llmproc.batch.stats import BatchStats

SCHEMA = 1


def document(
    options: BatchOptions,
    about: Mapping[str, Any],
    stats: BatchStats,
    stages: Stages,
    rows: int,
    began: float,
    ended: float,
) -> dict[str, Any]:
    """Return the summary for --json. `about`: the backend's; `rows`: of the input.

    `began`, `ended`: of the run, on CLOCK_MONOTONIC.
    """
    asked = sum(own.rows for own in stats.workers.values())
    first = ended if stats.first_dispatch is None else stats.first_dispatch
    return {
        "schema": SCHEMA,
        "simulated": False,
        "mode": options.mode,
        **about,
        "rows": rows,
        "ok": rows - stats.failed - stats.reused_failed,
        "failed": stats.failed + stats.reused_failed,
        "reused": stats.reused,
        "prompt_tokens": stats.prompt_tokens,
        "cached_tokens": stats.cached_tokens,
        "new_tokens": stats.new_tokens,
        "elapsed_s": round(stats.work_s, 6),
        "tokens_per_s": round(stats.tokens_per_s, 3),
        "start_s": round(first - began, 6),
        "wall_s": round(ended - began, 6),
        "queue_mean_s": round(stats.queue_s / asked, 6) if asked else 0.0,
        "queue_most_s": round(stats.queue_most_s, 6),
        "stages": stages.report(),
        "by_worker": _by_worker(stats, about.get("urls")),
        "output": None if options.output is None else str(options.output),
        "run_folder": None,
    }


def _by_worker(stats: BatchStats, urls: Sequence[str] | None) -> list[dict[str, Any]]:
    """Return the counts of each worker; of a server, with its URL."""
    return [
        {"worker": worker, "rows": own.rows, "new_tokens": own.new_tokens, "replayed": own.replayed}
        | ({"url": urls[worker]} if urls else {})
        for worker, own in sorted(stats.workers.items())
    ]


def lines(found: dict[str, Any]) -> list[str]:
    """Return the summary as lines for a person."""
    failed = f", {found['failed']} failed" if found["failed"] else ""
    reused = f", {found['reused']} of them done before" if found["reused"] else ""
    place = f", in {found['output']}" if found["output"] else ""
    told = [f"{found['rows']} rows: {found['ok']} ok{failed}{reused}{place}"]
    if not found["by_worker"]:
        return told
    told.append(f"{found['new_tokens']} tokens in {found['elapsed_s']:.2f} s: {found['tokens_per_s']:.1f} tokens/s")
    told.append(
        f"the first request began after {found['start_s']:.2f} s; one waited {found['queue_mean_s']:.2f} s on average"
    )
    for name, stage in found["stages"].items():
        more = f", {stage['tokenizing_s']:.2f} s of it tokenizing" if "tokenizing_s" in stage else ""
        told.append(f"{name:<10} worked {stage['busy_s']:.2f} s{more}, waited {stage['waiting_s']:.2f} s")
    if len(found["by_worker"]) > 1:
        for own in found["by_worker"]:
            replayed = f", {own['replayed']} begun by another" if own["replayed"] else ""
            name = own.get("url", f"worker {own['worker']}")
            told.append(f"{name}: {own['rows']} rows, {own['new_tokens']} tokens{replayed}")
    return told
