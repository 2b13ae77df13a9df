"""What a stream said and when; and which streams are not the complete answers that were asked for."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llmproc.experiments.http_load.prompts import bodies_for, digits
from llmproc.experiments.http_load.streamed import Received, events_of, failure, read_answer

DONE = b"data: [DONE]\n\n"


def event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def text(piece: str, finish: str | None = None) -> bytes:
    return event({"choices": [{"index": 0, "text": piece, "finish_reason": finish}]})


def usage(prompt: int, new: int) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": new}})


def received(*parts: bytes, status: int = 200, whole: bool = True, error: str = "") -> Received:
    """Parts that came at 11, 12, ... of a request sent at 10."""
    return Received(status, 10.0, [(11.0 + n, part) for n, part in enumerate(parts)], whole, error)


GOOD = (text(" a"), text(" b"), text(" c"), text("", "length"), usage(5, 4), DONE)


def test_a_complete_answer() -> None:
    found = read_answer(received(*GOOD))
    assert failure(found, 5, 4) is None
    assert (found.text, found.finish, found.done, found.counted) == (" a b c", "length", True, "usage")
    assert found.first_s == 1.0 and found.gaps_s == [1.0, 1.0] and found.total_s == 6.0
    assert (found.prompt_tokens, found.new_tokens) == (5, 4), "by usage: a token may have no text of its own"


@pytest.mark.parametrize(("told", "complete"), [(4, False), (5, True), (6, True), (7, False)])
def test_a_token_that_begins_every_text_may_be_counted(told: int, complete: bool) -> None:
    found = read_answer(received(*GOOD[:4], usage(told, 4), DONE))
    assert (failure(found, 5, 4) is None) == complete


def test_the_first_text_counts_not_the_first_chunk() -> None:
    found = read_answer(received(text(""), text(" a"), *GOOD[3:]))
    assert found.first_s == 2.0


def test_two_texts_at_once_are_a_gap_of_nothing() -> None:
    found = read_answer(received(text(" a") + text(" b"), text(" c"), *GOOD[3:]))
    assert found.gaps_s == [0.0, 1.0]


BROKEN = {
    "the stream was cut": received(*GOOD, whole=False),
    "without [DONE] at its end": received(*GOOD[:-1]),
    "without a finish reason": received(*GOOD[:3], usage(5, 4), DONE),
    "without text": received(text("", "length"), usage(5, 4), DONE),
    "the prompt was 7 tokens": received(*GOOD[:4], usage(7, 4), DONE),
    "3 tokens, by usage; finish reason length": received(*GOOD[:4], usage(5, 3), DONE),
    "3 tokens, by chunks; finish reason stop": received(*GOOD[:3], text("", "stop"), DONE),
    "no slot": received(*GOOD[:2], b"event: error\n" + event({"error": {"message": "no slot"}}), *GOOD[3:]),
    "an event is not JSON: '{'": received(b"data: {\n\n", *GOOD),
    "an event is not an object: '3'": received(b"data: 3\n\n", *GOOD),
    "busy": received(b'{"error": {"message": "busy"}}', status=503),
    "model missing": received(b'{"error": "model missing"}', status=404),
    "Bad Gateway": received(b"Bad Gateway", status=502),
    "status 500": received(status=500),
    "status 0": received(status=0),
    "refused": received(status=0, whole=False, error="refused"),
}


@pytest.mark.parametrize("words", BROKEN)
def test_what_is_not_complete_says_why(words: str) -> None:
    assert failure(read_answer(BROKEN[words]), 5, 4) == words


def test_without_usage_tokens_are_counted_by_chunks_and_said_to_be() -> None:
    """llama-cpp-python's server tells none in a stream."""
    found = read_answer(received(*GOOD[:4], DONE))
    assert (found.new_tokens, found.counted, found.prompt_tokens) == (3, "chunks", None)
    assert failure(found, 5, 4) is None and failure(replace(found, finish="stop"), 5, 4) is not None


@settings(deadline=None)
@given(places=st.lists(st.integers(0, 2000), max_size=20), ends=st.sampled_from([b"\n", b"\r\n"]))
def test_events_in_any_pieces_are_the_same(places: list[int], ends: bytes) -> None:
    """And with comments between them, as some servers send while nothing else comes."""
    whole = b"".join((*GOOD[:2], b": ping\n\n", *GOOD[2:])).replace(b"\n", ends)
    cuts = sorted({place % len(whole) for place in places} | {0, len(whole)})
    pieces = [(float(n), whole[a:b]) for n, (a, b) in enumerate(pairwise(cuts))]
    found = [data for _, data in events_of(pieces)]
    assert found == [part[6:-2].decode() for part in GOOD]


@settings(deadline=None)
@given(data=st.binary(max_size=100))
def test_any_body_is_read(data: bytes) -> None:
    for status in (200, 500):
        assert failure(read_answer(received(data, DONE, status=status)), 5, 4) is not None


def test_prompts_are_of_a_length_and_all_differ() -> None:
    bodies = bodies_for(3, 2, 20, 7, first_seed=100)
    asked = [json.loads(body) for own in bodies for body in own]
    assert [len(own) for own in bodies] == [2, 2, 2] and len({one["prompt"] for one in asked}) == 6
    assert all(len(one["prompt"]) == 20 and one["prompt"].isdecimal() for one in asked)
    assert all(one["max_tokens"] == 7 and one["stream"] and one["ignore_eos"] for one in asked)
    assert digits(20, 5) == digits(20, 5) != digits(20, 6)
    assert bodies_for(1, 1, 20, 7, 106)[0][0] not in [body for own in bodies for body in own]
