"""What a worker shows of its KV cache: real workers, pages while they run, none when all have ended."""

from __future__ import annotations

from pathlib import Path

import pytest
from service.serving import collect, serving
from support.waiting import until

from llmproc.config import EngineOptions
from llmproc.service.kv_gauges import KvGauges
from llmproc.service.messages import Generate
from llmproc.service.service import Service, WorkerInfo

PAGE = 16


def only(service: Service) -> WorkerInfo:
    (found,) = service.workers()
    return found


@pytest.mark.parametrize(
    ("positions", "found"), [(0, 0), (1, 100), (16, 100), (17, 200), (160, 1000)]
)  # fmt: skip
def test_bytes_of_a_sequence_are_whole_pages(positions: int, found: int) -> None:
    assert KvGauges(page_bytes=100, page_positions=16).sequence_bytes(positions) == found
    assert KvGauges().sequence_bytes(positions) == 0, "a stand-in has no cache"


def test_a_worker_shows_pages_steps_and_sizes(slow: Path) -> None:
    with serving(slow, engine=EngineOptions(sequences=2, threads=1)) as service:
        assert service.wait_ready(60)
        idle = only(service)
        assert (idle.kv.held, idle.kv.preemptions, idle.kv.page_positions) == (0, 0, PAGE)
        assert idle.kv.pages > 0 and idle.kv.size_bytes == idle.kv.pages * idle.kv.page_bytes > 0
        first = service.submit(Generate.greedy([1] * 40, 60))
        until(lambda: first.arrived > 10, "it generates")
        busy = only(service)
        assert busy.kv.held >= 3 and busy.kv.held_bytes == busy.kv.held * busy.kv.page_bytes
        assert idle.steps < busy.steps
        second = service.submit(Generate.greedy([2] * 40, 400))
        until(lambda: second.arrived > 10, "two generate")
        assert only(service).kv.held >= busy.kv.held + 3
        second.cancel()
        assert collect(second)[1].reason == "cancelled"
        collect(first)
        until(lambda: only(service).kv.held == 0, "all pages are free")
        assert only(service).steps >= 60
    assert (only(service).steps, only(service).kv) == (0, KvGauges()), "asked after its end"


def test_sequences_that_lose_their_pages_are_counted(quick: Path) -> None:
    with serving(quick, engine=EngineOptions(threads=1, context=256)) as service:
        assert service.wait_ready(60)
        page = only(service).kv.page_bytes
    tight = EngineOptions(sequences=2, threads=1, context=256, kv_memory=17 * page)
    with serving(quick, engine=tight) as service:
        assert service.wait_ready(60) and only(service).kv.pages in (16, 17)
        for ticket in [service.submit(Generate.greedy([number] * 20, 200)) for number in (1, 2)]:
            assert collect(ticket)[1].new_tokens == 200
        assert only(service).kv.preemptions >= 1 and only(service).kv.held == 0
