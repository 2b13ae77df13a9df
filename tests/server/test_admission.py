"""Who is let in, on moments that a test gives: the bound, when refused ones are to come again, and what is refused."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.server.admission import MEMORY_MARGIN, Admission, AdmissionState, AdmittedRequest
from llmproc.server.refusals import RefusedError
from llmproc.server.slo import Slo

if TYPE_CHECKING:
    from llmproc.server.responding import Gate
    from llmproc.server.running import OpenWork

    GATE: type[Gate] = Admission  # what the responder and the drain ask of it
    WORK: type[OpenWork] = Admission


def refused(admission: Admission, now: float = 0.0, **asked: Any) -> RefusedError:
    """Why a request is not let in."""
    with pytest.raises(RefusedError) as found:
        admission.admit(now, **{"prompt_tokens": 10, "max_tokens": 10, "choices": 1, **asked})
    return found.value


def run(admission: Admission, at: float, seconds: float, tokens: int = 10, prompt: int = 10) -> AdmittedRequest:
    """One answer that takes so long, its first token after a tenth of it."""
    request = admission.admit(at, prompt, tokens, 1)
    request.first_token(at + seconds / 10)
    request.ended(at + seconds, tokens, True)
    return request


def test_the_bound_is_slots_and_queue() -> None:
    admission = Admission(slots=2, queue=1)
    requests = [admission.admit(0.0, 10, 10, 1) for _ in range(3)]
    assert admission.state() == AdmissionState(open=3, limit=3, queue=1)
    error = refused(admission)
    assert (error.status, error.code, error.kind) == (429, "queue_full", "rate_limit_error")
    assert "3" in error.message and error.retry_after is not None
    requests[0].ended(1.0, 5, True)
    assert admission.under_way == 2
    admission.admit(1.0, 10, 10, 1)


def test_each_choice_takes_a_place() -> None:
    admission = Admission(slots=2, queue=2)
    request = admission.admit(0.0, 10, 10, 3)
    assert refused(admission, choices=2).status == 429
    admission.admit(0.0, 10, 10, 1)
    request.ended(1.0, 30, True)
    assert admission.under_way == 1
    never = refused(admission, choices=5)
    assert (never.status, never.param, never.code, never.retry_after) == (400, "n", "too_many_choices", None)


def test_a_place_is_given_back_once() -> None:
    admission = Admission(slots=1, queue=1)
    first, second = (admission.admit(0.0, 10, 10, 1) for _ in range(2))
    for _ in range(3):
        first.ended(1.0, 5, False)
    first.first_token(2.0)
    assert admission.under_way == 1
    second.ended(1.0, 0, False)
    assert admission.under_way == 0


def test_retry_after_is_when_places_get_free_by_measured_times() -> None:
    admission = Admission(slots=2, queue=0)
    for number in range(60):
        run(admission, number * 10.0, 8.0)
    for _ in range(2):
        admission.admit(600.0, 10, 10, 1)
    assert refused(admission, 600.0).retry_after_s == pytest.approx(4.0), "every 4 s one of two answers of 8 s ends"
    assert refused(admission, 600.0).retry_after_s == pytest.approx(8.0), "the place after the first one's"
    assert refused(admission, 603.0).retry_after_s == pytest.approx(9.0), "the third place, seen 3 s later"
    told = [refused(admission, 603.0).retry_after_s or 0.0 for _ in range(50)]
    assert max(told) == pytest.approx(8 * 8.0), "all places eight times"
    assert refused(admission, 700.0).retry_after_s == pytest.approx(4.0), "the others have come or gone"


def test_before_anything_was_measured_a_second_is_assumed() -> None:
    admission = Admission(slots=4, queue=0)
    admission.admit(0.0, 10, 10, 4)
    assert refused(admission).retry_after == "1"


@given(st.integers(1, 16), st.integers(0, 64), st.floats(0.001, 1e4), st.integers(1, 40))
def test_retry_after_rises_with_those_who_wait_and_stays_bounded(
    slots: int, queue: int, seconds: float, clients: int
) -> None:
    admission = Admission(slots, queue)
    run(admission, 0.0, seconds)
    for _ in range(slots + queue):
        admission.admit(1e5, 10, 10, 1)
    errors = [refused(admission, 1e5) for _ in range(clients)]
    told = [error.retry_after_s or 0.0 for error in errors]
    assert all(later >= earlier for earlier, later in pairwise(told)) and told[0] > 0
    assert told[-1] <= 8 * (slots + queue) / slots * seconds * 1.001
    assert all(1 <= int(error.retry_after or 0) <= 120 for error in errors)
    shorter = Admission(slots, max(0, queue - 1))
    run(shorter, 0.0, seconds)
    for _ in range(shorter.limit):
        shorter.admit(1e5, 10, 10, 1)
    assert max(refused(shorter, 1e5).retry_after_s or 0.0 for _ in range(clients)) <= told[-1] * 1.001


Step = tuple[str, int, float]  # what happens, to whom or how much, after how long
STEPS = st.lists(
    st.tuples(st.sampled_from(["admit", "first", "end", "cancel"]), st.integers(1, 6), st.floats(0, 5)), max_size=80
)


@given(STEPS, st.integers(1, 5), st.integers(0, 5), st.sampled_from([None, Slo(0.5, 0.05)]))
def test_whatever_happens_never_more_than_the_bound_and_nothing_leaks(
    steps: list[Step], slots: int, queue: int, slo: Slo | None
) -> None:
    admission, now, open_requests = Admission(slots, queue, slo), 0.0, list[AdmittedRequest]()
    for word, number, after in steps:
        now += after
        if word == "admit":
            try:
                open_requests.append(admission.admit(now, number * 50, number, number))
            except RefusedError as error:
                assert error.status in (400, 429) and (error.status == 429) == (error.retry_after is not None)
        elif open_requests:
            request = open_requests[number % len(open_requests)]
            if word == "first":
                request.first_token(now, now - after)
            else:
                request.ended(now, number * 3, word == "end")
                open_requests.remove(request)
        assert admission.under_way == sum(request.choices for request in open_requests) <= slots + queue
    for request in open_requests:
        request.ended(now, 0, False)
    assert admission.under_way == 0 == admission.state().queue


def test_a_server_that_shuts_down_lets_nothing_in_and_sees_what_is_open_through() -> None:
    admission = Admission(slots=2, queue=2)
    request = admission.admit(0.0, 10, 10, 1)
    admission.close()
    error = refused(admission)
    assert (error.status, error.code) == (503, "shutting_down") and error.retry_after is not None
    assert admission.under_way == 1
    request.ended(1.0, 5, True)
    assert admission.under_way == 0 and refused(admission).retry_after == "1"


def test_while_memory_is_short_nothing_is_let_in() -> None:
    admission = Admission(slots=2, queue=2)
    admission.memory(MEMORY_MARGIN - 1)
    error = refused(admission)
    assert (error.status, error.code) == (503, "memory_short") and error.retry_after is not None
    assert "63 MiB" in error.message
    admission.memory(MEMORY_MARGIN)
    admission.admit(0.0, 10, 10, 1)
    admission.memory(None)
    admission.admit(0.0, 10, 10, 1)
