"""Chunks and whole documents to text, reasoning, finish reason, usage, error; and the verdict on them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llmproc.client.reading import AnswerReader, TokenCounts, error_message
from llmproc.client.sse import SseEvent
from llmproc.client.verdict import FailureKind, judge, of_status


def read(*documents: Any, name: str = "") -> AnswerReader:
    reader = AnswerReader()
    for at, document in enumerate(documents):
        data = document if isinstance(document, str) else json.dumps(document)
        reader.take(SseEvent(data, name), float(at))
    return reader


def chunk(content: Any = None, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": content, **more}, "finish_reason": finish}]}


def kind_of(reader: AnswerReader) -> FailureKind | None:
    failure = judge(reader.finish_reason, reader.has_output, reader.error, reader.invalid)
    return failure.kind if failure else None


def test_a_chat_stream() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 2}}
    found = read(
        chunk("", role="assistant"),
        chunk("a"),
        chunk("b"),
        chunk(finish="stop"),
        {"choices": [], "usage": usage},
        "[DONE]",
    )
    assert (found.text, found.finish_reason, found.moments, found.done) == ("ab", "stop", [1.0, 2.0], True)
    assert found.tokens() == TokenCounts(3, 9, 2, "usage") and kind_of(found) is None


def test_a_completion_stream_without_usage() -> None:
    found = read({"choices": [{"text": "a"}], "usage": None}, {"choices": [{"text": "", "finish_reason": "length"}]})
    assert (found.text, found.finish_reason, found.tokens()) == ("a", "length", TokenCounts(None, 1, None, "chunks"))


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_is_output_and_not_text(field: str) -> None:
    found = read(chunk(**{field: "hm"}), chunk("a", "stop"))
    assert (found.reasoning, found.text, found.moments, found.first_content) == ("hm", "a", [0.0, 1.0], 1.0)


def test_a_tool_call_is_output() -> None:
    found = read(chunk(tool_calls=[{"index": 0}]), chunk(finish="tool_calls"))
    assert kind_of(found) is None and found.text == ""


def test_only_the_first_choice_counts() -> None:
    found = read({"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]})
    assert found.text == "a"


def test_a_whole_answer() -> None:
    reader = AnswerReader()
    reader.take_whole(
        b'{"model": "m", "choices": [{"message": {"content": "a"}, "finish_reason": "stop"}],'
        b' "usage": {"completion_tokens": 1}}'
    )
    assert (reader.text, reader.model, reader.tokens().counted_by, kind_of(reader)) == ("a", "m", "usage", None)


@pytest.mark.parametrize(
    ("events", "name", "kind"),
    [
        ([chunk("a", "stop"), {"error": {"message": "no"}}], "", FailureKind.ERROR_IN_STREAM),
        ([{"error": "no"}], "", FailureKind.ERROR_IN_STREAM),
        (["no"], "error", FailureKind.ERROR_IN_STREAM),
        ([chunk("a", "stop") | {"error": None}], "", None),
        ([chunk("a")], "", FailureKind.UNFINISHED),
        ([chunk("a", "")], "", FailureKind.UNFINISHED),
        ([chunk("a", "abort")], "", FailureKind.UNFINISHED),
        ([chunk("", "stop")], "", FailureKind.EMPTY),
        (["{", chunk("a", "stop")], "", FailureKind.INVALID),
        (["[]"], "", FailureKind.INVALID),
        ([{"choices": 5}], "", FailureKind.INVALID),
        ([chunk(7)], "", FailureKind.INVALID),
    ],
)
def test_the_verdict(events: list[Any], name: str, kind: FailureKind | None) -> None:
    assert kind_of(read(*events, name=name)) == kind


@given(
    st.text(max_size=60)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["choices", "delta", "error", "usage", "content"]), inner, max_size=4)
        ),
        max_leaves=8,
    )
)
def test_any_event_is_read(document: Any) -> None:
    kind_of(read(document))


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "http_429"), (404, "http_4xx"), (503, "http_5xx"), (302, "http_3xx"), (206, "invalid")],
)
def test_statuses(status: int, kind: str) -> None:
    failure = of_status(status, "words")
    assert (failure.kind, failure.message) == (kind, f"status {status}: words")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error": {"message": "no", "code": 1}}', "no"),
        (b'{"error": "no"}', "no"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b"<html>", "<html>"),
        (b"\xff", "�"),
        (b"[1]", "[1]"),
        (b"", ""),
    ],
)
def test_what_a_refusal_says(body: bytes, words: str) -> None:
    assert error_message(body) == words
