"""The JSON document of `bench serve`: schema 1, kind "bench-serve". Pure.

    {"schema", "kind", started, command, machine, conditions, warnings,
     "options": {...}, "prompts": {"name", "about", "count", "digest", "prefix_characters"},
     "servers": [{"url", "model", "notes"}],
     "runs": [{"server", "repetition", "load", "figures", "in_flight": [[s, n] ...], "requests": [...],
               "server_gauges": [...]}],
     "comparison": null or {"figure": {"count", "mean", "low", "high", ...}}, first server over second, run by run,
     "ramp": null or [{"server", "best_load", "fell_at", "gave_way": [{"what", "evidence"}]}]}

Moments are seconds after the run's start. A request has its own times, its tokens, and its failure and retries if any;
the gaps between its chunks are its `itl_s`. Texts are not kept: `characters` tells their lengths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from llmproc.client.endpoint import RemoteEndpoint
from llmproc.experiments.intervals import ratio_of
from llmproc.experiments.serve_load.options import ServeLoadOptions
from llmproc.experiments.serve_load.questions import QuestionSet
from llmproc.experiments.serve_load.ramp import ServerGauges
from llmproc.experiments.serve_load.recording import LoadRun, RequestRecord

SCHEMA, KIND = 1, "bench-serve"
COMPARED = ("queries_per_s", "output_tokens_per_s", "latency_s", "ttft_s", "tpot_s")


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """One run and its figures. `load`: requests at once, or arrivals per second."""

    server: int
    repetition: int
    load: float | None
    run: LoadRun
    figures: Mapping[str, Any]
    gauges: Sequence[ServerGauges] = ()


def options_block(options: ServeLoadOptions) -> dict[str, Any]:
    """Return `options` of the document."""
    return {**asdict(options), "prompts": str(options.prompts) if options.prompts else None}


def prompts_block(found: QuestionSet) -> dict[str, Any]:
    """Return `prompts` of the document."""
    return {
        "name": found.name,
        "about": found.about,
        "count": len(found.prompts),
        "digest": found.digest,
        "prefix_characters": len(found.prefix),
    }


def server_block(endpoint: RemoteEndpoint) -> dict[str, Any]:
    """Return one of `servers`; its key never stands in it."""
    return {"url": endpoint.base_url, "model": endpoint.model, "notes": list(endpoint.notes)}


def run_block(measured: MeasuredRun) -> dict[str, Any]:
    """Return one of `runs`."""
    run = measured.run
    return {
        "server": measured.server,
        "repetition": measured.repetition,
        "load": measured.load,
        "figures": dict(measured.figures),
        "in_flight": [[_s(moment - run.started), count] for moment, count in run.in_flight],
        "requests": [request_block(record, run.started) for record in run.records],
        "server_gauges": [{**asdict(each), "t": _s(each.t - run.started)} for each in measured.gauges],
    }


def request_block(record: RequestRecord, started: float) -> dict[str, Any]:
    """Return one of `requests`."""
    answer = record.answer
    found: dict[str, Any] = {
        "number": record.number,
        "sent_s": _s(answer.sent - started),
        "ended_s": _s(answer.ended - started),
        "status": answer.status,
        "finish_reason": answer.finish_reason,
        "prompt_tokens": answer.tokens.prompt,
        "completion_tokens": answer.tokens.completion,
        "cached_tokens": answer.tokens.cached,
        "counted_by": answer.tokens.counted_by,
        "characters": len(answer.text) + len(answer.reasoning),
        "ttft_s": _s(answer.ttft_s),
        "itl_s": [_s(gap) for gap in answer.itl_s],
    }
    if record.due_s is not None:
        found["due_s"] = _s(record.due_s)
    if answer.failure is not None:
        found["failure"] = {"kind": str(answer.failure.kind), "message": answer.failure.message}
    if answer.attempts:
        found["attempts"] = [
            {"kind": str(a.failure.kind), "status": a.status, "seconds": _s(a.seconds), "waited_s": _s(a.waited_s)}
            for a in answer.attempts
        ]
    return found


def comparison_of(runs: Sequence[MeasuredRun]) -> dict[str, Any] | None:
    """Return the first server's figures over the second's, of the runs of one repetition each; None for one server."""
    if not any(run.server == 1 for run in runs):
        return None
    pairs = [
        (one.figures, other.figures)
        for one in runs
        for other in runs
        if (one.server, other.server) == (0, 1) and (one.repetition, one.load) == (other.repetition, other.load)
    ]
    found = {}
    for name in COMPARED:
        values = [(_value(one[name]), _value(other[name])) for one, other in pairs]
        ratio = ratio_of([a / b for a, b in values if a and b])
        found[name] = ratio.as_dict() if ratio else None
    return found


def _value(figure: Any) -> float | None:
    return figure["mean"] if isinstance(figure, dict) else figure


def _s(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
