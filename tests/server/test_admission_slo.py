"""A promise on latency: what is refused for it, when a refusal is put to the test, and what counts as kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from server.test_admission import refused, run

from llmproc.errors import UsageError
from llmproc.server.admission import Admission
from llmproc.server.slo import Slo


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ttft=0.5,tpot=0.05", Slo(0.5, 0.05)),
        ("tpot=50ms", Slo(None, 0.05)),
        ("ttft=2s", Slo(2.0, None)),
        (" tpot=1 , ttft=1. ", Slo(1.0, 1.0)),
    ],
)
def test_an_slo_is_read(text: str, found: Slo) -> None:
    assert Slo.parse(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "", ",", "ttft", "ttft=", "ttft=x", "ttft=1,ttft=2", "itl=1", "ttft=0", "ttft=0.1ms", "tpot=-1", "ttft=nan",
        "ttft=1e3", "ttft=4000", "ttft=1m", "ttft=1,", "ttft=٣", "ttft=" + "9" * 500,
    ],
)  # fmt: skip
def test_what_is_no_slo_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match=r"slo is .*: must be like") as error:
        Slo.parse(text)
    assert "\n" not in str(error.value) and len(str(error.value)) < 250


@given(st.text(max_size=40))
def test_any_text_is_an_slo_or_refused(text: str) -> None:
    try:
        slo = Slo.parse(text)
    except UsageError:
        return
    limits = [limit for limit in (slo.ttft_s, slo.tpot_s) if limit is not None]
    assert limits and all(0.001 <= limit <= 3600 for limit in limits)


def test_without_a_measurement_everything_is_let_in() -> None:
    admission = Admission(slots=1, queue=8, slo=Slo(0.001, 0.001))
    for _ in range(9):
        admission.admit(0.0, 1000, 10, 1)


def test_a_prompt_too_long_for_its_first_token_is_refused() -> None:
    admission = Admission(slots=4, queue=4, slo=Slo(ttft_s=0.5))
    for number in range(20):
        for tokens in (100, 200):  # a millisecond a token
            request = admission.admit(number, tokens, 1, 1)
            request.first_token(number + tokens / 1000)
            request.ended(number + tokens / 1000, 1, True)
    admission.admit(100.0, 490, 1, 1).ended(100.0, 0, False)
    error = refused(admission, 100.0, prompt_tokens=510)
    assert (error.status, error.code) == (429, "slo_ttft") and "0.51 s" in error.message
    assert error.retry_after_s == pytest.approx(60), "no shorter queue would help: only another measurement"


def test_the_queue_counts_for_the_first_token() -> None:
    admission = Admission(slots=2, queue=8, slo=Slo(ttft_s=2.0))
    for number in range(20):
        run(admission, number * 10.0, 1.0)  # each holds its place for 1 s, its first token comes after 0.1 s
    for _ in range(5):  # two run, three wait 0.5, 1 and 1.5 s
        admission.admit(300.0, 10, 10, 1)
    error = refused(admission, 300.0)
    assert error.code == "slo_ttft" and error.retry_after_s == pytest.approx(0.1, abs=0.01)


def loaded(per_token_s: float, load: int, slots: int = 4) -> Admission:
    """An admission that has seen answers made at one load take so long a token; nothing is open."""
    admission = Admission(slots, queue=4, slo=Slo(tpot_s=0.05))
    requests = [admission.admit(0.0, 10, 11, 1) for _ in range(load)]
    for request in requests:
        request.first_token(1.0)
    requests[0].ended(1.0 + 10 * per_token_s, 11, True)
    for request in requests[1:]:
        request.ended(1.0, 0, False)
    return admission


def test_one_more_than_decodes_in_time_is_refused() -> None:
    admission = loaded(0.06, load=3)
    first, _ = (admission.admit(10.0, 10, 10, 1) for _ in range(2))
    error = refused(admission, 10.0)
    assert (error.status, error.code) == (429, "slo_tpot") and "0.06 s" in error.message
    admission.admit(10.0, 10, 1, 1).ended(10.0, 1, True)  # one token has no time between tokens
    first.ended(10.0, 0, False)
    admission.admit(10.0, 10, 10, 1)


def test_what_is_fast_enough_is_let_in_at_any_load_not_measured_yet() -> None:
    admission = loaded(0.04, load=2)
    admission.admit(10.0, 10, 10, 8)


def test_a_refusal_is_put_to_the_test_once_a_minute() -> None:
    admission = loaded(0.06, load=1)
    refused(admission, 50.0)
    trial = admission.admit(62.0, 10, 11, 1)
    refused(admission, 62.0)
    trial.first_token(62.1)
    trial.ended(62.2, 11, True)
    for number in range(30):  # faster again: what was measured before counts less and less
        at = 130.0 + 61 * number
        quick = admission.admit(at, 10, 11, 1)
        quick.first_token(at)
        quick.ended(at + 0.1, 11, True)
    admission.admit(2000.0, 10, 10, 1)
    admission.admit(2000.0, 10, 10, 1)


def test_a_prompt_is_put_to_the_test_once_a_minute() -> None:
    admission = Admission(slots=1, queue=0, slo=Slo(ttft_s=0.5))
    request = admission.admit(0.0, 100, 1, 1)
    request.first_token(10.0)
    request.ended(10.0, 1, True)
    refused(admission, 11.0)
    assert refused(admission, 41.0).retry_after_s == pytest.approx(30)
    admission.admit(71.0, 10, 1, 1).ended(71.1, 0, False)
    refused(admission, 71.2)


def test_goodput_counts_answers_that_came_to_their_end() -> None:
    admission = Admission(slots=8, queue=0, slo=Slo(ttft_s=1.0, tpot_s=0.1))
    quick, late, slow, left = (admission.admit(0.0, 10, 11, 1) for _ in range(4))
    quick.first_token(0.9)
    quick.ended(1.9, 11, True)
    late.first_token(1.1)
    late.ended(1.2, 11, True)
    slow.first_token(0.9)
    slow.ended(2.0, 11, True)
    left.first_token(0.1)
    left.ended(0.2, 2, False)
    state = admission.state()
    assert (state.kept, state.missed, state.open) == (1, 2, 0)


def test_the_first_token_comes_once() -> None:
    admission = Admission(slots=8, queue=0, slo=Slo(ttft_s=1.0))
    request = admission.admit(0.0, 10, 10, 1)
    request.first_token(0.5)
    request.first_token(5.0)
    request.ended(6.0, 10, True)
    assert admission.state().kept == 1


def test_the_wait_in_the_queue_is_no_prefill() -> None:
    """Of a request that waited, prefill is known if it was told when a worker took it."""
    admission = Admission(slots=1, queue=1, slo=Slo(ttft_s=0.5))
    for told in (None, 99.9):
        running, waiting = (admission.admit(0.0, 100, 1, 1) for _ in range(2))
        running.first_token(0.1)
        running.ended(0.1, 1, True)
        waiting.first_token(100.0, told)
        waiting.ended(100.0, 1, True)
    admission.admit(200.0, 100, 1, 1)


def test_several_answers_to_one_request_count_by_their_mean() -> None:
    admission = Admission(slots=8, queue=0, slo=Slo(tpot_s=0.1))
    request = admission.admit(0.0, 10, 11, 4)
    request.first_token(0.0)
    request.ended(1.0, 44, True)
    assert (admission.state().kept, admission.under_way) == (1, 0)
