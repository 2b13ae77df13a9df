"""Ollama's own Python client: `ollama_python.py BASE_URL`."""

from __future__ import annotations

import sys
from typing import Any

import ollama
from cases import named, serve

URL, MODEL = sys.argv[1], "llama3.2"
HELLO: list[Any] = [{"role": "user", "content": "hello"}]
FIXED: dict[str, Any] = {"temperature": 0, "seed": 1, "num_predict": 8}
client = ollama.Client(host=URL)


def told(answer: Any) -> dict[str, Any]:
    """What a whole answer says."""
    said = answer.message.content if hasattr(answer, "message") else answer.response
    numbers = ("total_duration", "load_duration", "prompt_eval_count", "prompt_eval_duration", "eval_count",
               "eval_duration")  # fmt: skip
    return {"text": said, "done": answer.done, "reason": answer.done_reason, "created": answer.created_at,
            "model": answer.model, "numbers": {name: getattr(answer, name) for name in numbers}}  # fmt: skip


def gathered(lines: list[Any]) -> dict[str, Any]:
    """What the lines of a stream say together."""
    parts = [told(line) for line in lines]
    text = "".join(part["text"] or "" for part in parts)
    return {**parts[-1], "text": text, "lines": len(parts), "done_lines": sum(part["done"] for part in parts)}


def chat() -> Any:
    return told(client.chat(model=MODEL, messages=HELLO, options=FIXED))


def chat_without_options() -> Any:
    return told(client.chat(model=MODEL, messages=HELLO))


def chat_stream() -> Any:
    return gathered(list(client.chat(model=MODEL, messages=HELLO, options=FIXED, stream=True)))


async def chat_async() -> Any:
    return told(await ollama.AsyncClient(host=URL).chat(model=MODEL, messages=HELLO, options=FIXED))


async def chat_stream_async() -> Any:
    stream = await ollama.AsyncClient(host=URL).chat(model=MODEL, messages=HELLO, options=FIXED, stream=True)
    return gathered([line async for line in stream])


def chat_settings() -> Any:
    """Every option the client's own type knows, of which a server may ignore what it has no use for."""
    options = ollama.Options(
        num_keep=4, seed=1, num_predict=8, top_k=20, top_p=0.9, tfs_z=1.0, typical_p=0.7, repeat_last_n=33,
        temperature=0.0, repeat_penalty=1.2, presence_penalty=0.1, frequency_penalty=0.1, mirostat=0, mirostat_tau=0.8,
        mirostat_eta=0.6, penalize_newline=True, stop=["\n\n"], numa=False, num_ctx=256, num_batch=2, num_gpu=1,
        main_gpu=0, low_vram=False, vocab_only=False, use_mmap=True, use_mlock=False, num_thread=8,
    )  # fmt: skip
    messages: list[Any] = [{"role": "system", "content": "Be brief."}, *HELLO]
    return told(client.chat(model=MODEL, messages=messages, options=options, keep_alive="5m", think=False, format=""))


def generate() -> Any:
    return told(client.generate(model=MODEL, prompt="hello", options=FIXED))


def generate_stream() -> Any:
    return gathered(list(client.generate(model=MODEL, prompt="hello", options=FIXED, stream=True)))


def generate_raw() -> Any:
    return told(client.generate(model=MODEL, prompt="hello", options=FIXED, raw=True, system="", keep_alive=300))


def load() -> Any:
    return told(client.generate(model=MODEL, prompt=""))


def unload() -> Any:
    return told(client.generate(model=MODEL, prompt="", keep_alive=0))


def models() -> Any:
    return [{"model": one.model, "size": one.size, "digest": one.digest} for one in client.list().models]


def running() -> Any:
    return [{"model": one.model, "name": one.name, "vram": one.size_vram} for one in client.ps().models]


def show() -> Any:
    shown = client.show(MODEL)
    return {"info": dict(shown.modelinfo or {}), "capabilities": shown.capabilities,
            "format": shown.details.format if shown.details else None}  # fmt: skip


def embed() -> Any:
    return client.embed(model=MODEL, input="hello").model_dump()


def embeddings() -> Any:
    return client.embeddings(model=MODEL, prompt="hello").model_dump()


def pull() -> Any:
    return client.pull(MODEL).model_dump()


def closed_early() -> Any:
    """A stream that is left after its first line; then the server answers the next one."""
    stream = client.chat(model=MODEL, messages=HELLO, options={**FIXED, "num_predict": 200}, stream=True)
    next(iter(stream))
    del stream
    return chat()


serve("ollama", named(
    chat, chat_without_options, chat_stream, chat_async, chat_stream_async, chat_settings, generate, generate_stream,
    generate_raw, load, unload, models, running, show, embed, embeddings, pull, closed_early,
))  # fmt: skip
