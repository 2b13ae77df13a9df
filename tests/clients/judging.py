"""What an answer to a recorded request must look like, after the rules that real clients need.

The stand-in server is judged by these, too: a judge that it could not satisfy would refuse everything.
"""

from __future__ import annotations

import json
import re
from typing import Any

from clients.goldens import Golden
from clients.judging_ollama import judge_lines, judge_ollama_document
from clients.judging_openai import judge_chunks, judge_openai_document
from clients.wire import Answer

NOT_SERVED = {
    "/v1/responses": 404, "/v1/embeddings": 404, "/api/embed": 501, "/api/embeddings": 501, "/api/pull": 501,
}  # fmt: skip


def expected_status(golden: Golden) -> int:
    """The status that a recorded request is to be answered with."""
    asked = json.loads(golden.body) if golden.body else {}
    if golden.path in NOT_SERVED:
        return NOT_SERVED[golden.path]
    return 400 if (asked.get("temperature") or 0) < 0 else 200


def judge(golden: Golden, answer: Answer) -> None:
    """Fail with what is wrong with an answer."""
    assert answer.status == expected_status(golden), (answer.status, answer.body[:1000])
    assert answer.ended, "broken off"
    assert "content-encoding" not in answer.headers
    if golden.method == "HEAD" or golden.path in ("/", "/health", "/live", "/metrics"):
        return
    asked = json.loads(golden.body) if golden.body else {}
    if answer.status >= 400:
        judge_refusal(golden.path, answer)
    elif golden.path.startswith("/v1/") and asked.get("stream"):
        assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
        judge_chunks(asked, golden.path, sse_events(answer))
    elif golden.path in ("/api/chat", "/api/generate") and streams_lines(golden.path, asked):
        assert answer.headers["content-type"].partition(";")[0] == "application/x-ndjson"
        judge_lines(asked, golden.path, ndjson_lines(answer))
    else:
        assert answer.headers["content-type"].partition(";")[0] == "application/json"
        document = json.loads(answer.body)
        (judge_openai_document if golden.path.startswith("/v1/") else judge_ollama_document)(
            asked, golden.path, document
        )


def streams_lines(path: str, asked: dict[str, Any]) -> bool:
    """Whether Ollama's interface streams: unless told otherwise, and never an answer without a prompt."""
    return bool(asked.get("messages" if path == "/api/chat" else "prompt")) and asked.get("stream") is not False


def judge_refusal(path: str, answer: Answer) -> None:
    """OpenAI's error is an object of four fields, Ollama's a text."""
    error = json.loads(answer.body)["error"]
    if path.startswith("/api/"):
        assert isinstance(error, str) and error
        return
    assert set(error) == {"message", "type", "param", "code"}
    assert isinstance(error["message"], str) and "\n" not in error["message"] and isinstance(error["type"], str)


def sse_events(answer: Answer) -> list[dict[str, Any]]:
    """The JSON of a stream's events: each a chunk of its own, LF only, [DONE] at the end and nowhere else."""
    assert answer.chunked
    assert answer.chunks[-1] == b"data: [DONE]\n\n"
    for chunk in answer.chunks:
        assert re.fullmatch(rb"data: [^\n\r]+\n\n", chunk), chunk
    return [json.loads(chunk.removeprefix(b"data: ")) for chunk in answer.chunks[:-1]]


def ndjson_lines(answer: Answer) -> list[dict[str, Any]]:
    """The JSON of a stream's lines: each a chunk of its own, compact, none blank."""
    assert answer.chunked
    for chunk in answer.chunks:
        assert re.fullmatch(rb"\{[^\n\r]*\}\n", chunk), chunk
    return [json.loads(chunk) for chunk in answer.chunks]
