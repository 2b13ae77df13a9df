"""Responses read as their bytes come: however they are cut, what is read is the same."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.experiments.http_load.http_response import BadResponseError, ResponseReader

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """The same bytes in pieces."""
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(ends)]


def chunked(parts: list[bytes]) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def read(pieces: list[bytes]) -> tuple[ResponseReader, bytes]:
    reader = ResponseReader()
    return reader, b"".join(reader.feed(piece) for piece in pieces)


@settings(deadline=None)
@given(parts=st.lists(st.binary(max_size=40), max_size=6), places=st.lists(st.integers(0, 2000), max_size=12))
def test_chunks_in_any_pieces_are_one_body(parts: list[bytes], places: list[int]) -> None:
    reader, body = read(cut(chunked(parts), places))
    assert body == b"".join(parts) and reader.status == 200 and reader.ended and reader.keeps_open
    assert reader.headers["content-type"] == "text/event-stream"


@settings(deadline=None)
@given(body=st.binary(max_size=60), places=st.lists(st.integers(0, 500), max_size=8))
def test_a_length_in_any_pieces(body: bytes, places: list[int]) -> None:
    reader, found = read(cut(HEAD + b"Content-Length: %d\r\n\r\n%b" % (len(body), body), places))
    assert found == body and reader.ended


@settings(deadline=None)
@given(parts=st.lists(st.binary(min_size=1, max_size=40), max_size=6), kept=st.integers(0, 2000))
def test_a_stream_that_was_cut_never_ends(parts: list[bytes], kept: int) -> None:
    """Also when the connection is closed after it."""
    whole = chunked(parts)
    reader, body = read([whole[: kept % len(whole)]])
    reader.close()
    assert not reader.ended and not reader.keeps_open and b"".join(parts).startswith(body)


def test_without_a_length_the_end_of_the_connection_ends_it() -> None:
    reader, body = read([HEAD + b"\r\nall of", b" it"])
    assert body == b"all of it" and not reader.ended
    reader.close()
    assert reader.ended


@pytest.mark.parametrize("length", [b"5", b"Content-Length: 5"])
def test_a_body_of_known_length_that_was_cut_is_not_ended_by_the_connection(length: bytes) -> None:
    framing = length if b":" in length else b"Transfer-Encoding: chunked"
    reader, _ = read([HEAD + framing + b"\r\n\r\n" + (b"5\r\n" if framing != length else b"") + b"abc"])
    reader.close()
    assert not reader.ended


def test_extensions_and_trailers_are_left_out() -> None:
    reader, body = read([HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n"])
    assert body == b"abc" and reader.ended


def test_a_server_may_close() -> None:
    reader, _ = read([HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n"])
    assert reader.ended and not reader.keeps_open


@pytest.mark.parametrize(
    "data",
    [
        b"SSH-2.0-OpenSSH\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        HEAD + b"Content-Length: -5\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"a" * 100_000,
    ],
)
def test_what_is_no_response_is_an_error(data: bytes) -> None:
    with pytest.raises(BadResponseError):
        read([data])


@settings(deadline=None)
@given(data=st.binary(max_size=200), places=st.lists(st.integers(0, 300), max_size=5))
def test_any_bytes_are_read_or_refused(data: bytes, places: list[int]) -> None:
    for start in (b"", b"HTTP/1.1 200 OK\r\n\r\n", HEAD + b"Transfer-Encoding: chunked\r\n\r\n"):
        try:
            _, body = read(cut(start + data, places))
        except BadResponseError:
            continue
        assert len(body) <= len(data)
