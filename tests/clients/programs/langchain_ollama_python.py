"""langchain's Ollama models: `langchain_ollama_python.py BASE_URL`."""

from __future__ import annotations

import sys
from typing import Any

import ollama
from cases import named, serve
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM

SETTINGS: dict[str, Any] = {"base_url": sys.argv[1], "model": "llama3.2"}
FIXED: dict[str, Any] = {"temperature": 0, "seed": 1, "num_predict": 8}


def told(message: Any) -> dict[str, Any]:
    """What a message says, whole or added up from a stream's."""
    about = message.response_metadata
    return {"text": message.content, "usage": message.usage_metadata, "reason": about.get("done_reason"),
            "model": about.get("model"), "created": about.get("created_at")}  # fmt: skip


def chat() -> Any:
    return told(ChatOllama(**SETTINGS, **FIXED).invoke("hello"))


def chat_defaults() -> Any:
    return told(ChatOllama(**SETTINGS).invoke([SystemMessage("Be brief."), HumanMessage("hello")]))


def chat_stream() -> Any:
    chunks = list(ChatOllama(**SETTINGS, **FIXED).stream("hello"))
    total = chunks[0]
    for chunk in chunks[1:]:
        total += chunk
    return {**told(total), "chunks": len(chunks)}


async def chat_async() -> Any:
    return told(await ChatOllama(**SETTINGS, **FIXED).ainvoke("hello"))


def checked() -> Any:
    """The model's name is looked for in the server's list first, so it must be one of that list."""
    listed = ollama.Client(host=sys.argv[1]).list().models[0].model
    return told(ChatOllama(**{**SETTINGS, **FIXED, "model": listed}, validate_model_on_init=True).invoke("hello"))


def text() -> Any:
    return OllamaLLM(**SETTINGS, **FIXED).invoke("hello")


def text_defaults() -> Any:
    return OllamaLLM(**SETTINGS).invoke("hello")


def text_stream() -> Any:
    return "".join(OllamaLLM(**SETTINGS, **FIXED).stream("hello"))


def embeddings() -> Any:
    return OllamaEmbeddings(**SETTINGS).embed_query("hello")


serve("langchain-ollama", named(
    chat, chat_defaults, chat_stream, chat_async, checked, text, text_defaults, text_stream, embeddings,
))  # fmt: skip
