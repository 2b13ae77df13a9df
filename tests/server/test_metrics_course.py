"""What the responder tells while it sees a request through: ids as they come, ends, places that are given back."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from server.metrics_reading import ended

from llmproc.server.admission import Admission
from llmproc.server.asking import Event, Piece
from llmproc.server.metrics.http_counts import HttpCounts
from llmproc.server.responding import _Course


class Coming:
    """Answers whose events a test gives, batch by batch."""

    def __init__(self, *batches: list[Event]) -> None:
        self.batches, self.left, self.cancelled = list(batches), 2, False
        self.tickets = [SimpleNamespace(request_id=70 + choice, dispatched=None) for choice in range(2)]

    @property
    def open(self) -> bool:
        return self.left > 0

    async def next(self) -> list[Event]:
        return self.batches.pop(0)

    def cancel(self) -> None:
        self.cancelled = True


def course(answers: Any) -> tuple[_Course, HttpCounts, Admission]:
    counts, admission = HttpCounts(), Admission(4, 0)
    made = _Course(admission.admit(0.0, 10, 10, 2), counts)
    made.answers = answers
    return made, counts, admission


def piece(choice: int, *ids: int) -> Piece:
    return Piece(choice, "x", list(ids))


def test_ids_are_counted_by_choice_and_batch() -> None:
    answers = Coming(
        [piece(0, 1), piece(1, 1)],
        [piece(0, 2), piece(0, 3, 4), Piece(1, "rest", [])],
        [piece(1, 2), ended(new_tokens=4)],
    )
    made, counts, admission = course(answers)
    for _ in range(3):
        asyncio.run(made.next())
    assert counts._arrived.keys() == {70, 71} and counts.itl.cumulative()[0][-1][1] == 4
    assert counts.finished.counts()[("stop",)] == 1
    answers.left = 0
    made.close()
    assert admission.under_way == 0 and not answers.cancelled
    assert counts.outcomes.counts() == {("answered",): 1, ("cancelled",): 0, ("failed",): 0}


@pytest.mark.parametrize("batches", [[], [[piece(0, 1)]]])
def test_a_client_that_leaves_gives_its_places_back(batches: list[list[Event]]) -> None:
    answers = Coming(*batches)
    made, counts, admission = course(answers)
    for _ in batches:
        asyncio.run(made.next())
    made.close()
    assert answers.cancelled and admission.under_way == 0
    assert counts.outcomes.counts()[("cancelled",)] == 1 and counts.finished.counts()[("abort",)] == 2
