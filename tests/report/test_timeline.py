"""The time axis: pauses are cut out where they would make turns unreadable, and order and scale are kept."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.report.timeline import Cut, make_timeline, merged


def test_without_long_pauses_the_axis_is_the_clock() -> None:
    timeline = make_timeline([(0.0, 2.0), (2.5, 4.0)], 4.5)
    assert timeline.cuts == () and timeline.end == 4.5
    assert [timeline.x(t) for t in (0.0, 1.25, 4.5)] == [0.0, 1.25, 4.5]


def test_a_long_pause_is_cut_and_turns_keep_their_scale() -> None:
    timeline = make_timeline([(2.0, 3.0), (13.0, 14.0)], 14.0)
    assert timeline.cuts == (Cut(0.0, 2.0), Cut(3.0, 13.0))
    width = timeline.x(2.0)
    assert width == pytest.approx(0.1) and timeline.x(13.0) - timeline.x(3.0) == pytest.approx(width)
    assert timeline.x(3.0) - timeline.x(2.0) == pytest.approx(1.0) and timeline.end == pytest.approx(2.2)
    assert timeline.clear_end == timeline.end


def test_a_cut_at_the_end_leaves_room_before_it() -> None:
    timeline = make_timeline([(0.0, 1.0)], 9.0)
    assert timeline.cuts == (Cut(1.0, 9.0),) and timeline.clear_end == timeline.x(1.0) < timeline.end


def test_a_pause_of_a_cuts_width_stays() -> None:
    timeline = make_timeline([(0.0, 1.0), (1.05, 2.0), (30.0, 31.0)], 31.0)
    assert timeline.cuts == (Cut(2.0, 30.0),)


@pytest.mark.parametrize("busy", [[], [(0.0, 0.0)], [(3.0, 3.0)]])
def test_nothing_busy(busy: list[tuple[float, float]]) -> None:
    timeline = make_timeline(busy, 5.0)
    assert (timeline.cuts, timeline.end) == ((), 5.0)
    assert make_timeline([], 0.0).end > 0


def test_ticks_are_round_and_every_part_with_room_has_one() -> None:
    timeline = make_timeline([(2.031, 3.0), (13.013, 13.4), (20.0, 21.0)], 21.0)
    ticks = timeline.ticks()
    assert [place for place, _ in ticks] == sorted(place for place, _ in ticks)
    assert all(place == pytest.approx(timeline.x(float(text)), abs=0.06) for place, text in ticks)
    for begin, end in ((2.0, 3.0), (13.0, 13.4), (20.0, 21.0)):
        assert any(begin <= float(text) <= end for _, text in ticks)
    assert not any(cut.begin + 0.06 < float(text) < cut.end - 0.06 for _, text in ticks for cut in timeline.cuts)


INTERVALS = st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 50)), max_size=30)


@given(INTERVALS, st.floats(0.001, 2000))
@settings(max_examples=150, deadline=None)
def test_the_order_of_moments_is_kept(intervals: list[tuple[float, float]], beyond: float) -> None:
    busy = [(begin, begin + length) for begin, length in intervals]
    end = max((until for _, until in busy), default=0.0) + beyond
    timeline = make_timeline(busy, end)
    assert timeline.times[-1] == pytest.approx(end) and timeline.end <= end * (1 + 1e-9)
    moments = sorted({0.0, end, *(edge for span in busy for edge in span)})
    places = [timeline.x(t) for t in moments]
    assert places == sorted(places)
    for begin, until in merged(sorted(busy)):
        assert timeline.x(until) - timeline.x(begin) == pytest.approx(until - begin, abs=1e-6 * end)
    busy_s = sum(until - begin for begin, until in merged(sorted(busy)))
    if timeline.cuts:
        assert timeline.end <= 2.01 * busy_s, "turns have half of the axis"
    assert all(0 <= place <= timeline.end * (1 + 1e-9) for place, _ in timeline.ticks())


def test_spans_that_touch_or_overlap_are_one() -> None:
    assert merged([(0, 1), (1, 2), (1.5, 1.7), (3, 4)]) == [(0, 2), (3, 4)]
