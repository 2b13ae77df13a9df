"""The reader of answers: chunks stay as they were sent, and an answer that stops early has not ended."""

from __future__ import annotations

import io

import pytest
from clients.wire import answer_of
from hypothesis import given
from hypothesis import strategies as st

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKS = st.lists(st.binary(min_size=1, max_size=200), max_size=8)


def chunked(chunks: list[bytes]) -> bytes:
    return HEAD + b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


@given(CHUNKS)
def test_chunks_are_kept_apart(chunks: list[bytes]) -> None:
    answer = answer_of(io.BytesIO(chunked(chunks)), "POST")
    assert (answer.status, answer.chunks, answer.ended) == (200, tuple(chunks), True)
    assert answer.chunked and answer.body == b"".join(chunks)


@given(CHUNKS, st.data())
def test_an_answer_that_is_cut_has_not_ended(chunks: list[bytes], data: st.DataObject) -> None:
    whole = chunked(chunks)
    cut = data.draw(st.integers(len(HEAD), len(whole) - 1))
    try:
        answer = answer_of(io.BytesIO(whole[:cut]), "POST")
    except ValueError:
        return  # cut in the size of a chunk
    assert not answer.ended


@given(st.binary(max_size=300))
def test_a_body_of_known_size_is_one_chunk(body: bytes) -> None:
    whole = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    answer = answer_of(io.BytesIO(whole), "GET")
    assert (answer.status, answer.body, answer.ended, answer.chunked) == (404, body, True, False)
    assert not body or not answer_of(io.BytesIO(whole[:-1]), "GET").ended


def test_answers_without_a_body_and_answers_before_the_answer() -> None:
    told = b"HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"
    assert answer_of(io.BytesIO(told), "HEAD").ended
    assert answer_of(io.BytesIO(b"HTTP/1.1 100 Continue\r\n\r\n" + told + b"x" * 17), "POST").body == b"x" * 17


def test_what_is_no_answer_is_not_taken_for_one() -> None:
    for nothing in (b"", b"hello\r\n\r\n"):
        with pytest.raises((ValueError, KeyError)):
            answer_of(io.BytesIO(nothing), "GET")
