"""/v1/responses as the stand-in speaks it, whole and streamed."""

from __future__ import annotations

from typing import Any

from clients.recorder.replies import CREATED, MODEL, Reply, as_json, compact, tokens


def response(asked: dict[str, Any]) -> Reply:
    """The answer to a body."""
    limit = asked.get("max_output_tokens")
    words = tokens(limit)
    whole = _response(words, "incomplete" if limit else "completed")
    if not asked.get("stream"):
        return as_json(whole)
    events = [b"event: %b\ndata: %b\n\n" % (one["type"].encode(), compact(one)) for one in _events(words, whole)]
    return Reply(events=tuple(events), content_type="text/event-stream")


def _response(words: list[str], status: str) -> dict[str, Any]:
    item = {"type": "message", "id": "msg_0", "status": status, "role": "assistant", "content": [_part("".join(words))]}
    usage = {
        "input_tokens": 7, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": len(words),
        "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 7 + len(words),
    }  # fmt: skip
    return {
        "id": "resp_0", "object": "response", "created_at": CREATED, "status": status, "model": MODEL, "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "output": [item] if words else [], "usage": usage if words else None, "tools": [], "tool_choice": "auto",
        "parallel_tool_calls": True, "temperature": 1.0, "top_p": 1.0, "metadata": {}, "instructions": None,
    }  # fmt: skip


def _part(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _events(words: list[str], whole: dict[str, Any]) -> list[dict[str, Any]]:
    (item,) = whole["output"]
    place = {"item_id": "msg_0", "output_index": 0, "content_index": 0}
    begun, empty = _response([], "in_progress"), {**item, "status": "in_progress", "content": []}
    told: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
        {"type": "response.output_item.added", "output_index": 0, "item": empty},
        {"type": "response.content_part.added", **place, "part": _part("")},
        *({"type": "response.output_text.delta", **place, "delta": word, "logprobs": []} for word in words),
        {"type": "response.output_text.done", **place, "text": "".join(words), "logprobs": []},
        {"type": "response.content_part.done", **place, "part": item["content"][0]},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": f"response.{whole['status']}", "response": whole},
    ]  # fmt: skip
    return [{**event, "sequence_number": number} for number, event in enumerate(told)]
