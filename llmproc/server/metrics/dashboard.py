"""A Grafana dashboard of the server's metrics, from one table of panels. `grafana.json` beside this is what it writes:

    python3 -m llmproc.server.metrics.dashboard > llmproc/server/metrics/grafana.json

Used by those who import that file into Grafana, and by nothing else here. Source of the format: Grafana's documentation
of the dashboard JSON model (schema version 39), as far as these panels use it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

_WINDOW = "[$__rate_interval]"
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDTH, _HEIGHT, _COLUMNS = 8, 7, 3


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: (expression, legend) of each line. `unit`: as Grafana names it."""

    title: str
    unit: str
    lines: tuple[tuple[str, str], ...]


def _rate(name: str, by: str = "") -> str:
    """Return the growth per second of a counter, summed over all labels but `by`."""
    return f"sum{f' by ({by})' if by else ''}(rate(llmproc:{name}_total{_WINDOW}))"


def _quantiles(name: str) -> tuple[tuple[str, str], ...]:
    buckets = f"sum by (le)(rate(llmproc:{name}_bucket{_WINDOW}))"
    return tuple((f"histogram_quantile({share}, {buckets})", f"p{share * 100:g}") for share in (0.5, 0.95, 0.99))


def _mean(name: str) -> str:
    return f"sum(rate(llmproc:{name}_sum{_WINDOW})) / sum(rate(llmproc:{name}_count{_WINDOW}))"


_GOODPUT = f'sum(rate(llmproc:slo_requests_total{{kept="true"}}{_WINDOW})) / {_rate("slo_requests")}'

ROWS: dict[str, tuple[Panel, ...]] = {
    "Requests": (
        Panel(
            "Running and waiting",
            "short",
            (
                ("sum(llmproc:num_requests_running)", "running"),
                ("sum(llmproc:num_requests_waiting)", "waiting"),
            ),
        ),
        Panel("Requests by outcome", "reqps", ((_rate("requests", "outcome"), "{{outcome}}"),)),
        Panel(
            "Errors",
            "reqps",
            ((_rate("request_errors", "interface, status, code"), "{{interface}} {{status}} {{code}}"),),
        ),
        Panel("Ends by reason", "reqps", ((_rate("request_success", "finished_reason"), "{{finished_reason}}"),)),
        Panel(
            "Admission",
            "short",
            (
                ("llmproc:admission_open", "open"),
                ("llmproc:admission_queue", "queue"),
                ("llmproc:admission_limit", "limit"),
            ),
        ),
        Panel("Goodput: requests that kept the SLO", "percentunit", ((_GOODPUT, "kept"),)),
    ),
    "Latency": (
        Panel("Time to first token", "s", _quantiles("time_to_first_token_seconds")),
        Panel("Between tokens", "s", _quantiles("inter_token_latency_seconds")),
        Panel("Per output token, by request", "s", _quantiles("request_time_per_output_token_seconds")),
        Panel("Whole request", "s", _quantiles("e2e_request_latency_seconds")),
        Panel("In the queue", "s", _quantiles("request_queue_time_seconds")),
        Panel(
            "Mean of each phase",
            "s",
            tuple(
                (_mean(f"request_{phase}_time_seconds"), phase) for phase in ("queue", "prefill", "decode", "inference")
            ),
        ),
    ),
    "Tokens and KV cache": (
        Panel(
            "Tokens",
            "short",
            ((_rate("generation_tokens"), "generated"), (_rate("prompt_tokens"), "of prompts")),
        ),
        Panel(
            "Tokens of a request, mean",
            "short",
            ((_mean("request_prompt_tokens"), "prompt"), (_mean("request_generation_tokens"), "answer")),
        ),
        Panel(
            "Prefix cache: share of prompt tokens that were there",
            "percentunit",
            ((f"{_rate('prefix_cache_hits')} / {_rate('prefix_cache_queries')}", "hits"),),
        ),
        Panel(
            "KV cache",
            "bytes",
            (
                ("llmproc:kv_cache_held_bytes", "held by worker {{worker}}"),
                ("llmproc:kv_cache_size_bytes", "all of worker {{worker}}"),
            ),
        ),
        Panel("KV cache in use", "percentunit", (("llmproc:kv_cache_usage_perc", "in use"),)),
        Panel(
            "KV cache of each sequence", "bytes", (("llmproc:sequence_kv_bytes", "worker {{worker}} place {{place}}"),)
        ),
        Panel("KV cache a request held at most", "bytes", _quantiles("request_kv_bytes")),
        Panel("Preemptions", "short", ((_rate("num_preemptions"), "per second"),)),
    ),
    "Workers": (
        Panel("Up", "short", (("llmproc:worker_up", "worker {{worker}}"),)),
        Panel("Requests they run", "short", (("llmproc:worker_requests_running", "worker {{worker}}"),)),
        Panel("Requests in their rings", "short", (("llmproc:worker_queue", "worker {{worker}}"),)),
        Panel("Tokens of each", "short", ((_rate("worker_generation_tokens", "worker"), "worker {{worker}}"),)),
        Panel("Steps", "short", ((_rate("worker_steps", "worker"), "worker {{worker}}"),)),
        Panel("Threads that compute", "short", (("llmproc:worker_ranks_in_use", "worker {{worker}}"),)),
        Panel(
            "Restarts, retries",
            "short",
            (
                (_rate("worker_restarts", "worker"), "restarts of worker {{worker}}"),
                (_rate("request_retries"), "requests begun again"),
            ),
        ),
        Panel("Steals", "short", ((_rate("worker_steals", "worker"), "worker {{worker}}"),)),
    ),
    "Processes": (
        Panel(
            "CPU, in cores",
            "short",
            ((_rate("process_cpu_seconds", "process, worker, mode"), "{{process}} {{worker}} {{mode}}"),),
        ),
        Panel(
            "CPU at the last look",
            "percent",
            (("llmproc:process_cpu_percent", "{{process}} {{worker}} {{mode}}"),),
        ),
        Panel("Memory (PSS)", "bytes", (("llmproc:process_pss_bytes", "{{process}} {{worker}}"),)),
        Panel("CPU of answers, in cores", "short", ((_rate("request_cpu_seconds", "mode"), "{{mode}}"),)),
        Panel("Event loop lag", "s", _quantiles("event_loop_lag_seconds")),
    ),
    "Clients": (
        Panel("Options without effect", "short", ((_rate("ignored_options", "option"), "{{option}}"),)),
        Panel(
            "Traces",
            "short",
            ((_rate("spans_exported"), "exported"), (_rate("spans_dropped", "reason"), "dropped: {{reason}}")),
        ),
        Panel("Foreign model names", "short", ((_rate("foreign_model_requests", "name"), "{{name}}"),)),
        Panel(
            "Server",
            "short",
            (("llmproc:server_info", "{{model}} {{version}} {{fingerprint}}"), ("llmproc:slo_seconds", "slo {{of}}")),
        ),
    ),
}


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for title, row in ROWS.items():
        place = {"x": 0, "y": y, "w": _WIDTH * _COLUMNS, "h": 1}
        panels.append({"type": "row", "title": title, "gridPos": place, "collapsed": False, "panels": []})
        y += 1
        panels += [_graph(panel, number, y) for number, panel in enumerate(row)]
        y += -(-len(row) // _COLUMNS) * _HEIGHT
    for number, panel in enumerate(panels, 1):
        panel["id"] = number
    variable = {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"}
    return {
        "title": "llmproc",
        "uid": "llmproc",
        "schemaVersion": 39,
        "editable": True,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {"list": [variable]},
        "panels": panels,
    }


def _graph(panel: Panel, number: int, y: int) -> dict[str, Any]:
    place = {"x": number % _COLUMNS * _WIDTH, "y": y + number // _COLUMNS * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + line), "expr": expression, "legendFormat": legend, "datasource": _SOURCE}
            for line, (expression, legend) in enumerate(panel.lines)
        ],
    }


def as_text() -> str:
    """Return the file: a line for each panel."""
    found = dashboard()
    panels = ",\n".join(json.dumps(panel) for panel in found.pop("panels"))
    return f'{json.dumps(found)[:-1]}, "panels": [\n{panels}\n]}}\n'


if __name__ == "__main__":
    print(as_text(), end="")
