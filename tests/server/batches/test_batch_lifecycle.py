"""The states of a batch: every course through them ends, nothing leaves an end, and each moment is told once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.server.batches import lifecycle
from llmproc.server.batches.lifecycle import FOLLOWS, BatchOutcome, BatchStep, due
from llmproc.server.batches.records import BatchError, BatchObject, BatchRequest, RequestCounts
from llmproc.server.refusals import RefusedError

ENDS = {status for status, follows in FOLLOWS.items() if not follows}


def opened(window: str = "24h", now: int = 1000) -> BatchObject:
    request = BatchRequest(input_file_id="file-1", endpoint="/v1/completions", completion_window=window)
    return lifecycle.opened("batch_1", request, "stories", now)


def outcome(total: int, completed: int) -> BatchOutcome:
    counts = RequestCounts(total, completed, total - completed)
    return BatchOutcome(counts, "file-o" if completed else None, "file-e" if completed < total else None)


def test_a_batch_begins_with_its_window() -> None:
    batch = opened("90s")
    assert (batch.status, batch.created_at, batch.expires_at) == ("validating", 1000, 1090)
    assert batch.request_counts == RequestCounts(0, 0, 0) and batch.errors is batch.output_file_id is None


@pytest.mark.parametrize(("window", "seconds"), [("24h", 86400), ("1s", 1), ("30m", 1800), ("168h", 604800)])
def test_windows(window: str, seconds: int) -> None:
    assert lifecycle.window_seconds(window) == seconds


@pytest.mark.parametrize("window", ["169h", "0h", "24", "h", "", "24d", "-1h", "1.5h", "24h\n", "٣h", "9999999s"])
def test_what_is_no_window_is_refused(window: str) -> None:
    with pytest.raises(RefusedError, match="must be a time such as 24h") as caught:
        lifecycle.window_seconds(window)
    assert caught.value.param == "completion_window" and "\n" not in caught.value.message


def test_the_way_to_completed() -> None:
    batch = opened()
    assert due(batch, 0, 1001) is BatchStep.VALIDATE
    batch = lifecycle.validated(batch, 3, 1002)
    assert (batch.status, batch.in_progress_at, batch.request_counts.total) == ("in_progress", 1002, 3)
    assert due(batch, 3, 1003) is BatchStep.ANSWER and due(batch, 0, 1003) is BatchStep.FINALIZE
    batch = lifecycle.finalizing(batch, 1004)
    assert due(batch, 0, 10**9) is BatchStep.FINALIZE, "its rows have ended: the window does not matter any more"
    batch = lifecycle.ended(batch, BatchStep.FINALIZE, outcome(3, 2), 1005)
    assert (batch.status, batch.completed_at, batch.finalizing_at) == ("completed", 1005, 1004)
    assert (batch.output_file_id, batch.error_file_id) == ("file-o", "file-e")
    assert due(batch, 0, 10**9) is BatchStep.NOTHING


def test_an_input_that_breaks_a_rule_fails_with_its_errors() -> None:
    batch = lifecycle.failed(opened(), [BatchError("invalid_url", 3, "no", "url")], 1001)
    assert batch.status == "failed" and batch.failed_at == 1001
    told = msgspec.to_builtins(batch.errors)
    assert told == {"object": "list", "data": [{"code": "invalid_url", "line": 3, "message": "no", "param": "url"}]}


def test_a_window_that_is_over_expires_it() -> None:
    assert due(opened("1s"), 0, 1001) is BatchStep.EXPIRE
    batch = lifecycle.validated(opened("10s"), 3, 1000)
    assert due(batch, 1, 1009.9) is BatchStep.ANSWER and due(batch, 1, 1010) is BatchStep.EXPIRE
    assert due(batch, 0, 1010) is BatchStep.FINALIZE, "all rows have ended in time"
    batch = lifecycle.ended(batch, BatchStep.EXPIRE, outcome(3, 1), 1011)
    assert (batch.status, batch.expired_at, batch.request_counts.failed) == ("expired", 1011, 2)


def test_a_cancel_wins_over_the_window_and_is_idempotent() -> None:
    batch = lifecycle.cancelling(lifecycle.validated(opened("10s"), 3, 1000), 1001)
    assert due(batch, 3, 2000) is BatchStep.CANCEL and lifecycle.cancelling(batch, 1500) is batch
    batch = lifecycle.ended(batch, BatchStep.CANCEL, outcome(3, 0), 1002)
    assert (batch.status, batch.cancelling_at, batch.cancelled_at) == ("cancelled", 1001, 1002)


@pytest.mark.parametrize("status", sorted({*ENDS, "finalizing"}))
def test_what_has_ended_cannot_be_cancelled(status: Any) -> None:
    batch = msgspec.structs.replace(opened(), status=status)
    with pytest.raises(RefusedError, match=f"is {status}: it cannot be cancelled") as caught:
        lifecycle.cancelling(batch, 1)
    assert caught.value.status == 400, "the official clients ask again on 409"


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_course_ends_and_is_told_moment_by_moment(data: Any) -> None:
    """Whatever comes when: time, cancels, kills (the record is read again), good and bad inputs."""
    batch, now, left, seen = opened("60s"), 1000, 0, ["validating"]
    cancels = data.draw(st.sets(st.integers(0, 12)))
    for turn in range(40):
        batch = msgspec.json.decode(msgspec.json.encode(batch), type=BatchObject)
        now += data.draw(st.integers(0, 20))
        if turn in cancels and "cancelling" in FOLLOWS[batch.status]:
            batch = lifecycle.cancelling(batch, now)
        step = due(batch, left, now)
        if step is BatchStep.NOTHING:
            break
        if step is BatchStep.VALIDATE:
            left = data.draw(st.integers(0, 3))
            bad = [BatchError("empty_file", None, "no", None)]
            batch = lifecycle.validated(batch, left, now) if left else lifecycle.failed(batch, bad, now)
        elif step is BatchStep.ANSWER:
            left -= data.draw(st.integers(0, left))
        elif step is BatchStep.FINALIZE and batch.status == "in_progress":
            batch = lifecycle.finalizing(batch, now)
        else:
            total = batch.request_counts.total
            batch = lifecycle.ended(batch, step, outcome(total, total - left), now)
        if batch.status != seen[-1]:
            assert batch.status in FOLLOWS[seen[-1]] or batch.status in FOLLOWS["cancelling"]  # type: ignore[index]
            seen.append(batch.status)
    assert batch.status in ENDS, seen
    assert getattr(batch, f"{batch.status}_at") is not None
    moments = ("failed_at", "completed_at", "expired_at", "cancelled_at")
    assert [getattr(batch, name) is not None for name in moments].count(True) == 1
    counts = batch.request_counts
    assert counts.completed + counts.failed == counts.total
    assert (batch.status != "completed") or left == 0
