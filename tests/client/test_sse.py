"""Server-sent events: the standard's cases, and the same events however the bytes are split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.client import sse
from llmproc.client.sse import SseError, SseEvent, SseReader


def events(*parts: bytes) -> list[SseEvent]:
    reader = SseReader()
    return [event for part in parts for event in reader.feed(part)]


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"data: a\n\n", [SseEvent("a")]),
        (b"data:a\n\n", [SseEvent("a")]),
        (b"data:  a\n\n", [SseEvent(" a")]),
        (b"data: a\r\n\r\n", [SseEvent("a")]),
        (b"data: a\r\rdata: b\r\r", [SseEvent("a"), SseEvent("b")]),
        (b"data: a\ndata: b\n\n", [SseEvent("a\nb")]),
        (b"event: error\ndata: {}\n\n", [SseEvent("{}", "error")]),
        (b"event: x\n\ndata: a\n\n", [SseEvent("a")]),
        (b": comment\n\ndata: a\n\n: another\n", [SseEvent("a")]),
        (b"id: 7\nretry: 5\ndata: a\n\n", [SseEvent("a")]),
        (b"data\n\n", [SseEvent("")]),
        (b"\xef\xbb\xbfdata: a\n\n", [SseEvent("a")]),
        (b"data: \xff\n\n", [SseEvent("�")]),
        (b"data: a", []),
        (b"data: a\n", []),
        (b"\n\n\n", []),
    ],
)
def test_what_the_standard_says(data: bytes, found: list[SseEvent]) -> None:
    assert events(data) == found
    assert events(*(data[i : i + 1] for i in range(len(data)))) == found


LINES = st.sampled_from([b"data: x", b"data:y", b"data: \xc3\xa9", b"event: error", b": c", b"", b"id: 1", b"data"])
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(st.lists(st.tuples(LINES, ENDS), max_size=12), st.lists(st.integers(0, 200), max_size=8))
def test_splitting_changes_nothing(lines: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    data = b"".join(line + end for line, end in lines)
    places = sorted({min(cut, len(data)) for cut in cuts} | {0, len(data)})
    parts = [data[a:b] for a, b in itertools.pairwise(places)]
    assert events(*parts) == events(data)


@given(
    st.lists(st.tuples(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])), ENDS), max_size=6)
)
def test_what_is_written_is_read(texts: list[tuple[str, bytes]]) -> None:
    data = b"".join(b"data: " + text.encode() + end + end for text, end in texts)
    assert [event.data for event in events(data)] == [text for text, _ in texts]


@given(st.binary(max_size=300))
def test_any_bytes_are_read(data: bytes) -> None:
    events(data, data)


@pytest.mark.parametrize("part", [b"data: xxxx", b"xxxxxxxxxx", b"data: xxxx\n"])
def test_an_event_without_end_is_refused(part: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MOST_BYTES", 50)
    with pytest.raises(SseError, match="more than 50 bytes"):
        events(*[part] * 50)
