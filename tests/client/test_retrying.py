"""When and after how long a request is asked again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.client.retrying import TRANSIENT, RetryPolicy, parse_retry_after
from llmproc.client.verdict import Failure, FailureKind
from llmproc.errors import UsageError

POLICY = RetryPolicy(3, first_wait_s=1.0, longest_wait_s=3.0)


def failed(kind: FailureKind) -> Failure:
    return Failure(kind, "")


def test_waits_double_up_to_the_longest() -> None:
    waits = [POLICY.wait_s(failed(FailureKind.HTTP_5XX), attempts, None, 1.0) for attempts in (1, 2, 3, 4)]
    assert waits == [1.0, 2.0, 3.0, None]
    assert POLICY.wait_s(failed(FailureKind.HTTP_5XX), 1, None, 0.0) == 0.5


def test_retry_after_is_kept_and_one_that_is_too_long_ends_it() -> None:
    assert POLICY.wait_s(failed(FailureKind.HTTP_429), 1, 2.5, 0.0) == 2.5
    assert POLICY.wait_s(failed(FailureKind.HTTP_429), 1, 3.5, 0.0) is None


@pytest.mark.parametrize("kind", FailureKind)
def test_only_what_may_pass_is_asked_again(kind: FailureKind) -> None:
    assert (POLICY.wait_s(failed(kind), 1, None, 0.5) is not None) is (kind in TRANSIENT)
    assert RetryPolicy().wait_s(failed(kind), 1, None, 0.5) is None


@given(st.integers(1, 100), st.floats(0, 1))
def test_a_wait_is_within_its_bounds(attempts: int, draw: float) -> None:
    wait = RetryPolicy(100).wait_s(failed(FailureKind.CONNECT), attempts, None, draw)
    assert wait is not None and 0.25 <= wait <= 120


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None), ("3", 3.0), ("0.5", 0.5), ("-1", 0.0), ("soon", None), ("nan", None), ("inf", None),
        ("Thu, 01 Jan 1970 00:01:10 GMT", 10.0), ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    ],
)  # fmt: skip
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, 60.0) == seconds


@given(st.text(max_size=40))
def test_any_header_is_read(value: str) -> None:
    found = parse_retry_after(value, 0.0)
    assert found is None or found >= 0


def test_a_policy_checks_itself() -> None:
    with pytest.raises(UsageError, match="retries is 101"):
        RetryPolicy(101)
