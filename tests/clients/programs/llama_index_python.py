"""llama-index's client for OpenAI-like servers: `llama_index_python.py BASE_URL`."""

from __future__ import annotations

import sys
from typing import Any

from cases import named, serve
from llama_index.core.llms import ChatMessage
from llama_index.llms.openai_like import OpenAILike

SETTINGS: dict[str, Any] = {"api_base": sys.argv[1] + "/v1", "api_key": "none", "model": "llama3.2"}
FIXED: dict[str, Any] = {"temperature": 0, "max_tokens": 8}
HELLO = [ChatMessage(role="user", content="hello")]


def complete() -> Any:
    return OpenAILike(**SETTINGS, **FIXED).complete("hello").text


def complete_stream() -> Any:
    return list(OpenAILike(**SETTINGS, **FIXED).stream_complete("hello"))[-1].text


def chat_over_completions() -> Any:
    """What happens without is_chat_model: messages become one text for /v1/completions."""
    return OpenAILike(**SETTINGS, **FIXED).chat(HELLO).message.content


def chat() -> Any:
    return OpenAILike(**SETTINGS, **FIXED, is_chat_model=True).chat(HELLO).message.content


def chat_defaults() -> Any:
    return OpenAILike(**SETTINGS, is_chat_model=True).chat(HELLO).message.content


def chat_stream() -> Any:
    parts = list(OpenAILike(**SETTINGS, **FIXED, is_chat_model=True).stream_chat(HELLO))
    return {"text": parts[-1].message.content, "deltas": "".join(part.delta or "" for part in parts)}


async def chat_async() -> Any:
    return (await OpenAILike(**SETTINGS, **FIXED, is_chat_model=True).achat(HELLO)).message.content


serve("llama-index-llms-openai-like", named(
    complete, complete_stream, chat_over_completions, chat, chat_defaults, chat_stream, chat_async,
))  # fmt: skip
