"""/metrics as Prometheus reads it, and what says the same: the README's table and the dashboard."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from apps.topping import BUSY, Stage, spend
from prometheus_client.samples import Sample
from server.metrics_reading import ABOUT, ended, samples_of, value
from support.happening import happened
from support.paths import ROOT
from support.waiting import until

from llmproc.server.admission import Admission
from llmproc.server.metrics import dashboard
from llmproc.server.metrics.collector import ProcessTotals
from llmproc.server.metrics.definitions import DEFINITIONS
from llmproc.server.metrics.server_metrics import OPENMETRICS, TEXT_TYPE, ServerMetrics
from llmproc.server.refusals import RefusedError
from llmproc.server.slo import Slo
from llmproc.service.kv_gauges import KvGauges
from llmproc.service.service import WorkerInfo

FOLDER = ROOT / "llmproc" / "server" / "metrics"


@pytest.fixture
def full() -> ServerMetrics:
    """Metrics of which every family has a sample: one worker that runs one request, which was begun again."""
    metrics = ServerMetrics(ABOUT)
    for kind, fields in (
        ("worker_forked", {"pid": 0}),
        ("worker_ready", {"pid": 0, "ranks": 2}),
        ("request_arrived", {"prompt_tokens": 20}),
        ("request_dispatched", {}),
        ("request_dispatched", {}),
        ("first_token", {}),
        ("step", {"position": 40, "tokens": 20}),
        ("worker_replaced", {"by": 0}),
    ):
        metrics.events.on_event(happened(kind, **{"request": 1, "worker": 0, **fields}))
    admission = Admission(4, 4, Slo(0.5, 0.05))
    admission.admit(0.0, 5, 5, 1)
    kv = KvGauges(held=3, preemptions=2, pages=12, page_bytes=1024, page_positions=16)
    metrics.connect(lambda: [WorkerInfo(0, 0, "ready", 1, 77, kv)], admission.state)
    metrics.http.choice_ended(ended())
    metrics.http.refused(RefusedError("full", 429, code="queue_full", retry_after_s=1), "/v1/completions")
    metrics.http.ignored(["mirostat"])
    metrics.http.foreign_model("llama3.2")
    metrics.workers()
    spend(0.1)  # a rate needs two looks, 80 ms apart
    return metrics


def labels_of(samples: list[Sample]) -> dict[str, set[frozenset[str]]]:
    """The sets of labels of each sample's name; the bounds of buckets left out."""
    found: dict[str, set[frozenset[str]]] = {}
    for sample in samples:
        found.setdefault(sample.name, set()).add(frozenset(sample.labels) - {"le"})
    return found


def test_every_metric_is_rendered_as_defined(full: ServerMetrics) -> None:
    expected: dict[str, set[frozenset[str]]] = {}
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
    for each in DEFINITIONS:
        labels = frozenset([*each.labels, "model_name"] if each.vllm else each.labels)
        expected |= {each.full_name + ending: {labels} for ending in endings[each.kind]}
    assert labels_of(samples_of(full.render()[0])) == expected


def test_values(full: ServerMetrics) -> None:
    for name, labels, expected in (
        ("num_requests_running", {"model_name": "stories15M"}, 1),
        ("num_requests_waiting", {}, 0),
        ("prompt_tokens_total", {}, 20),
        ("generation_tokens_total", {}, 20),
        ("num_preemptions_total", {}, 2),
        ("kv_cache_usage_perc", {}, 0.25),
        ("request_success_total", {"finished_reason": "stop"}, 1),
        ("request_retries_total", {}, 1),
        ("requests_total", {"outcome": "cancelled"}, 0),
        ("request_errors_total", {"status": "429", "code": "queue_full", "interface": "openai"}, 1),
        ("admission_open", {}, 1),
        ("admission_limit", {}, 8),
        ("slo_requests_total", {"kept": "true"}, 0),
        ("slo_seconds", {"of": "tpot"}, 0.05),
        ("worker_up", {"worker": "0"}, 1),
        ("worker_steps_total", {"worker": "0"}, 77),
        ("worker_restarts_total", {"worker": "0"}, 1),
        ("worker_ranks_in_use", {"worker": "0"}, 2),
        ("kv_cache_held_bytes", {"worker": "0"}, 3 * 1024),
        ("kv_cache_size_bytes", {"worker": "0"}, 12 * 1024),
        ("sequence_kv_bytes", {"worker": "0", "place": "0"}, 3 * 1024),
        ("server_info", {"model": "stories15M", "fingerprint": "fp-1"}, 1),
        ("e2e_request_latency_seconds_count", {}, 1),
        ("e2e_request_latency_seconds_bucket", {"le": "0.75"}, 1),
        ("e2e_request_latency_seconds_bucket", {"le": "0.5"}, 0),
    ):
        assert value(full, name, **labels) == expected, name


def test_without_an_slo_it_has_no_samples() -> None:
    metrics = ServerMetrics(ABOUT)
    metrics.connect(list, Admission(1, 1).state)
    assert not [sample for sample in samples_of(metrics.render()[0]) if "slo" in sample.name]


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain;version=1.0.0;escaping=allow-utf-8", False),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", True),
        ("application/openmetrics-text;version=x;q=,text/plain;q=0.5,*/*;q=0.1", True),
        ("Application/OpenMetrics-Text", True),
        ("application/json, \x00", False),
    ],
)
def test_the_format_is_the_one_asked_for(full: ServerMetrics, accept: str, openmetrics: bool) -> None:
    body, kind = full.render(accept)
    assert kind.startswith(OPENMETRICS) if openmetrics else kind == TEXT_TYPE
    names = {sample.name for sample in samples_of(body, openmetrics)}
    assert body.endswith(b"# EOF\n") is openmetrics
    assert "llmproc:num_requests_running" in names and all(name.startswith("llmproc:") for name in names)


def test_labels_from_clients_cannot_break_a_line(full: ServerMetrics) -> None:
    full.http.foreign_model('a"b\\c\nd 1\n# HELP \ud800')
    names = {sample.labels["name"] for sample in samples_of(full.render()[0]) if "foreign" in sample.name}
    assert names == {"llama3.2", 'a"b\\c\nd 1\n# HELP ?'}
    assert len(samples_of(full.render(OPENMETRICS)[0], True)) == len(samples_of(full.render()[0]))


def test_two_servers_share_nothing() -> None:
    one, other = ServerMetrics(ABOUT), ServerMetrics(ABOUT)
    one.http.outcome("answered")
    assert (value(one, "requests_total", outcome="answered"), value(other, "requests_total", outcome="answered")) == (
        1,
        0,
    )


def test_a_counter_of_processes_goes_on_when_they_die() -> None:
    totals = ProcessTotals()
    assert totals.total(iter([(0, 7, 5), (1, 8, 2)])) == 7
    assert totals.total(iter([(0, 9, 1), (1, 8, 4)])) == 10
    assert totals.total(iter([(0, 0, 0), (1, 8, 4)])) == 10, "no process at the moment"
    assert totals.total(iter([(0, 10, 3)])) == 13


def test_the_readme_lists_every_metric() -> None:
    text = (FOLDER / "README.md").read_text()
    rows = [
        tuple(cell.strip().strip("`") for cell in line.split("|")[1:-1]) for line in text.splitlines() if "| `" in line
    ]
    assert rows == [
        (each.name, each.kind, ", ".join(each.labels), each.meaning)
        for vllm in (True, False)
        for each in DEFINITIONS
        if each.vllm is vllm
    ]


def test_the_dashboard_is_what_its_table_says() -> None:
    assert (FOLDER / "grafana.json").read_text() == dashboard.as_text(), "python3 -m llmproc.server.metrics.dashboard"


def test_the_dashboard_names_what_is_rendered_and_all_of_it(full: ServerMetrics) -> None:
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    graphs = [panel for panel in panels if panel["type"] != "row"]
    used: set[str] = set()
    known = labels_of(samples_of(full.render()[0]))
    for target in [target for panel in graphs for target in panel["targets"]]:
        names = re.findall(r"llmproc:\w+", target["expr"])
        assert names and set(names) <= known.keys(), target["expr"]
        labels = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
        assert all(labels <= set().union(*known[name]) for name in names), target
        used |= set(names)
    shown = {re.sub("_(total|bucket|sum|count)$", "", name) for name in used}
    assert shown == {each.full_name for each in DEFINITIONS}, "panels for all of it"
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(places)) == len(places)
    queries = [target["expr"] for panel in graphs for target in panel["targets"]]
    assert all(query.count("(") == query.count(")") and query.count("{") == query.count("}") for query in queries)


def test_real_processes(tmp_path: Path) -> None:
    metrics = ServerMetrics(ABOUT)
    with Stage(tmp_path / "place") as stage:
        quiet, busy = stage.child().pid, stage.child(BUSY).pid
        metrics.events.on_event(happened("template_started", pid=quiet))
        metrics.events.on_event(happened("worker_forked", worker=3, pid=busy))
        metrics.connect(lambda: [WorkerInfo(3, busy, "ready", 0)])
        assert not [s for s in samples_of(metrics.render()[0]) if s.name == "llmproc:process_cpu_percent"], "two looks"
        began = value(metrics, "process_cpu_seconds_total", process="worker", mode="user")
        until(
            lambda: value(metrics, "process_cpu_seconds_total", worker="3", mode="user") >= began + 0.3,
            "it has computed",
        )
        used = sum(value(metrics, "process_cpu_percent", worker="3", mode=mode) for mode in ("user", "system", "wait"))
        assert used > 50 and value(metrics, "process_cpu_percent", process="template", mode="user") == 0
        assert value(metrics, "process_cpu_seconds_total", worker="3", mode="wait") >= 0
        for process in ("main", "template", "worker"):
            assert value(metrics, "process_pss_bytes", process=process) > 100_000
        (record,) = metrics.workers().workers
        assert (record.slot, record.pid, record.state) == (3, busy, "ready")
        assert (record.cpu_percent.user or 0) + (record.cpu_percent.system or 0) > 0 and record.pss_bytes
        stage.kill(busy)
        assert metrics.workers().workers[0].pss_bytes is None
        assert not [s for s in samples_of(metrics.render()[0]) if s.labels.get("process") == "worker"]
