"""Responses whole and streamed: byte for byte once, and the rules that clients live by for any course of events."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from server.made_answers import ABOUT, RESPONSE, ended, piece, written

from llmproc.engine.shaping import Likely
from llmproc.server.asking import Asked, Event, Piece
from llmproc.server.openai.response_object import ResponseEvent, ResponseObject
from llmproc.server.refusals import RefusedError


def asked(**fields: Any) -> Asked:
    return RESPONSE.read(json.dumps({"input": "Hi", "seed": 77, "stream": True, **fields}).encode())


def thought(text: str) -> Piece:
    return Piece(0, "", [1], reasoning=text)


def parsed(write: bytes) -> Any:
    """The data of one event, whose framing and type are judged on the way."""
    first, second, *rest = write.split(b"\n")
    assert rest == [b"", b""] and first.startswith(b"event: ") and second.startswith(b"data: ")
    event = json.loads(second[6:])
    assert event["type"].encode() == first[7:]
    msgspec.convert(event, ResponseEvent, strict=True)
    return event


def streamed(events: list[Event], **fields: Any) -> list[Any]:
    return [parsed(write) for write in written(RESPONSE.stream(asked(**fields), ABOUT), events)]


def whole(pieces: list[Piece], last: Any, **fields: Any) -> Any:
    return json.loads(RESPONSE.whole(asked(**fields), ABOUT, pieces, [last]))


def kinds(events: list[Any]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_the_events_of_an_answer() -> None:
    events = streamed([piece(1), piece(2), ended()])
    assert kinds(events) == [
        "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta", "output_text.delta",
        "output_text.done", "content_part.done", "output_item.done", "completed",
    ]  # fmt: skip
    assert [event["sequence_number"] for event in events] == list(range(10))
    assert [event["delta"] for event in events if "delta" in event] == ["A", " pipe"]
    assert events[6]["text"] == events[7]["part"]["text"] == "A pipe"
    assert {event["item_id"] for event in events if "item_id" in event} == {"msg_abc"}
    assert events[-1]["response"] == whole([piece(1), piece(2)], ended())


def test_a_delta_byte_for_byte() -> None:
    writer = RESPONSE.stream(asked(), ABOUT)
    *_, delta = writer.event(piece(1))
    assert delta == (
        b'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"A","logprobs":[],'
        b'"sequence_number":4,"item_id":"msg_abc","output_index":0,"content_index":0}\n\n'
    )
    (delta,) = writer.event(Piece(0, "\u2028", [3]))
    assert b'"delta":"\\u2028"' in delta, "a line break of Unicode would end the message for httpx"


def test_rule_06_nothing_is_told_before_the_first_text() -> None:
    writer = RESPONSE.stream(asked(), ABOUT)
    assert list(writer.event(Piece(0, "", [6]))) == []
    assert len(list(writer.event(piece(2)))) == 5


def test_a_response_has_what_the_official_client_reads() -> None:
    response = whole([piece(1), piece(2)], ended(), metadata={"a": "b"}, instructions="Be brief.", user="me")
    assert msgspec.convert(response, ResponseObject).status == "completed"
    assert (response["id"], response["object"], response["created_at"]) == ("resp_abc", "response", 1700000000)
    assert response["output"] == [
        {"type": "message", "id": "msg_abc", "status": "completed", "role": "assistant",
         "content": [{"type": "output_text", "text": "A pipe", "annotations": [], "logprobs": []}]},
    ]  # fmt: skip
    assert response["usage"] == {
        "input_tokens": 5, "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0}, "output_tokens": 3,
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 8,
    }  # fmt: skip
    assert response["metadata"] == {"a": "b"} and response["instructions"] == "Be brief." and response["user"] == "me"
    assert response["error"] is response["incomplete_details"] is response["previous_response_id"] is None
    assert response["tools"] == [] and response["store"] is False and response["seed"] == 77


@pytest.mark.parametrize("reason", ["length", "context"])
def test_an_answer_at_a_limit_is_incomplete(reason: Any) -> None:
    events = streamed([piece(1), ended(reason=reason)])
    assert kinds(events)[-2:] == ["output_item.done", "incomplete"]
    response = events[-1]["response"]
    assert response["status"] == response["output"][0]["status"] == events[-2]["item"]["status"] == "incomplete"
    assert response["incomplete_details"] == {"reason": "max_output_tokens"} and response["completed_at"] is None


def test_reasoning_is_an_item_before_the_answer() -> None:
    pieces = [thought("Hm"), thought("."), piece(1)]
    last = ended(reasoning="Hm.", reasoning_tokens=2)
    events = streamed([*pieces, last])
    assert kinds(events)[2:10] == [
        "output_item.added", "content_part.added", "reasoning_text.delta", "reasoning_text.delta",
        "reasoning_text.done", "content_part.done", "output_item.done", "output_item.added",
    ]  # fmt: skip
    reasoning, message = events[-1]["response"]["output"]
    assert reasoning["type"] == "reasoning" and reasoning["content"] == [{"type": "reasoning_text", "text": "Hm."}]
    assert message["content"][0]["text"] == "A" and reasoning["id"] != message["id"]
    assert [event["output_index"] for event in events if "output_index" in event] == [0] * 7 + [1] * 6
    assert events[-1]["response"] == whole(pieces, last)
    assert events[-1]["response"]["usage"]["output_tokens_details"] == {"reasoning_tokens": 2}


def test_an_answer_without_text_is_an_item_and_cut_reasoning_has_none() -> None:
    (item,) = streamed([ended(text="")])[-1]["response"]["output"]
    assert item["type"] == "message" and item["content"][0]["text"] == ""
    after = streamed([thought("Hm"), ended(text="")])[-1]["response"]["output"]
    assert [one["type"] for one in after] == ["reasoning", "message"]
    (cut,) = streamed([thought("Hm"), ended(reason="length", text="")])[-1]["response"]["output"]
    assert (cut["type"], cut["status"]) == ("reasoning", "incomplete")


def test_log_probabilities_go_with_their_text() -> None:
    likely = [Likely(-1.0, [(2, -1.0), (3, -2.0)])]
    events = streamed([piece(2, likely=likely), ended()], top_logprobs=2)
    (delta,) = [event for event in events if "delta" in event]
    assert delta["logprobs"][0]["token"] == " pipe" and len(delta["logprobs"][0]["top_logprobs"]) == 2
    assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == delta["logprobs"]


def test_rule_03_a_stream_that_breaks_off_says_so_in_both_ways() -> None:
    writer = RESPONSE.stream(asked(), ABOUT)
    before = list(writer.event(piece(1)))
    failed, error = [parsed(write) for write in writer.broken("the worker died\ntwice")]
    assert failed["response"]["status"] == "failed" and failed["response"]["output"][0]["status"] == "incomplete"
    assert failed["response"]["error"] == {"code": "server_error", "message": "the worker died\ntwice"}
    assert (failed["sequence_number"], error["sequence_number"]) == (len(before), len(before) + 1)
    assert (error["type"], error["message"], error["param"]) == ("error", "the worker died\ntwice", None)
    assert error["error"] == {
        "message": "the worker died\ntwice", "type": "server_error", "param": None, "code": "request_failed"
    }  # fmt: skip


def test_a_failed_answer_is_never_complete() -> None:
    events = streamed([piece(1), ended(reason="failed")])
    assert kinds(events)[-2:] == ["failed", "error"]
    with pytest.raises(RefusedError, match="was failed") as caught:
        whole([piece(1)], ended(reason="failed"))
    assert caught.value.status == 500


PIECES = st.lists(
    st.one_of(st.integers(1, 6).map(piece), st.text("abc", min_size=1, max_size=3).map(thought), st.just(piece(7))),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(PIECES, st.sampled_from(["end", "stop", "length", "context"]))
def test_any_stream_adds_up_to_the_whole(pieces: list[Piece], reason: Any) -> None:
    """The snapshot that a client makes of the events is the response; items open and close one after another."""
    pieces = [one for one in pieces if one.text or one.reasoning]
    events = streamed([*pieces, ended(reason=reason)])
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    items: list[Any] = []
    open_item: str | None = None
    for event in events[2:-1]:
        kind = event["type"]
        if kind == "response.output_item.added":
            assert open_item is None and event["output_index"] == len(items)
            open_item = event["item"]["id"]
            items.append("")
        elif kind == "response.output_item.done":
            assert event["item"]["id"] == open_item and event["item"]["content"][0]["text"] == items[-1]
            open_item = None
        else:
            assert event["item_id"] == open_item and event["output_index"] == len(items) - 1
            items[-1] += event.get("delta", "")
    assert open_item is None
    response = events[-1]["response"]
    assert [item["content"][0]["text"] for item in response["output"]] == items
    assert response == whole(pieces, ended(reason=reason))
    assert len({item["id"] for item in response["output"]}) == len(items)


def test_the_document_names_every_event() -> None:
    from llmproc.server.openai.paths import OPENAI_PATHS

    (row,) = [row for row in OPENAI_PATHS if row.path == "/v1/responses"]
    assert len(row.events) == len(get_args(ResponseEvent)) == 14 and "error" in row.events
