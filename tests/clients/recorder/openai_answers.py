"""OpenAI's interface as the stand-in speaks it: chat, completions, responses and models, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

from clients.recorder.replies import CREATED, MODEL, Reply, as_json, compact, tokens
from clients.recorder.response_answers import response

USAGE = {"prompt_tokens": 7, "completion_tokens": 0, "total_tokens": 7}
CARD = {"id": MODEL, "object": "model", "created": CREATED, "owned_by": "recorder"}


def answer(method: str, path: str, body: bytes) -> Reply | None:
    """What `path` answers; None if it is not one of these."""
    match method, path:
        case "GET", "/v1/models":
            return as_json({"object": "list", "data": [CARD]})
        case "GET", _ if path == f"/v1/models/{MODEL}":
            return as_json(CARD)
        case "POST", "/v1/chat/completions":
            return _generated(json.loads(body), chat=True)
        case "POST", "/v1/completions":
            return _generated(json.loads(body), chat=False)
        case "POST", "/v1/responses":
            return response(json.loads(body))
    return not_found(method, path) if path.startswith("/v1/") else None


def not_found(method: str, path: str) -> Reply:
    return refusal(404, f"{method} {path}: no such path", "not_found_error", "not_found")


def refusal(status: int, message: str, kind: str, code: str) -> Reply:
    return as_json({"error": {"message": message, "type": kind, "param": None, "code": code}}, status)


def _generated(asked: dict[str, Any], chat: bool) -> Reply:
    if (asked.get("temperature") or 0) < 0:
        return refusal(400, "temperature: must not be negative", "invalid_request_error", "invalid_value")
    limit = asked.get("max_completion_tokens") or asked.get("max_tokens")
    words = tokens(limit)
    reason = "length" if limit and not asked.get("stop") else "stop"
    usage = {**USAGE, "completion_tokens": len(words), "total_tokens": 7 + len(words)}
    if asked.get("stream"):
        return Reply(events=tuple(_events(asked, chat, words, reason, usage)), content_type="text/event-stream")
    name = "message" if chat else "text"
    choices = []
    for index in range(asked.get("n") or 1):
        text = "".join(words)
        said: Any = {"role": "assistant", "content": text} if chat else text
        choices.append({"index": index, name: said, "logprobs": _logprobs(asked, chat, words), "finish_reason": reason})
    return as_json({**_head(chat, False), "choices": choices, "usage": usage})


def _head(chat: bool, streamed: bool) -> dict[str, Any]:
    kind = ("chat.completion.chunk" if streamed else "chat.completion") if chat else "text_completion"
    return {"id": "chatcmpl-0" if chat else "cmpl-0", "object": kind, "created": CREATED, "model": MODEL}


def _events(asked: dict[str, Any], chat: bool, words: list[str], reason: str, usage: dict[str, int]) -> list[bytes]:
    options = asked.get("stream_options") or {}
    head, made = _head(chat, True), []
    for index in range(asked.get("n") or 1):
        for number, word in enumerate(words):
            role = {"role": "assistant"} if number == 0 else {}
            said: dict[str, Any] = {"delta": {**role, "content": word}} if chat else {"text": word}
            logprobs = _logprobs(asked, chat, [word])
            chunk = {**head, "choices": [{"index": index, **said, "logprobs": logprobs, "finish_reason": None}]}
            if options.get("continuous_usage_stats"):
                done = number + 1
                chunk["usage"] = {**usage, "completion_tokens": done, "total_tokens": 7 + done}
            made.append(chunk)
        last: dict[str, Any] = {"delta": {}} if chat else {"text": ""}
        made.append({**head, "choices": [{"index": index, **last, "logprobs": None, "finish_reason": reason}]})
    if options.get("include_usage"):
        made.append({**head, "choices": [], "usage": usage})
    return [b"data: " + compact(chunk) + b"\n\n" for chunk in made] + [b"data: [DONE]\n\n"]


def _logprobs(asked: dict[str, Any], chat: bool, words: list[str]) -> dict[str, Any] | None:
    if not asked.get("logprobs"):
        return None
    if not chat:
        offsets = [sum(map(len, words[:i])) for i in range(len(words))]
        ones = [-0.5] * len(words)
        return {"tokens": words, "token_logprobs": ones, "top_logprobs": [{w: -0.5} for w in words],
                "text_offset": offsets}  # fmt: skip
    entries = []
    for word in words:
        entry: dict[str, Any] = {"token": word, "logprob": -0.5, "bytes": list(word.encode())}
        entries.append({**entry, "top_logprobs": [entry] * (asked.get("top_logprobs") or 0)})
    return {"content": entries, "refusal": None}
