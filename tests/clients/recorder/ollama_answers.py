"""Ollama's interface as the stand-in speaks it."""

from __future__ import annotations

import json
from typing import Any

from clients.recorder.replies import MODEL, Reply, as_json, compact, tokens

WHEN = "2026-11-29T18:00:00.123456Z"
DETAILS = {
    "parent_model": "", "format": "gguf", "family": "llama", "families": ["llama"], "parameter_size": "1M",
    "quantization_level": "Q8_0",
}  # fmt: skip
CARD = {"name": MODEL, "model": MODEL, "modified_at": WHEN, "size": 1000, "digest": "0" * 64, "details": DETAILS}
DONE = {
    "done": True, "done_reason": "stop", "total_duration": 9000, "load_duration": 0, "prompt_eval_count": 7,
    "prompt_eval_duration": 4000, "eval_count": 0, "eval_duration": 5000,
}  # fmt: skip
UNSUPPORTED = ("embed", "embeddings", "pull", "push", "create", "copy", "delete")


def answer(method: str, path: str, body: bytes) -> Reply | None:
    """What `path` answers; None if it is not one of these."""
    match method, path:
        case (("GET" | "HEAD"), "/"):
            return Reply(200, b"Ollama is running", content_type="text/plain; charset=utf-8")
        case (("GET" | "HEAD"), "/api/version"):
            return as_json({"version": "0.1.0"})
        case (("GET" | "HEAD"), "/api/tags"):
            return as_json({"models": [CARD]})
        case "GET", "/api/ps":
            return as_json({"models": [{**CARD, "expires_at": WHEN, "size_vram": 0, "context_length": 512}]})
        case "POST", "/api/show":
            return as_json(_shown())
        case "POST", "/api/chat":
            return _generated(json.loads(body), chat=True)
        case "POST", "/api/generate":
            return _generated(json.loads(body), chat=False)
    if path.startswith("/api/"):
        known = path.removeprefix("/api/") in UNSUPPORTED
        return as_json({"error": f"{path} is not supported"}, 501 if known else 404)
    return None


def _shown() -> dict[str, Any]:
    info = {"general.architecture": "llama", "general.parameter_count": 1000, "llama.context_length": 512}
    return {"license": "", "modelfile": "", "parameters": "", "template": "", "details": DETAILS, "model_info": info,
            "capabilities": ["completion"], "modified_at": WHEN}  # fmt: skip


def _line(chat: bool, text: str, **more: Any) -> dict[str, Any]:
    said = {"message": {"role": "assistant", "content": text}} if chat else {"response": text}
    return {"model": MODEL, "created_at": WHEN, **said, "done": False, **more}


def _generated(asked: dict[str, Any], chat: bool) -> Reply:
    if not (asked.get("messages") if chat else asked.get("prompt")):
        reason = "unload" if asked.get("keep_alive") in (0, "0s") else "load"
        return as_json(_line(chat, "", done=True, done_reason=reason))
    limit = (asked.get("options") or {}).get("num_predict")
    words = tokens(limit if limit and limit > 0 else None)
    done = {**DONE, "done_reason": "length" if limit and limit > 0 else "stop", "eval_count": len(words)}
    if asked.get("stream") is False:
        return as_json(_line(chat, "".join(words), **done))
    lines = [_line(chat, word) for word in words] + [_line(chat, "", **done)]
    return Reply(events=tuple(compact(line) + b"\n" for line in lines), content_type="application/x-ndjson")
