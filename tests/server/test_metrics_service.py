"""Metrics of a real service: workers that are killed, requests that are begun again, pages that are held and found."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from pathlib import Path

import msgspec
from server.metrics_reading import ABOUT, value
from service.serving import collect, serving
from support.waiting import until

from llmproc.config import EngineOptions
from llmproc.server.memory_watch import watch_memory
from llmproc.server.metrics.loop_lag import measure_loop_lag
from llmproc.server.metrics.server_metrics import ServerMetrics
from llmproc.service.messages import Generate


def test_a_killed_worker(tmp_path: Path) -> None:
    """By a stand-in that waits instead of computing."""
    metrics = ServerMetrics(ABOUT)
    options = EngineOptions(sequences=2)
    with serving(tmp_path / "none", metrics.events, workers=2, work="wait", engine=options) as service:
        metrics.connect(service.workers)
        until(lambda: [worker.state for worker in service.workers()] == ["ready"] * 2, "both are ready")
        tickets = [service.submit(Generate.greedy([1] * 8, 40, wait_s=4.0)) for _ in range(5)]
        until(lambda: sum(ticket.arrived > 0 for ticket in tickets) == 4, "four run, whichever")
        assert value(metrics, "num_requests_running") == 4 and value(metrics, "num_requests_waiting") == 1
        assert [value(metrics, "worker_up", worker=slot) for slot in "01"] == [1, 1]
        assert value(metrics, "prompt_tokens_total") == 4 * 8
        running = [each.request for record in metrics.workers().workers for each in record.sequences]
        assert sorted(running) == sorted(ticket.request_id for ticket in tickets if ticket.arrived)
        os.kill(service.workers()[0].pid, signal.SIGKILL)
        ends = [collect(ticket)[1] for ticket in tickets]
        assert [end.reason for end in ends] == ["length"] * 5
        until(lambda: value(metrics, "num_requests_running") == 0, "the last end has been told")
        assert value(metrics, "request_retries_total") == 2 and value(metrics, "prompt_tokens_total") == 5 * 8
        assert value(metrics, "generation_tokens_total") == 5 * 40, "each token once"
        assert value(metrics, "request_queue_time_seconds_count") == 5
        assert value(metrics, "time_to_first_token_seconds_count") == 5
        until(lambda: [worker.state for worker in service.workers()] == ["ready"] * 2, "another one took its place")
        assert [value(metrics, "worker_restarts_total", worker=slot) for slot in "01"] == [1, 0]
        record = metrics.workers().workers[0]
        assert record.restarts == 1 and record.sequences == [] and record.requests == 0
        assert b'"restarts":1' in msgspec.json.encode(metrics.workers())
    assert value(metrics, "worker_up", worker="0") == 0, "asked after the end"


def test_pages_held_and_found(quick: Path) -> None:
    metrics = ServerMetrics(ABOUT)
    with serving(quick, metrics.events, engine=EngineOptions(sequences=2, threads=1)) as service:
        metrics.connect(service.workers)
        ids = list(range(3, 53))
        first = service.submit(Generate.greedy(ids, 20))
        collect(first)
        assert collect(service.submit(Generate.greedy(ids, 20)))[1].cached_tokens == 48
        until(lambda: value(metrics, "prefix_cache_queries_total") == 100, "both ends were told")
        assert value(metrics, "prefix_cache_hits_total") == 48
        assert value(metrics, "kv_cache_usage_perc") == 0 < value(metrics, "kv_cache_size_bytes", worker="0")
        assert value(metrics, "worker_steps_total", worker="0") >= 40


def test_a_sequence_grows_page_by_page(slow: Path) -> None:
    metrics = ServerMetrics(ABOUT)
    with serving(slow, metrics.events, engine=EngineOptions(sequences=2, threads=1)) as service:
        metrics.connect(service.workers)
        ticket = service.submit(Generate.greedy([1] * 40, 900))
        until(lambda: ticket.arrived > 100, "it generates")
        (record,) = metrics.workers().workers
        (sequence,) = record.sequences
        assert sequence.request == ticket.request_id and sequence.running_s > 0 and record.steps >= 100
        page = record.kv.bytes // record.kv.pages
        assert sequence.kv_bytes == -(-sequence.positions // 16) * page and record.kv.bytes_held > 0
        assert 0 < value(metrics, "sequence_kv_bytes", worker="0", place="0") <= value(metrics, "kv_cache_size_bytes")
        ticket.cancel()
        collect(ticket)
        until(lambda: metrics.workers().workers[0].kv.bytes_held == 0, "the next step does without it")
        assert metrics.workers().workers[0].sequences == []


def test_a_loop_that_was_blocked_is_late() -> None:
    told: list[float] = []

    async def blocked() -> None:
        measuring = asyncio.create_task(measure_loop_lag(told.append, every_s=0.01))
        while not told:
            await asyncio.sleep(0.001)
        time.sleep(0.2)
        seen = len(told)
        while len(told) == seen:
            await asyncio.sleep(0.001)
        measuring.cancel()

    asyncio.run(blocked())
    assert all(late >= 0 for late in told) and max(told) > 0.15


def test_memory_is_told_again_and_again() -> None:
    told: list[int | None] = []
    readings = itertools.chain([5, None], itertools.repeat(7))

    async def watching() -> None:
        watch = asyncio.create_task(watch_memory(told.append, lambda: next(readings), every_s=0.001))
        while len(told) < 3:
            await asyncio.sleep(0.001)
        watch.cancel()

    asyncio.run(watching())
    assert told[:3] == [5, None, 7]


def test_memory_of_this_machine() -> None:
    told: list[int | None] = []

    async def once() -> None:
        watch = asyncio.create_task(watch_memory(told.append))
        while not told:
            await asyncio.sleep(0.001)
        watch.cancel()

    asyncio.run(once())
    assert told[0] is None or told[0] > 0
