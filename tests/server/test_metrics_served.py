"""/metrics and /workers of a real server: what clients did is counted once, under the right name."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from server.metrics_reading import samples_of
from server.served import Served, served
from support.waiting import until

PROMPT = {"prompt": "Once upon a time", "max_tokens": 20, "temperature": 0}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The shipped model in two workers."""
    with served(tmp_path_factory.mktemp("metrics"), "--workers", 2, "--slo", "ttft=60,tpot=60") as made:
        assert made.port
        yield made
        assert made.end() == 0


def total(server: Served, metric: str, /, **labels: str) -> float:
    """The sum of the samples of a name that have these labels."""
    found = samples_of(server.ask("GET", "/metrics").body)
    wanted = labels.items()
    return sum(each.value for each in found if each.name == f"llmproc:{metric}" and wanted <= each.labels.items())


def growth(server: Served, ask: dict[str, Any], metric: str, /, path: str = "/v1/completions", **labels: str) -> float:
    """By how much it grows with one request; the client has its answer a moment before that is counted."""
    before = total(server, metric, **labels)
    server.ask("POST", path, ask)
    until(lambda: total(server, metric, **labels) > before, f"{metric} does not grow")
    return total(server, metric, **labels) - before


@pytest.mark.parametrize("stream", [False, True])
def test_answers_are_counted(server: Served, stream: bool) -> None:
    before = {
        name: total(server, name)
        for name in (
            "requests_total", "e2e_request_latency_seconds_count", "request_generation_tokens_sum",
            "inter_token_latency_seconds_count", "slo_requests_total", "request_kv_bytes_count",
        )
    }  # fmt: skip
    assert growth(server, {**PROMPT, "stream": stream}, "requests_total", outcome="answered") == 1
    assert total(server, "requests_total") == before["requests_total"] + 1
    tokens = total(server, "request_generation_tokens_sum") - before["request_generation_tokens_sum"]
    assert 0 < tokens <= 20
    for name in ("e2e_request_latency_seconds_count", "request_kv_bytes_count", "slo_requests_total"):
        assert total(server, name) == before[name] + 1
    assert total(server, "inter_token_latency_seconds_count") - before["inter_token_latency_seconds_count"] < tokens


def test_refusals_names_and_options_are_counted(server: Served) -> None:
    count = growth(server, {**PROMPT, "frob": 1}, "request_errors_total", status="400", interface="openai")
    assert count == 1 and total(server, "requests_total", outcome="failed") == 0
    assert growth(server, {**PROMPT, "model": "llama3.2"}, "foreign_model_requests_total", name="llama3.2") == 1
    asked = {"prompt": "Hi", "stream": False, "options": {"mirostat": 1, "num_predict": 3}}
    assert growth(server, asked, "ignored_options_total", "/api/generate", option="mirostat") == 1
    before = total(server, "request_errors_total", status="403")
    server.ask("GET", "/v1/models", headers={"Host": "evil.example"})
    assert total(server, "request_errors_total", status="403") == before + 1


def test_a_killed_worker_is_a_restart(server: Served) -> None:
    os.kill(server.worker(), signal.SIGKILL)
    until(lambda: total(server, "worker_restarts_total") == 1 and total(server, "worker_up") == 2, "it is replaced")
    records = until(lambda: all_read(server), "the second look at a process has no rates")
    assert [record["restarts"] for record in records] == [1, 0]


def all_read(server: Served) -> list[Any] | None:
    """The records of workers, once all that needs two looks is there."""
    records: list[Any] = server.ask("GET", "/workers").json["workers"]
    read = all(record["pss_bytes"] and record["cpu_percent"]["user"] is not None for record in records)
    return records if read else None


def test_the_format_follows_accept(server: Served) -> None:
    reply = server.ask("GET", "/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0"})
    assert reply.headers["content-type"].startswith("application/openmetrics-text")
    assert {each.name for each in samples_of(reply.body, True)} == {
        each.name for each in samples_of(server.ask("GET", "/metrics").body)
    }
