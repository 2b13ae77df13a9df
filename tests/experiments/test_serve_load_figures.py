"""Figures, goals, arrivals, the ramp and its verdict: pure, on made-up records."""

from __future__ import annotations

import itertools
import statistics
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.client.answer import FailedAttempt, RemoteAnswer
from llmproc.client.reading import TokenCounts
from llmproc.client.verdict import Failure, FailureKind
from llmproc.errors import UsageError
from llmproc.experiments.serve_load.arrivals import poisson_arrivals
from llmproc.experiments.serve_load.figures import figures_of, in_flight_of, spread_of
from llmproc.experiments.serve_load.goals import GoodputGoals
from llmproc.experiments.serve_load.options import ServeLoadOptions
from llmproc.experiments.serve_load.ramp import ServerGauges, gave_way, has_fallen, ramp_loads
from llmproc.experiments.serve_load.recording import LoadRun, SentRequest
from llmproc.experiments.serve_load.server_state import gauges_of, parse_samples

NO_GOALS = GoodputGoals()


def answer(sent: float, moments: tuple[float, ...], ended: float, failed: str = "", **more: Any) -> RemoteAnswer:
    settings: dict[str, Any] = {
        "started_at": 0.0, "status": 200, "streamed": True, "model": "m", "text": "x", "reasoning": "",
        "finish_reason": "stop", "tokens": TokenCounts(3, len(moments), 0, "usage"), "first_content": None,
        "failure": Failure(FailureKind(failed), "") if failed else None,
    }  # fmt: skip
    return RemoteAnswer(sent=sent, moments=moments, ended=ended, **{**settings, **more})


def run_of(*answers: RemoteAnswer, planned: int = 0, in_flight: tuple[tuple[float, int], ...] = ()) -> LoadRun:
    records = [SentRequest(number, None, each) for number, each in enumerate(answers)]
    return LoadRun(0.0, 10.0, 0.5, planned or len(answers), records, in_flight, "")


GOOD = answer(1.0, (2.0, 2.5, 3.5), 4.0)


def test_times_of_an_answer() -> None:
    assert (GOOD.ttft_s, GOOD.tpot_s, GOOD.itl_s, GOOD.total_s) == (1.0, 0.75, [0.5, 1.0], 3.0)
    whole = answer(1.0, (), 4.0, streamed=False)
    assert (whole.ttft_s, whole.tpot_s, whole.itl_s) == (None, None, [])
    assert answer(1.0, (2.0,), 4.0).tpot_s is None


def test_failures_are_in_no_average_and_wall_over_n_has_its_own_name() -> None:
    found = figures_of(
        run_of(GOOD, answer(0.0, (9.0,), 9.5, "cut"), answer(0.0, (), 0.1, "interrupted"), planned=5), NO_GOALS
    )
    assert found["latency_s"]["count"] == 1 and found["latency_s"]["mean"] == 3.0 == found["e2e_s"]["p99"]
    assert (found["succeeded"], found["failed"], found["interrupted"], found["not_sent"]) == (1, 1, 1, 2)
    assert found["failures"] == {"cut": 1} and found["queries_per_s"] == 0.1 and found["output_tokens"] == 3
    assert found["wall_s_over_n"] == pytest.approx(10 / 3) and found["goodput_per_s"] is None


def test_retries_are_counted_apart() -> None:
    attempts = (FailedAttempt(Failure(FailureKind.HTTP_429, ""), 429, 0.1, 2.0),)
    found = figures_of(run_of(answer(1.0, (2.0,), 3.0, attempts=attempts)), NO_GOALS)
    assert (found["total"], found["attempts"], found["retries"], found["retry_wait_s"]) == (1, 2, 1, 2.0)
    assert found["retries_by_kind"] == {"http_429": 1} and found["latency_s"]["max"] == 2.0
    assert found["client_cpu_s_per_request"] == 0.25


def test_several_tokens_in_a_chunk_are_said() -> None:
    many = answer(1.0, (2.0, 3.0), 4.0, tokens=TokenCounts(3, 8, 0, "usage"))
    assert figures_of(run_of(many), NO_GOALS)["tokens_per_chunk"] == 4.0
    assert many.tpot_s == pytest.approx(1 / 7)


def test_nothing_at_all() -> None:
    found = figures_of(run_of(planned=3), NO_GOALS)
    assert found["latency_s"] is None and found["not_sent"] == 3 and found["queries_per_s"] == 0


def test_under_way_over_time() -> None:
    found = in_flight_of(run_of(in_flight=((0.0, 1), (2.0, 2), (4.0, 1), (5.0, 0))))
    assert found == {"most": 2, "mean": pytest.approx(0.7), "changes": 4}


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_spreads(values: list[float]) -> None:
    found = spread_of(values)
    assert found is not None and found["median"] == statistics.median(values) == pytest.approx(found["p50"])
    order = [found[key] for key in ("min", "p50", "p90", "p95", "p99", "max")]
    assert order == pytest.approx(sorted(order)) and spread_of([]) is None


@pytest.mark.parametrize(
    ("text", "goals"),
    [
        ("ttft=0.5", GoodputGoals(0.5)),
        ("ttft:500ms, tpot=50ms,e2e=10s", GoodputGoals(0.5, 0.05, 10)),
        ("e2e=.5", GoodputGoals(e2e_s=0.5)),
    ],
)
def test_goals_are_read(text: str, goals: GoodputGoals) -> None:
    assert GoodputGoals.parse(text) == goals


@pytest.mark.parametrize("text", ["", "ttft", "ttft=", "ttft=-1", "x=1", "ttft=1,ttft=2", "ttft=1;e2e=2"])
def test_other_goals_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--goodput"):
        GoodputGoals.parse(text)


@pytest.mark.parametrize(
    ("goals", "kept"),
    [
        (GoodputGoals(1.0, 0.75, 3.0), True), (GoodputGoals(0.99), False), (GoodputGoals(tpot_s=0.74), False),
        (GoodputGoals(e2e_s=2.9), False), (GoodputGoals(), True),
    ],
)  # fmt: skip
def test_goals_are_kept(goals: GoodputGoals, kept: bool) -> None:
    assert goals.kept(GOOD) is kept
    assert not goals.kept(answer(1.0, (1.1,), 1.2, "cut"))


def test_a_time_that_was_not_taken_keeps_no_limit() -> None:
    assert not GoodputGoals(1.0).kept(answer(1.0, (), 1.1, streamed=False))
    assert GoodputGoals(tpot_s=0.1).kept(answer(1.0, (2.0,), 2.0)), "a single token has no second one to wait for"


def test_arrivals_are_poisson_and_those_of_their_seed() -> None:
    found = poisson_arrivals(50.0, 5000, 7)
    assert found == poisson_arrivals(50.0, 5000, 7) != poisson_arrivals(50.0, 5000, 8) and found[0] == 0.0
    gaps = [b - a for a, b in itertools.pairwise(found)]
    assert statistics.fmean(gaps) == pytest.approx(0.02, rel=0.1) and min(gaps) >= 0
    assert statistics.stdev(gaps) == pytest.approx(0.02, rel=0.1), "as large as the mean: exponential"


def test_a_ramp_doubles_up_to_its_end() -> None:
    assert list(ramp_loads(1, 10)) == [1, 2, 4, 8, 10] and list(ramp_loads(1, 1)) == [1]
    options = ServeLoadOptions("stress", 16, 64, ramp=True)
    assert (options.at_load(4).requests, options.at_load(64).requests, options.at_load(64).concurrency) == (16, 128, 64)


def step(good: float, **more: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"failures": {}, "retries_by_kind": {}, "client_cpu_share": 0.1, "goodput_per_s": None}
    return {**nothing, "queries_per_s": good, **more}


def test_when_goodput_has_fallen() -> None:
    assert not has_fallen([step(1.0)]) and not has_fallen([step(1.0), step(0.95)]) and has_fallen([step(0.0)])
    assert has_fallen([step(1.0), step(2.0), step(1.5)]) and not has_fallen([step(2.0), step(0.5), step(3.0)])
    assert has_fallen([step(1.0, goodput_per_s=5.0), step(9.0, goodput_per_s=1.0)])


@pytest.mark.parametrize(
    ("figures", "gauges", "what"),
    [
        (step(1), [ServerGauges(0, kv_usage=0.97)], ["KV"]),
        (step(1), [ServerGauges(0, preemptions=2), ServerGauges(1, preemptions=5)], ["KV"]),
        (step(1), [ServerGauges(0, waiting=3)], ["queue"]),
        (step(1, failures={"http_429": 2}), [], ["queue"]),
        (step(1), [ServerGauges(0, open_fds=1000, max_fds=1024)], ["fds"]),
        (step(1, failures={"connect": 1}), [], ["fds"]),
        (step(1), [ServerGauges(0, cpu=1.95, threads=2)], ["CPU"]),
        (step(1), [ServerGauges(0, cpu=0.5, cpu_wait=0.6, threads=2)], ["CPU"]),
        (step(1, client_cpu_share=0.97), [ServerGauges(0)], ["load generator"]),
        (step(1), [ServerGauges(0, waiting=0, cpu=0.2, threads=2, kv_usage=0.1)], []),
    ],
)
def test_what_gave_way(figures: dict[str, Any], gauges: list[ServerGauges], what: list[str]) -> None:
    assert [cause["what"] for cause in gave_way(figures, gauges, known=True, cpus=4)] == what


def test_a_server_that_tells_nothing_leaves_it_open() -> None:
    assert [cause["what"] for cause in gave_way(step(1), [], known=False, cpus=4)] == ["unknown"]


def test_metrics_and_workers_are_read() -> None:
    text = (
        '# HELP a\nllmproc:num_requests_waiting{model_name="m"} 2\nllmproc:num_requests_waiting{model_name="n"} 3.0\n'
    )
    text += "vllm:kv_cache_usage_perc 0.5\nprocess_open_fds 7\nbroken\nx NaN y\n"
    workers = (
        b'{"workers": [{"slot": 0, "cpu_percent": {"user": 90.0, "system": 10.0, "wait": 5.0}, "ranks_in_use": 2}]}'
    )
    found = gauges_of(parse_samples(text), workers, 1.0)
    assert (found.waiting, found.kv_usage, found.open_fds) == (5.0, 0.5, 7.0)
    assert (found.cpu, found.cpu_wait, found.threads, found.workers) == (1.0, 0.05, 2, 1)
    assert gauges_of({}, b"nonsense", 1.0) == ServerGauges(1.0) == gauges_of({}, None, 1.0)


@given(st.text(max_size=200))
def test_any_page_is_read(text: str) -> None:
    parse_samples(text)
