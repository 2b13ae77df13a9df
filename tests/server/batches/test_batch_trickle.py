"""Rows take only places that no single request wants."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.server.admission import Admission
from llmproc.server.batches.trickle import BatchGate, may_start, rows_at_a_time
from llmproc.server.refusals import RefusedError


def gate_of(slots: int) -> tuple[Admission, BatchGate]:
    gate = Admission(slots, 8)
    return gate, BatchGate(gate, slots, lambda: gate.under_way)


def test_one_place_is_left_for_single_requests() -> None:
    assert [rows_at_a_time(slots) for slots in (1, 2, 8)] == [1, 1, 7]
    assert may_start(4, 0, 1) and may_start(4, 2, 1) and not may_start(4, 3, 1)
    assert not may_start(4, 2, 2), "a row of two answers needs two places"
    assert may_start(4, 0, 9), "one that needs more than there are is asked alone"
    assert may_start(1, 0, 1) and not may_start(1, 1, 1)


def test_a_row_is_refused_where_a_single_request_is_not() -> None:
    gate, rows = gate_of(3)
    places = [rows.admit(0.0, 5, 8, 1) for _ in range(2)]
    assert not rows.has_room(1)
    with pytest.raises(RefusedError, match="other requests come first") as caught:
        rows.admit(0.0, 5, 8, 1)
    assert caught.value.status == 429 and caught.value.code == "batch_waits"
    single = gate.admit(0.0, 5, 8)
    assert not single.waited, "it has a free place"
    for place in (*places, single):
        place.ended(1.0, 8, True)
    assert rows.has_room(1) and gate.under_way == 0


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 6), st.lists(st.tuples(st.booleans(), st.integers(1, 3), st.integers(0, 5)), max_size=40))
def test_single_requests_are_never_kept_waiting_by_rows_alone(slots: int, moves: list[tuple[bool, int, int]]) -> None:
    """`moves`: a row or a single request comes, with so many answers; then one that is open may end."""
    gate, rows = gate_of(slots)
    of_rows, of_others = [], []
    for is_row, choices, ending in moves:
        if is_row:
            if rows.has_room(choices):
                of_rows.append((rows.admit(0.0, 5, 8, choices), choices))
        elif gate.under_way + 1 <= gate.limit:
            place = gate.admit(0.0, 5, 8)
            rows_open = sum(count for _, count in of_rows)
            if slots > 1 and not of_others and rows_open < slots:
                assert not place.waited, "only rows were open"
            of_others.append((place, 1))
        assert sum(count for _, count in of_rows) <= max(rows_at_a_time(slots), 0, *(count for _, count in of_rows))
        for found in (of_rows, of_others):
            if ending < len(found):
                found.pop(ending)[0].ended(1.0, 8, True)
