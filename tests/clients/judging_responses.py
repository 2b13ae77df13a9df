"""OpenAI's /v1/responses: what a response and its stream must hold for the official clients."""

from __future__ import annotations

import json
from typing import Any

from clients.wire import Answer

LASTS = ("response.completed", "response.incomplete")


def judge_response(asked: dict[str, Any], response: dict[str, Any]) -> None:
    """One response that has ended."""
    assert response["object"] == "response" and response["id"].startswith("resp_")
    assert response["status"] in ("completed", "incomplete") and response["error"] is None
    assert (response["incomplete_details"] is None) == (response["status"] == "completed")
    for name in ("model", "created_at", "parallel_tool_calls", "tool_choice", "tools", "metadata"):
        assert name in response, name
    (item,) = [one for one in response["output"] if one["type"] == "message"]
    assert item["role"] == "assistant" and item["id"] and item["status"] == response["status"]
    for part in item["content"]:
        assert part["type"] == "output_text" and isinstance(part["text"], str) and part["annotations"] == []
    usage = response["usage"]
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"] and usage["input_tokens"] > 0
    assert usage["output_tokens"] <= (asked.get("max_output_tokens") or usage["output_tokens"])
    assert {"cached_tokens"} <= usage["input_tokens_details"].keys()
    assert {"reasoning_tokens"} <= usage["output_tokens_details"].keys()


def response_events(answer: Answer) -> list[dict[str, Any]]:
    """The events of a stream: each one chunk, named as its data's type, numbered through."""
    events = []
    for chunk in answer.chunks:
        first, second, *rest = chunk.split(b"\n")
        assert rest == [b"", b""] and second.startswith(b"data: "), chunk
        event = json.loads(second[6:])
        assert first == b"event: " + event["type"].encode()
        events.append(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def judge_response_events(asked: dict[str, Any], events: list[dict[str, Any]]) -> None:
    """The events of a stream, one after another, as the client's accumulator takes them."""
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert events[-1]["type"] in LASTS and not any(event["type"] in LASTS for event in events[:-1])
    texts: dict[int, str] = {}
    for event in events[2:-1]:
        if event["type"] == "response.output_item.added":
            assert event["output_index"] == len(texts) and event["item"]["content"] == []
            texts[event["output_index"]] = ""
        elif "delta" in event:
            assert event["delta"] and event["content_index"] == 0
            texts[event["output_index"]] += event["delta"]
        elif event["type"] == "response.output_text.done":
            assert event["text"] == texts[event["output_index"]]
    judge_response(asked, events[-1]["response"])
    said = [part["text"] for item in events[-1]["response"]["output"] for part in item["content"]]
    assert said == [texts[place] for place in sorted(texts)]
    assert len({event["response"]["id"] for event in events if "response" in event}) == 1
