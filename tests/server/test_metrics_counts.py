"""The counts behind metrics: buckets, labels from clients, places of sequences, what the HTTP side tells."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.metrics_reading import ended

from llmproc.engine.events import Reason
from llmproc.server.metrics.histogram import BYTES, REQUEST_SECONDS, TOKEN_SECONDS, TOKENS, BucketCounts
from llmproc.server.metrics.http_counts import FINISHED_REASONS, HttpCounts
from llmproc.server.metrics.labelled import LabelledCounts
from llmproc.server.metrics.sequences import Places
from llmproc.server.refusals import RefusedError

if TYPE_CHECKING:
    from llmproc.server.responding import Reporter

    REPORTER: type[Reporter] = HttpCounts  # what the responder asks of it


@given(st.lists(st.tuples(st.floats(0, 20), st.integers(1, 5)), max_size=40))
def test_buckets_hold_what_was_added(added: list[tuple[float, int]]) -> None:
    counts = BucketCounts(TOKEN_SECONDS)
    for seconds, count in added:
        counts.add(seconds, count)
    buckets, total = counts.cumulative()
    assert [name for name, _ in buckets] == [*map(str, TOKEN_SECONDS), "+Inf"]
    for name, found in buckets:
        assert found == sum(count for seconds, count in added if seconds <= float(name))
    assert total == pytest.approx(sum(seconds * count for seconds, count in added))


@pytest.mark.parametrize("bounds", [TOKEN_SECONDS, REQUEST_SECONDS, TOKENS, BYTES])
def test_bounds_ascend(bounds: tuple[float, ...]) -> None:
    assert list(bounds) == sorted(set(bounds)) and bounds[0] > 0


def test_buckets_tell_a_small_model_from_a_smaller_one() -> None:
    """Tokens of 0.4, 0.7, 1 and 1.4 ms are in buckets of their own."""
    assert len({bisect_left(TOKEN_SECONDS, each) for each in (0.0004, 0.0007, 0.001, 0.0014)}) == 4


def test_labels_from_clients_are_bounded() -> None:
    counts = LabelledCounts(1, most=3, known=[("a",)])
    for name in ("b", "c", "d", "e", "b", "a"):
        counts.add(name)
    assert counts.counts() == {("a",): 1, ("b",): 2, ("c",): 1, ("other",): 2}
    counts.counts().clear()
    assert counts.counts() != {}, "a copy"


@given(st.lists(st.text(max_size=200), max_size=150))
def test_any_text_may_be_a_label(names: list[str]) -> None:
    counts = LabelledCounts(2, most=20)
    for name in names:
        counts.add(name, name[::-1])
    assert len(counts.counts()) <= 21 and sum(counts.counts().values()) == len(names)


def test_half_a_surrogate_pair_is_a_label() -> None:
    counts = LabelledCounts(1)
    counts.add("\ud800")
    assert [label.encode() for (label,) in counts.counts()] == [b"?"]


def test_a_request_has_the_lowest_free_place() -> None:
    places = Places()
    for request in (1, 2, 3):
        places.begin(request, 0, now=5.0)
    places.begin(4, 1, now=5.0)
    places.end(2)
    places.begin(5, 0, now=6.0)
    places.grow(5, 40)
    places.grow(99, 1)
    places.end(99)
    found = [(each.worker, each.place, each.request, each.positions) for each in places.running()]
    assert found == [(0, 0, 1, 0), (0, 1, 5, 40), (0, 2, 3, 0), (1, 0, 4, 0)]
    places.begin(1, 1, now=7.0)
    assert [(each.worker, each.place) for each in places.running() if each.request == 1] == [(1, 1)]
    places.worker_died(1)
    assert [each.request for each in places.running()] == [5, 3]
    places.begin(6, 0, now=8.0)
    assert places.running()[0].request == 6


def test_ids_that_come_together_share_their_time() -> None:
    counts = HttpCounts()
    counts.pieces(7, 1, now=10.0)
    counts.pieces(8, 1, now=10.0)
    counts.pieces(7, 4, now=10.02)
    counts.pieces(7, 1, now=10.03)
    buckets, total = counts.itl.cumulative()
    assert buckets[-1] == ("+Inf", 5.0) and total == pytest.approx(0.03)
    assert dict(buckets)["0.005"] == 4.0, "four of 5 ms each"


def test_a_request_is_forgotten_after_a_thousand_others() -> None:
    """Also one whose ids came to the loop after the service had ended it."""
    counts = HttpCounts()
    for request in range(5000):
        counts.ended_at_service(request)
        counts.pieces(request, 1, now=float(request))
    assert len(counts._arrived) <= 1025


def test_the_end_of_a_choice() -> None:
    counts = HttpCounts()
    counts.choice_ended(ended("end", new_tokens=5))
    counts.choice_ended(ended("length", new_tokens=1, decode=0.0))
    counts.choice_ended(ended("cancelled"))
    counts.choice_ended(ended("failed", new_tokens=0))
    assert counts.finished.counts() == {("stop",): 1, ("length",): 1, ("abort",): 1, ("error",): 1}
    histograms = {"e2e": 1.0, "inference": 0.8, "decode": 0.4, "tokens": 6, "prompt": 60, "kv": 8192}
    for name, total in histograms.items():
        buckets, found = getattr(counts, name).cumulative()
        assert (buckets[-1][1], found) == (2.0, pytest.approx(total)), f"{name}: neither cancelled nor failed"
    assert counts.tpot.cumulative()[0][-1][1] == 1.0 and counts.tpot.cumulative()[1] == pytest.approx(0.1)
    assert counts.cpu.counts() == {("user",): 4.0, ("system",): 1.0, ("wait",): 2.0}


def test_every_reason_has_a_word_of_vllms() -> None:
    assert set(FINISHED_REASONS) == set(get_args(Reason))
    counts = HttpCounts()
    for reason in get_args(Reason):
        counts.choice_ended(ended(reason))
    counts.abandoned(3)
    assert counts.finished.counts() == {("stop",): 2, ("length",): 2, ("abort",): 4, ("error",): 1}


def test_what_came_of_requests() -> None:
    counts = HttpCounts()
    assert counts.outcomes.counts() == {("answered",): 0, ("cancelled",): 0, ("failed",): 0}, (
        "0 is shown from the start"
    )
    counts.outcome("cancelled")
    counts.refused(RefusedError("full", 429, code="queue_full", retry_after_s=1), "/v1/chat/completions")
    counts.refused(RefusedError("what?", 400, param="n"), "/api/chat")
    counts.refused(RefusedError("what?", 404), "/v1x/" + "y" * 500)
    assert counts.outcomes.counts()[("cancelled",)] == 1
    assert counts.errors.counts() == {
        ("openai", "429", "queue_full"): 1,
        ("ollama", "400", "invalid_request_error"): 1,
        ("own", "404", "not_found_error"): 1,
    }
    counts.ignored(["mirostat", "num_gpu", "mirostat"])
    counts.foreign_model("llama3.2")
    counts.loop_late(0.002)
    assert counts.options.counts() == {("mirostat",): 2, ("num_gpu",): 1}
    assert counts.models.counts() == {("llama3.2",): 1} and counts.loop_lag.cumulative()[1] == 0.002
