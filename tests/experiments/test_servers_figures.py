"""Samples of servers -> figures, ratios, bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from llmproc.experiments.against_llama_server import figures
from llmproc.experiments.against_llama_server.comparison import OWN_ENGINE, results_of
from llmproc.experiments.against_llama_server.figures import (
    EngineSample,
    Sample,
    ServerSample,
    bars_of,
    ratios_of_servers,
    server_row,
    serving_share,
)
from llmproc.experiments.against_llama_server.peer_engine import NAME as PEER_ENGINE
from llmproc.experiments.against_llama_server.sides import OWN, PEER
from llmproc.experiments.http_load.cpu_times import CpuUse
from llmproc.experiments.http_load.streamed import StreamedAnswer
from llmproc.experiments.intervals import ratio_of
from llmproc.experiments.samples import quantile_of


def answer(first_s: float, gaps_s: Sequence[float]) -> StreamedAnswer:
    total = first_s + sum(gaps_s)
    return StreamedAnswer(200, True, "length", True, 5, len(gaps_s) + 1, "usage", first_s, gaps_s, total, "x", "")


def sample(server: str, repetition: int = 0, seconds: float = 2.0, **changed: Any) -> ServerSample:
    answers = [answer(0.1, [0.01] * 19 + [0.03]), answer(0.2, [0.01] * 20), answer(0.6, [0.01] * 20)]
    made = ServerSample(server, repetition, 0, seconds, answers, {}, 0.1, CpuUse(2.0, 0.1, 1.9), 0.0)
    return replace(made, **changed)


def test_figures_of_a_run() -> None:
    found = sample("x")
    assert found.requests_per_s == 1.5 and found.tokens == 63
    assert found.wait_s == pytest.approx(0.2), "the median of first texts"
    assert found.gap_s == pytest.approx(0.01), "one of sixty is above the 95th percentile"
    none = sample("x", answers=[], failures={"cut": 3})
    assert (none.requests_per_s, none.wait_s, none.gap_s, none.tokens) == (0.0, None, None, 0)


def test_quantiles_lie_between_neighbours() -> None:
    assert quantile_of([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert quantile_of([1.0, 2.0], 0.95) == pytest.approx(1.95)
    assert quantile_of([7.0], 0.95) == 7.0 and quantile_of([1.0, 9.0], 1.0) == 9.0
    with pytest.raises(ValueError, match="nothing"):
        quantile_of([], 0.5)


def test_ratios_are_made_within_a_repetition() -> None:
    own = [sample(OWN, 0, 1.0), sample(OWN, 1, 4.0)]
    peer = [sample(PEER, 1, 8.0), sample(PEER, 0, 3.0), sample(PEER, 2, 1.0)]
    found = ratios_of_servers(own, peer)
    assert found["requests_per_s"] is not None and found["requests_per_s"].count == 2
    assert found["requests_per_s"].minimum == pytest.approx(2) and found["requests_per_s"].maximum == pytest.approx(3)
    assert found["wait_s"] is not None and found["wait_s"].mean == pytest.approx(1)


def test_a_server_that_answers_nothing_makes_no_ratio() -> None:
    found = ratios_of_servers([sample(OWN)], [sample(PEER, answers=[], failures={"cut": 3})])
    assert set(found.values()) == {None}
    assert all(not bar.kept for bar in bars_of(found, None, 3, None))


def test_a_row_keeps_every_sample() -> None:
    row = server_row([sample("x"), sample("x", 1, failures={"cut": 1, "short": 2})])
    assert row["failed"] == 3 and row["requests_per_s"]["median"] == 1.5 and row["serving_s"]["count"] == 2
    assert [one["repetition"] for one in row["samples"]] == [0, 1] and len(row["samples"][0]["answers"]) == 3
    assert row["samples"][0]["answers"][0]["gaps_ms"][-1] == 30.0
    assert server_row([sample("x", cpu=CpuUse(2.0))])["serving_s"] is None


def test_the_share_of_serving() -> None:
    assert serving_share([sample("x"), sample("x", cpu=CpuUse(1.0, 0.07, 0.93))]) == pytest.approx(0.06)
    assert serving_share([sample("x", cpu=CpuUse(2.0))]) is None


def kept(requests: float, wait: float, gap: float, engines: float, failed: int, share: float) -> dict[str, bool]:
    ratios = {
        name: ratio_of([value]) for name, value in (("requests_per_s", requests), ("wait_s", wait), ("gap_s", gap))
    }
    return {bar.what.split(",")[0] + ("*" if "," in bar.what else ""): bar.kept
            for bar in bars_of(ratios, ratio_of([engines]), failed, share)}  # fmt: skip


GOOD = {"requests": 2.5, "wait": 0.9, "gap": 0.9, "engines": 2.7, "failed": 0, "share": 0.05}


@pytest.mark.parametrize(
    ("changed", "broken"),
    [
        ({}, []),
        ({"requests": 1.99, "engines": 2.0}, ["requests/s over llama-server's"]),
        ({"engines": 2.8}, ["requests/s over llama-server's*"]),
        ({"wait": 1.01}, ["median time to first text over llama-server's"]),
        ({"gap": 1.01}, ["95th percentile of gaps over llama-server's"]),
        ({"failed": 1}, ["incomplete answers"]),
        ({"share": 0.081}, ["share of serving in our CPU time"]),
    ],
)
def test_bars(changed: Mapping[str, Any], broken: list[str]) -> None:
    found = kept(**{**GOOD, **changed})
    assert len(found) == 6 and [what for what, holds in found.items() if not holds] == broken


def test_results_of_all_sides() -> None:
    runs: list[Sample] = [sample(OWN, n, 1.0) for n in (1, 0)]
    runs += [sample(PEER, n, 2.5, cpu=CpuUse(2.0, 0.5, 1.5)) for n in (0, 1)]
    runs += [EngineSample(OWN_ENGINE, n, 9, 1.0, 16) for n in (0, 1)]
    runs += [EngineSample(PEER_ENGINE, n, 9, 2.0 + n, 16) for n in (0, 1)]
    found = results_of(runs, {OWN: ["a"], PEER: ["b"]})
    assert [(row["name"], row["command"]) for row in found["servers"]] == [(OWN, ["a"]), (PEER, ["b"])]
    assert [one["repetition"] for one in found["servers"][0]["samples"]] == [0, 1]
    assert found["ratios"][PEER]["requests_per_s"]["mean"] == pytest.approx(2.5)
    assert found["engine_ratio"]["mean"] == pytest.approx(6**0.5)
    promised = next(bar for bar in found["bars"] if "engines" in bar["what"])
    assert promised["at_least"] == pytest.approx(figures.SHARE * 6**0.5) and promised["kept"]
