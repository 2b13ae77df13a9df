"""The JSON of a request: what was not given is not there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from llmproc.client.body import RemoteRequest, request_body, request_path


def body(*args: Any, **settings: Any) -> dict[str, Any]:
    return json.loads(request_body(RemoteRequest(*args, **settings), "m"))


def test_the_least() -> None:
    assert body("Hi", stream=False) == {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert body("Hi", stream=False, interface="completions") == {"model": "m", "prompt": "Hi"}


def test_everything() -> None:
    found = body("Hi", 5, temperature=0, seed=7, ignore_eos=True, extra={"top_k": 3})
    assert found | {"messages": 0} == {
        "model": "m", "messages": 0, "max_tokens": 5, "max_completion_tokens": 5, "temperature": 0, "seed": 7,
        "ignore_eos": True, "stream": True, "stream_options": {"include_usage": True}, "top_k": 3,
    }  # fmt: skip


def test_the_limit_in_one_field() -> None:
    assert "max_tokens" not in body("Hi", 5, limit_fields=("max_completion_tokens",))
    assert "max_completion_tokens" not in body("Hi", 5, interface="completions")


def test_messages() -> None:
    messages = [{"role": "system", "content": "x"}]
    assert body(messages)["messages"] == messages
    with pytest.raises(ValueError, match="not messages"):
        body(messages, interface="completions")


def test_paths() -> None:
    assert request_path("chat") == "/chat/completions" and request_path("completions") == "/completions"
