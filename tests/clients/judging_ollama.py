"""Ollama's shapes: what answers and lists must hold for its own clients and those built on them."""

from __future__ import annotations

import re
from typing import Any

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9}Z")  # rule 16
DURATIONS = ("total_duration", "load_duration", "prompt_eval_duration", "eval_duration")
COUNTS = ("prompt_eval_count", "eval_count")


def text_of(path: str, line: dict[str, Any]) -> str:
    """The text of a line; AssertionError unless it has the shape of its path."""
    if path == "/api/chat":
        assert line["message"]["role"] == "assistant"
    said = line["message"]["content"] if path == "/api/chat" else line["response"]
    assert isinstance(said, str)
    return said


def judge_head(line: dict[str, Any]) -> None:
    assert isinstance(line["model"], str) and line["model"] and TIME.fullmatch(line["created_at"])


def judge_end(asked: dict[str, Any], line: dict[str, Any]) -> None:
    """What the last line says, rule 17."""
    assert line["done"] is True and line["done_reason"] in ("stop", "length")
    for name in (*DURATIONS, *COUNTS):
        assert isinstance(line[name], int) and line[name] >= 0, name
    limit = (asked.get("options") or {}).get("num_predict")
    if limit and limit > 0:
        assert line["eval_count"] <= limit
        assert line["done_reason"] == "stop" or line["eval_count"] == limit


def judge_lines(asked: dict[str, Any], path: str, lines: list[dict[str, Any]]) -> None:
    """The lines of a stream."""
    for line in lines:
        judge_head(line)
        text_of(path, line)
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    judge_end(asked, lines[-1])


def judge_ollama_document(asked: dict[str, Any], path: str, document: dict[str, Any]) -> None:
    """One JSON answer of /api."""
    match path:
        case "/api/version":
            assert re.fullmatch(r"\d+\.\d+\.\d+", document["version"])
        case "/api/tags" | "/api/ps":
            judge_list(document["models"], running=path == "/api/ps")
        case "/api/show":
            assert isinstance(document["model_info"], dict) and isinstance(document["details"], dict)
            assert "completion" in document["capabilities"]
        case _:
            judge_head(document)
            text = text_of(path, document)
            if asked.get("messages" if path == "/api/chat" else "prompt"):
                judge_end(asked, document)
            else:  # rule 18
                assert text == "" and document["done"] is True
                assert document["done_reason"] == ("unload" if asked.get("keep_alive") in (0, "0s") else "load")


def judge_list(models: list[dict[str, Any]], running: bool) -> None:
    assert models
    for model in models:
        assert model["name"] and model["model"] and isinstance(model["size"], int) and model["digest"]
        assert isinstance(model["details"], dict)
        assert TIME.fullmatch(model["expires_at" if running else "modified_at"])
