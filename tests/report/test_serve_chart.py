"""The picture of `bench serve`: of one server, of two, of a ramp, and of a run in which nothing worked."""

from __future__ import annotations

from typing import Any

import pytest
from matplotlib.figure import Figure
from report.looking import overlaps, texts

from llmproc.report.serve_chart import MOST_BARS, plot_serve

SPREAD = {"median": 0.02, "p99": 0.05}


def request(number: int, failed: bool = False) -> dict[str, Any]:
    begun = 0.01 * number
    found: dict[str, Any] = {"number": number, "sent_s": begun, "ended_s": begun + 0.05, "ttft_s": 0.02}
    return {**found, "ttft_s": None, "failure": {"kind": "cut"}} if failed else found


def run_of(count: int, load: float | None = None, server: int = 0, failed: int = 0) -> dict[str, Any]:
    requests = [request(number, number < failed) for number in range(count)]
    figures: dict[str, Any] = {
        "total": count, "failed": failed, "client_cpu_share": 0.3, "queries_per_s": 100.0 * (load or 1),
        "goodput_per_s": None, **dict.fromkeys(("ttft_s", "e2e_s"), SPREAD if count > failed else None),
    }  # fmt: skip
    flight = [[0.0, 1], [0.05, count], [0.1, 0]] if count else []
    return {"server": server, "load": load, "figures": figures, "requests": requests, "in_flight": flight}


def document(*runs: dict[str, Any], servers: int = 1, ramp: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "machine": {"cpu": "a CPU with a long name @ 3.00 GHz", "kernel": "6.1"}, "started": "2026-01-01T00:00:00",
        "servers": [{"url": f"http://127.0.0.1:800{number}/v1"} for number in range(servers)],
        "options": {"mode": "stress" if ramp else "parallel", "rate": None}, "runs": list(runs), "warnings": [],
        "ramp": [{"best_load": 4}] if ramp else None, **more,
    }  # fmt: skip


def drawn(found: dict[str, Any]) -> Figure:
    figure = plot_serve(found)
    assert overlaps(figure) == []
    for axis in figure.axes:
        low, high = sorted(axis.get_ylim())
        for tick, label in zip(axis.get_yticks(), axis.get_yticklabels(), strict=False):
            box = label.get_window_extent()
            inside = box.x0 >= 0 and box.x1 <= figure.bbox.x1
            assert inside or not low <= tick <= high, f"{label.get_text()} is cut off"
    return figure


def test_one_server() -> None:
    said = texts(drawn(document(run_of(20, failed=3))))
    assert "Load on http://127.0.0.1:8000/v1: parallel" in said and "under way" in said
    assert any("20 requests, 3 failed; the load generator took 30% of a core" in text for text in said)


def test_two_servers_have_a_line_each() -> None:
    said = texts(drawn(document(run_of(20), run_of(20, server=1), servers=2)))
    assert {"E2E http://127.0.0.1:8000/v1", "TTFT http://127.0.0.1:8001/v1"} <= set(said)


@pytest.mark.parametrize("good", [1.0, 140.0, 123456.0])
def test_a_ramp_has_its_goodput_on_the_right_and_every_number_is_in_the_picture(good: float) -> None:
    runs = [run_of(8, load=float(1 << step)) for step in range(6)]
    for run in runs:
        run["figures"]["goodput_per_s"] = good
    figure = drawn(document(*runs, ramp=True))
    assert "good answers/s (right)" in texts(figure) and "requests at once" in texts(figure)
    figure = drawn(document(*runs, ramp=True, options={"mode": "stress", "rate": 4.0}))
    assert "arrivals per second" in texts(figure)


def test_a_run_in_which_nothing_worked() -> None:
    assert "no request succeeded" in texts(drawn(document(run_of(5, failed=5))))
    assert "no request was sent" in texts(drawn(document(run_of(0))))
    assert "no request was sent" in texts(drawn(document()))


def test_the_first_of_very_many_requests_are_drawn_and_that_is_said() -> None:
    said = texts(drawn(document(run_of(MOST_BARS + 1))))
    assert any(f"{MOST_BARS + 1} requests in all; the first {MOST_BARS} are drawn" in text for text in said)
