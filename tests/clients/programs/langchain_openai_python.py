"""langchain's OpenAI models: `langchain_openai_python.py BASE_URL`."""

from __future__ import annotations

import sys
from typing import Any

from cases import named, serve
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI, OpenAI

SETTINGS: dict[str, Any] = {"base_url": sys.argv[1] + "/v1", "api_key": "none", "model": "llama3.2"}
FIXED: dict[str, Any] = {"temperature": 0, "seed": 1, "max_tokens": 8}


def told(message: Any) -> dict[str, Any]:
    """What a message says, whole or added up from a stream's."""
    about = message.response_metadata
    return {"text": message.content, "usage": message.usage_metadata, "reason": about.get("finish_reason"),
            "model": about.get("model_name")}  # fmt: skip


def added(chunks: list[Any]) -> Any:
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    return {**told(total), "chunks": len(chunks)}


def chat() -> Any:
    return told(ChatOpenAI(**SETTINGS, **FIXED).invoke("hello"))


def chat_defaults() -> Any:
    return told(ChatOpenAI(**SETTINGS).invoke([SystemMessage("Be brief."), HumanMessage("hello")]))


def chat_stream() -> Any:
    return added(list(ChatOpenAI(**SETTINGS, **FIXED).stream("hello")))


def chat_stream_usage() -> Any:
    return added(list(ChatOpenAI(**SETTINGS, **FIXED, stream_usage=True).stream("hello")))


async def chat_async() -> Any:
    return told(await ChatOpenAI(**SETTINGS, **FIXED).ainvoke("hello"))


async def chat_stream_async() -> Any:
    return added([chunk async for chunk in ChatOpenAI(**SETTINGS, **FIXED).astream("hello")])


def chat_batch() -> Any:
    return [told(one) for one in ChatOpenAI(**SETTINGS, **FIXED).batch(["hello", "once", "a cat"])]


def chat_logprobs() -> Any:
    message = ChatOpenAI(**SETTINGS, **FIXED, logprobs=True, top_logprobs=2).invoke("hello")
    return {**told(message), "entries": message.response_metadata["logprobs"]["content"]}


def text() -> Any:
    return OpenAI(**SETTINGS, **FIXED).invoke("hello")


def text_defaults() -> Any:
    return OpenAI(**SETTINGS).invoke("hello")


def text_stream() -> Any:
    return "".join(OpenAI(**SETTINGS, **FIXED).stream("hello"))


def structured() -> Any:
    schema = {"title": "Answer", "type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    return ChatOpenAI(**SETTINGS, **FIXED, max_retries=0).with_structured_output(schema).invoke("hello")


def responses() -> Any:
    settings = {**SETTINGS, "max_tokens": 8, "use_responses_api": True, "max_retries": 0}
    return told(ChatOpenAI(**settings).invoke("hello"))


serve("langchain-openai", named(
    chat, chat_defaults, chat_stream, chat_stream_usage, chat_async, chat_stream_async, chat_batch, chat_logprobs, text,
    text_defaults, text_stream, structured, responses,
))  # fmt: skip
