"""Metrics while three threads are at work: events on one, pieces on another, and two that ask all the time."""

from __future__ import annotations

import threading
from collections.abc import Callable

from server.metrics_reading import ABOUT, ended, value
from support.happening import happened

from llmproc.server.metrics.server_metrics import OPENMETRICS, ServerMetrics
from llmproc.service.kv_gauges import KvGauges
from llmproc.service.service import WorkerInfo

REQUESTS = 3000


def test_nothing_is_lost_or_raised_while_it_is_read() -> None:
    metrics, failures, over = ServerMetrics(ABOUT), list[BaseException](), threading.Event()
    kv = KvGauges(1, 0, 8, 512, 16)
    metrics.connect(lambda: [WorkerInfo(slot, 0, "ready", 1, 5, kv) for slot in range(4)])

    def service() -> None:
        for number in range(REQUESTS):
            fields = {"request": number, "worker": number % 4, "prompt_tokens": 7}
            for kind in ("request_arrived", "request_dispatched", "first_token", "step", "request_done"):
                metrics.events.on_event(happened(kind, **fields, position=number % 100, tokens=1, new_tokens=3))

    def loop() -> None:
        for number in range(REQUESTS):
            metrics.http.pieces(number, 1, number)
            metrics.http.pieces(number, 2, number + 0.5)
            metrics.http.ignored([f"option {number}"])
            metrics.http.choice_ended(ended())

    def ask() -> None:
        while not over.is_set():
            metrics.render()
            metrics.render(OPENMETRICS)
            metrics.workers()

    def noting(call: Callable[[], None]) -> Callable[[], None]:
        def run() -> None:
            try:
                call()
            except BaseException as error:
                failures.append(error)

        return run

    telling = [threading.Thread(target=noting(call)) for call in (service, loop)]
    asking = [threading.Thread(target=noting(ask)) for _ in range(2)]
    for thread in (*telling, *asking):
        thread.start()
    for thread in telling:
        thread.join()
    over.set()
    for thread in asking:
        thread.join()
    assert failures == []
    assert value(metrics, "prompt_tokens_total") == 7 * REQUESTS
    assert value(metrics, "generation_tokens_total") == 3 * REQUESTS
    assert value(metrics, "num_requests_running") == value(metrics, "num_requests_waiting") == 0
    assert value(metrics, "inter_token_latency_seconds_count") == 2 * REQUESTS
    assert value(metrics, "request_success_total", finished_reason="stop") == REQUESTS
    assert value(metrics, "time_to_first_token_seconds_count") == REQUESTS
    assert value(metrics, "ignored_options_total", option="other") == REQUESTS - 64
