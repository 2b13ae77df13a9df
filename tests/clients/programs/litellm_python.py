"""litellm, as OpenAI's client and as Ollama's: `litellm_python.py BASE_URL`.

LITELLM_LOCAL_MODEL_COST_MAP=True spares three tries to fetch a price list; the driver sets it.
"""

from __future__ import annotations

import sys
from typing import Any

import litellm
from cases import named, serve

URL = sys.argv[1]
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
OPENAI: dict[str, Any] = {"model": "openai/llama3.2", "api_base": URL + "/v1", "api_key": "none"}
FIXED: dict[str, Any] = {"temperature": 0, "seed": 1, "max_tokens": 8}
litellm.telemetry = False


def told(answer: Any) -> dict[str, Any]:
    """What a whole answer says."""
    return {
        "texts": [choice.message.content for choice in answer.choices],
        "reasons": [choice.finish_reason for choice in answer.choices],
        "usage": {name: answer.usage[name] for name in ("prompt_tokens", "completion_tokens", "total_tokens")},
        "model": answer.model,
    }


def gathered(chunks: list[Any]) -> dict[str, Any]:
    """What the chunks of a stream say together."""
    found = [choice for chunk in chunks for choice in chunk.choices]
    return {"texts": ["".join(choice.delta.content or "" for choice in found)],
            "reasons": [choice.finish_reason for choice in found if choice.finish_reason]}  # fmt: skip


def chat() -> Any:
    return told(litellm.completion(messages=HELLO, **OPENAI, **FIXED))


def chat_stream() -> Any:
    return gathered(list(litellm.completion(messages=HELLO, stream=True, **OPENAI, **FIXED)))


def chat_stream_usage() -> Any:
    options = {"include_usage": True}
    chunks = list(litellm.completion(messages=HELLO, stream=True, stream_options=options, **OPENAI, **FIXED))
    usage = next(chunk.usage for chunk in reversed(chunks) if getattr(chunk, "usage", None))
    return {**gathered(chunks), "usage": {"prompt": usage.prompt_tokens, "completion": usage.completion_tokens}}


def chat_both_limits() -> Any:
    settings: Any = {"max_tokens": 16, "max_completion_tokens": 8, "temperature": 0, "seed": 1, "top_k": 20}
    return told(litellm.completion(messages=HELLO, user="someone", **OPENAI, **settings))


async def chat_async() -> Any:
    return told(await litellm.acompletion(messages=HELLO, **OPENAI, **FIXED))


async def chat_stream_async() -> Any:
    return gathered(
        [chunk async for chunk in await litellm.acompletion(messages=HELLO, stream=True, **OPENAI, **FIXED)]
    )


def batch() -> Any:
    """Several prompts at once; an exception comes back in its place and must be looked for."""
    lists = [[{"role": "user", "content": text}] for text in ("hello", "once", "a cat", "hello")]
    answers = litellm.batch_completion(messages=lists, **OPENAI, **FIXED)
    return [repr(one) if isinstance(one, Exception) else told(one) for one in answers]


def text_completion() -> Any:
    answer: Any = litellm.text_completion(
        model="text-completion-openai/llama3.2", prompt="once", api_base=URL + "/v1", api_key="none", **FIXED
    )
    return {"texts": [choice.text for choice in answer.choices], "reasons": [c.finish_reason for c in answer.choices]}


def ollama_chat() -> Any:
    return told(litellm.completion(model="ollama_chat/llama3.2", messages=HELLO, api_base=URL, **FIXED))


def ollama_chat_stream() -> Any:
    model = "ollama_chat/llama3.2"
    return gathered(list(litellm.completion(model=model, messages=HELLO, api_base=URL, stream=True, **FIXED)))


def ollama_generate() -> Any:
    return told(litellm.completion(model="ollama/llama3.2", messages=HELLO, api_base=URL, **FIXED))


def ollama_generate_stream() -> Any:
    model = "ollama/llama3.2"
    return gathered(list(litellm.completion(model=model, messages=HELLO, api_base=URL, stream=True, **FIXED)))


def refused() -> Any:
    return told(litellm.completion(messages=HELLO, temperature=-1, num_retries=0, **OPENAI))


serve("litellm", named(
    chat, chat_stream, chat_stream_usage, chat_both_limits, chat_async, chat_stream_async, batch, text_completion,
    ollama_chat, ollama_chat_stream, ollama_generate, ollama_generate_stream, refused,
))  # fmt: skip
